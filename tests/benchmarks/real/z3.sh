# SPDX-License-Identifier: MIT OR Apache-2.0
# A theorem prover: expressions shared in hash tables, vectors that grow, deep backtracking.
# needs: /usr/bin/z3 z3
prepare() {
    awk -v problems="$(scaled 24)" -v queens=10 'BEGIN {
        for (p = 1; p <= problems; p++) {
            print "(reset)"
            for (i = 0; i < queens; i++) {
                printf "(declare-const x%d Int)\n(assert (<= 0 x%d %d))\n", i, i, queens - 1
                for (j = 0; j < i; j++) {
                    printf "(assert (distinct x%d x%d))\n", i, j
                    printf "(assert (not (= (- x%d x%d) %d)))\n", i, j, i - j
                    printf "(assert (not (= (- x%d x%d) %d)))\n", j, i, i - j
                }
            }
            printf "(assert (> (+ (* 3 x0) x1) %d))\n(check-sat)\n", p
            print "(reset)\n(declare-const a (_ BitVec 14))\n(declare-const b (_ BitVec 14))"
            printf "(assert (= (bvmul a b) (_ bv%d 14)))\n", p * 331 + 7
            print "(assert (and (bvult (_ bv1 14) a) (bvult a b) (bvult b (_ bv128 14))))"
            print "(check-sat)"
        }
    }' > problems.smt2
}
run() { exec /usr/bin/z3 -smt2 sat.random_seed=1 smt.random_seed=1 "$INPUTS/problems.smt2"; }
