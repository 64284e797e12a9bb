# SPDX-License-Identifier: MIT OR Apache-2.0
# Go maps its own heap and runs on small stacks; through cgo it calls C, which allocates, from threads that Go makes
# and from callbacks; blocks that C made and Go frees, and the other way round. The compiler itself has no malloc.
# needs: go golang-go
# needs: gcc gcc

export GOCACHE="$PWD/cache" GOPATH="$PWD/path" GO111MODULE=off GOFLAGS=-trimpath CGO_ENABLED=1
mkdir work
cat > work/main.go <<'END'
package main
/*
#include <stdlib.h>
#include <string.h>
#include <stdio.h>
#include <malloc.h>
typedef struct list { struct list *next; char text[]; } list;
extern void tell(void *, char *);
static list *grow(list *head, const char *s) { size_t n = strlen(s) + 1; list *l = malloc(sizeof *l + n); l->next = head; memcpy(l->text, s, n); return l; }
static long drop(list *l) { long n = 0; while (l) { list *next = l->next; n += strlen(l->text); free(l); l = next; } return n; }
static void call(void *p, const char *s) { char *c = strdup(s); c = realloc(c, 9000); tell(p, c); free(c); }
static int usable(void) { void *p = malloc(100); int yes = malloc_usable_size(p) >= 100; free(p); return yes; }
*/
import "C"
import ("fmt"; "net"; "os/user"; "runtime"; "sort"; "sync"; "unsafe")
var mu sync.Mutex
var heard = 0
//export tell
func tell(p unsafe.Pointer, s *C.char) { mu.Lock(); heard += len(C.GoString(s)); mu.Unlock() }
func main() {
	var all sync.WaitGroup
	sums := make([]int, 40)
	for t := 0; t < 40; t++ {
		all.Add(1)
		go func(t int) {
			defer all.Done()
			if t%3 == 0 { runtime.LockOSThread() } // such a thread ends with its goroutine
			var l *C.list
			for i := 0; i < 2000; i++ {
				s := C.CString(fmt.Sprint("text ", t, i))
				l = C.grow(l, s)
				if i%50 == 0 { C.call(nil, s) }
				C.free(unsafe.Pointer(s))
			}
			sums[t] = int(C.drop(l))
			b := C.CBytes(make([]byte, 1000*t+1)); C.free(b)
		}(t)
	}
	all.Wait()
	sort.Ints(sums)
	fmt.Println(sums[0], sums[39], heard, C.usable())
	u, err := user.Current() // libc's getpwuid_r
	fmt.Println(u.Uid, err)
	_, err = net.LookupPort("tcp", "http") // and its getaddrinfo
	fmt.Println(err)
	runtime.GC()
}
END
cd work
go build -o work main.go
./work
GODEBUG=netdns=cgo GOGC=1 ./work
go vet main.go 2>&1 | wc -l
