# SPDX-License-Identifier: MIT OR Apache-2.0
# git on a generated tree: zlib, delta search in threads, many child processes.
# needs: git git
# needs: awk mawk
# needs: sha256sum coreutils

export GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@example.org
export GIT_COMMITTER_NAME=C GIT_COMMITTER_EMAIL=c@example.org
export GIT_CONFIG_NOSYSTEM=1
export GIT_PAGER=cat

git init -q -b main tree
cd tree
git config gc.auto 0
git config pack.threads 2
for round in 1 2 3 4 5 6; do
    awk -v round=$round 'BEGIN {
        for (d = 0; d < 12; d++) {
            system("mkdir -p d" d)
            for (f = 0; f < 25; f++) {
                if (round > 1 && (d * 25 + f) % round) continue
                name = "d" d "/f" f ".txt"
                for (l = 0; l < 200; l++)
                    print name, l, (l * 7919 + f * 31 + (l % round == 0 ? round : 0)) % 10007 > name
                close(name)
            }
        }
    }'
    GIT_AUTHOR_DATE="$round 1700000000 +0000" GIT_COMMITTER_DATE="170000000$round +0000"
    GIT_AUTHOR_DATE=$GIT_COMMITTER_DATE
    export GIT_AUTHOR_DATE GIT_COMMITTER_DATE
    git add -A
    git commit -q -m "round $round"
    git tag -m "tag $round" v$round
done
git checkout -q -b side v3
git mv d1 moved
git commit -q -m side
git checkout -q main
git merge -q -m merge side
git gc -q --aggressive
git fsck --full --strict
git rev-list --objects --all | sort > ../ids
wc -l < ../ids
sha256sum < ../ids
git log --stat --graph --oneline -M | sha256sum
git diff v1 main | sha256sum
git blame -s d3/f12.txt | sha256sum
git grep -c '99 [0-9]*7$' main | sha256sum
git archive main | sha256sum
git bundle create -q ../all.bundle --all
git -c init.defaultBranch=main clone -q ../all.bundle ../clone
git -C ../clone rev-parse HEAD
git status --short
