# SPDX-License-Identifier: MIT OR Apache-2.0
# Emacs loads a dump of its heap, aligns blocks of Lisp objects, scans its stack for pointers, and asks mallopt.
# needs: emacs emacs-nox
# needs: sha256sum coreutils

cat > work.el <<'END'
;;; -*- lexical-binding: t -*-
(let ((table (make-hash-table :test 'equal)) (sum 0))
  (dotimes (i 100000) (puthash (number-to-string (% (* i 7919) 20011)) (make-string (% i 90) ?a) table))
  (maphash (lambda (_ v) (setq sum (+ sum (length v)))) table)
  (message "%d %d" (hash-table-count table) sum))
(with-temp-buffer
  (dotimes (i 20000) (insert (format "%d line %d\n" (% (* i 7919) 20011) i)))
  (sort-numeric-fields 1 (point-min) (point-max))
  (goto-char (point-min))
  (while (re-search-forward "\\([0-9]+\\) line" nil t) (replace-match "<\\1>"))
  (message "%d %s" (buffer-size) (md5 (buffer-string)))
  (undo-boundary) (erase-buffer)
  (insert-file-contents (locate-library "simple.el.gz"))
  (emacs-lisp-mode) (font-lock-ensure)
  (message "%s" (> (buffer-size) 300000)))
(garbage-collect)
(message "%d" (% (apply #'* (number-sequence 1 400)) 1000000007))
(message "%d" (length (json-serialize (vconcat (mapcar (lambda (i) `((a . ,i) (b . "x"))) (number-sequence 1 20000))))))
(message "%s" (with-temp-buffer (call-process "sort" nil t nil "--version") (goto-char 1) (looking-at "sort")))
(let ((threads (mapcar (lambda (n) (make-thread (lambda () (dotimes (_ 300) (make-vector n n))))) '(100 1000 9000))))
  (mapc #'thread-join threads))
(byte-compile-file "some.el")
END
cat > some.el <<'END'
;;; some.el --- words  -*- lexical-binding: t -*-
(require 'cl-lib)
(cl-defstruct node left right value)
(cl-defun tree (n) (if (= n 0) nil (make-node :left (tree (1- n)) :right (tree (1- n)) :value n)))
(cl-defun count-all (tr) (if tr (+ 1 (count-all (node-left tr)) (count-all (node-right tr))) 0))
(provide 'some)
END
emacs -Q --batch -l work.el 2>&1 | grep -v '^Compiling\|^Wrote'
emacs -Q --batch -L . -l some.elc --eval '(message "%d" (count-all (tree 15)))' 2>&1
