# SPDX-License-Identifier: MIT OR Apache-2.0
# The small tools of a shell, on inputs large enough to make them allocate.
# needs: awk mawk
# needs: gawk gawk
# needs: sort coreutils
# needs: sed sed
# needs: grep grep
# needs: diff diffutils
# needs: ed ed
# needs: vim vim
# needs: bc bc
# needs: jq jq

awk 'BEGIN { for (i = 0; i < 120000; i++) print (i * 7919) % 120011, "line", i % 977, i }' > lines
sort --parallel=2 -S 4M -k1,1n -k4 lines > sorted
sort --parallel=2 -S 64M -k3,3n -k1,1nr lines | sha256sum
sort -u -k3,3 lines | wc -l
sha256sum sorted
for awk in mawk gawk; do
    $awk '{ n[$3] += $1; s[$3] = substr(s[$3] $4, 1, 100); gsub(/9+/, "n"); t += length($0) }
        END { for (k in n) print k, n[k], s[k]; print "length", t }' lines | sort | sha256sum
done
sed -E 's/([0-9]+) line ([0-9]+)/\2:\1/; 5000q; H; x; s/^(.{200}).*/\1/; x' lines | sha256sum
grep -cE '(12|34|5[6-9]){2,}.*(7|line 8)' lines
grep -P '^(\d)(\d)\d*\2\1 line' lines | sha256sum
diff --speed-large-files lines sorted | wc -l || :
head -n 3000 lines > a
awk 'NR % 50 != 7 { print } NR % 90 == 3 { print "new", NR }' a > b
diff -u --label a --label b a b | sha256sum
printf '%s\n' 'g/line 9/s/line/LINE/g' '1000,2000m0' '500,700d' 'g/7$/t.' 'w out' q | ed -s a
sha256sum out
vim -u NONE -i NONE -n -es a -c 'g/line 1/normal dwAend' -c '%s/\v(\d+) line/& [\1]/g' \
    -c '2,900sort n' -c '1000,1100yank' -c 'normal 5p' -c 'undo' -c 'w! edited' -c 'qa!' < /dev/null
sha256sum edited
echo 'scale = 600; 4 * a(1); 2 ^ 3000 % 1000000007' | bc -l | sha256sum
awk 'BEGIN {
    for (i = 0; i < 8000; i++)
        printf "{\"a\":%d,\"b\":[\"x%d\",{\"c\":%d}]}\n", i, i % 50, i % 7
}' |
    jq -c -s 'group_by(.b[0]) | map({k: .[0].b[0], n: length, s: (map(.b[1].c) | add)})' | sha256sum
