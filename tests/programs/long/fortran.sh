# SPDX-License-Identifier: MIT OR Apache-2.0
# Fortran: allocatable arrays that grow when they are assigned, characters of any length, units in memory; and
# numpy, whose arrays realloc, align, and pass to BLAS.
# needs: gfortran gfortran
# needs: /usr/bin/python3 python3
# needs: /usr/lib/python3/dist-packages/numpy python3-numpy

cat > work.f90 <<'END'
program work
  implicit none
  type node
    integer :: value
    character(len=:), allocatable :: name
    type(node), pointer :: next => null()
  end type
  real(8), allocatable :: a(:,:), b(:,:)
  integer, allocatable :: list(:)
  character(len=:), allocatable :: text
  type(node), pointer :: head, one
  integer :: i, n, total
  character(len=40) :: line
  allocate(list(0))
  do i = 1, 3000
    list = [list, mod(i * 7919, 1009)]
  end do
  print *, size(list), sum(list)
  text = ''
  do i = 1, 2000
    write(line, '(i0,1x)') i
    text = text // trim(line)
  end do
  print *, len(text)
  do n = 10, 200, 10
    allocate(a(n, n), source=1d0 / n)
    b = matmul(a, transpose(a))
    if (n == 200) print '(f10.6)', sum(b)
    deallocate(a)
  end do
  nullify(head)
  do i = 1, 20000
    allocate(one)
    one%value = i; one%name = repeat('x', mod(i, 90)); one%next => head; head => one
  end do
  total = 0
  do while (associated(head))
    total = total + len(head%name); one => head%next; deallocate(head); head => one
  end do
  print *, total
  open(10, status='scratch')
  do i = 1, 5000
    write(10, *) i, sqrt(real(i))
  end do
  rewind(10)
  read(10, *) i
  print *, i
end program
END
gfortran -O1 -fcheck=all work.f90 -o work
./work
cat > work.py <<'END'
import numpy as np
a = np.arange(250000, dtype=np.float64).reshape(500, 500) % 97
print(int((a @ a.T).sum()), np.linalg.matrix_rank(a), round(float(np.linalg.norm(a)), 3))
x = np.empty(0, dtype=np.int64)
for i in range(300):
    x = np.append(x, np.arange(i))
    x.resize(x.size + 1, refcheck=False)
print(x.size, int(x.sum()), int(np.unique(x).size))
s = np.array([str(i * 7919 % 1009) for i in range(20000)])
print(np.sort(s)[-1], np.char.add(s, "x")[5], s.astype(object).sum()[:20])
f = np.fft.fft(np.sin(np.arange(65536) / 9))
print(round(float(abs(f).max()), 6), np.lib.stride_tricks.sliding_window_view(x, 9).sum() > 0)
END
OPENBLAS_NUM_THREADS=2 /usr/bin/python3 work.py
