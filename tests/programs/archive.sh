# SPDX-License-Identifier: MIT OR Apache-2.0
# Compressors: a few large blocks, calloc, threads, pipes between processes.
# needs: tar tar
# needs: xz xz-utils
# needs: gzip gzip
# needs: bzip2 bzip2
# needs: awk mawk
# needs: sha256sum coreutils

mkdir tree
awk 'BEGIN {
    for (f = 0; f < 150; f++)
        for (l = 0; l < 900; l++)
            print f, l, (l * 7919 + f * f) % 10007, "the same words again" > ("tree/f" f)
}'
tar --sort=name --mtime=@0 --owner="$(id -u)" --group="$(id -g)" --numeric-owner -cf tree.tar tree
sha256sum tree.tar
gzip -n -9 < tree.tar > tree.gz
bzip2 < tree.tar > tree.bz2
xz -3 -T2 --block-size=1MiB < tree.tar > tree.xz
sha256sum tree.gz tree.bz2 tree.xz
gzip -dc tree.gz | sha256sum
bzip2 -dc tree.bz2 | sha256sum
xz -dc -T2 tree.xz | sha256sum
xz --list --robot tree.xz
mkdir out
tar -xJf tree.xz -C out
tar -df tree.tar -C out
diff -r tree out/tree
find out -type f -name 'f1*' -size +10k | sort | xargs -n 7 -P 2 cat | wc -c
