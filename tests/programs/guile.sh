# SPDX-License-Identifier: MIT OR Apache-2.0
# The collector of Boehm, Demers and Weiser, which scans stacks, registers and static data for pointers, stops
# threads by signals, and maps its own memory; Guile's compiler; numbers that live in malloc; strings
# that a finalizer frees.
# needs: guile guile-3.0

cat > heap.scm <<'END'
(use-modules (ice-9 threads) (ice-9 regex) (srfi srfi-1) (rnrs bytevectors))
(define (tree n) (if (zero? n) '() (cons (tree (- n 1)) (tree (- n 1)))))
(define (count t) (if (null? t) 1 (+ (count (car t)) (count (cdr t)))))
(display (list (count (tree 13)) (count (tree 14)))) (newline)
(define table (make-hash-table))
(do ((i 0 (+ i 1))) ((= i 50000))
  (hash-set! table (number->string (modulo (* i 7919) 20011)) (make-string (modulo i 90) #\a)))
(display (hash-fold (lambda (k v sum) (+ sum (string-length v))) 0 table)) (newline)
(define (factorial n) (if (zero? n) 1 (* n (factorial (- n 1)))))
(display (modulo (factorial 1000) 1000000007)) (newline)
(display (apply + (par-map (lambda (n) (count (tree n))) '(9 10 11 12 11 10 9 8)))) (newline)
(define weak (make-weak-key-hash-table))
(do ((i 0 (+ i 1))) ((= i 9000)) (hashq-set! weak (make-bytevector (modulo i 400) 1) i))
(gc) (gc)
(display (< (hash-fold (lambda (k v n) (+ n 1)) 0 weak) 9000)) (newline)
(define guard (make-guardian))
(do ((i 0 (+ i 1))) ((= i 3000)) (guard (make-vector 100 i)))
(gc)
(display (vector? (guard))) (newline)
(display (string-length (regexp-substitute/global #f "[0-9]+" (string-join (map number->string (iota 2000)) " ") 'pre "<>" 'post))) (newline)
(display (bytevector-length (call-with-values (lambda () (values (make-bytevector 9000000 7))) identity))) (newline)
END
export GUILE_AUTO_COMPILE=0
guile heap.scm
guile -c '(use-modules (system base compile)) (display (compile (quote (let loop ((i 0) (s 0)) (if (= i 300000) s (loop (+ i 1) (+ s (string-length (number->string i))))))) #:env (current-module))) (newline)'
