# SPDX-License-Identifier: MIT OR Apache-2.0
# What `git gc` spends its time on: finding deltas between the objects of a repository.
# needs: /usr/bin/git git
prepare() {
    git init -q --bare repository.git
    awk -v commits="$(scaled 170)" 'BEGIN {
        for (c = 1; c <= commits; c++) {
            printf "commit refs/heads/main\ncommitter A <a@example.org> %d +0000\n", 1e9 + c * 60
            m = "Change " c "\n"
            printf "data %d\n%s", length(m), m
            for (f = 0; f < 6; f++) {
                text = ""
                for (l = 0; l < 90; l++) {
                    changed = c - (c * 7 + l * 13 + f) % 23
                    text = text "line " l " of " f ", changed " changed "\n"
                }
                printf "M 100644 inline d%d/f%d\n", c % 17, f + c % 5 * 6
                printf "data %d\n%s\n", length(text), text
            }
        }
    }' | git --git-dir=repository.git fast-import --quiet
}
run() {
    exec /usr/bin/git --git-dir="$INPUTS/repository.git" pack-objects --all --threads=1 \
        --window=60 --depth=50 --no-reuse-delta --no-reuse-object -q pack < /dev/null
}
