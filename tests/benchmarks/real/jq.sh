# SPDX-License-Identifier: MIT OR Apache-2.0
# A large JSON document, parsed, regrouped and printed.
# needs: /usr/bin/jq jq
prepare() {
    awk -v count="$(scaled 60000)" 'BEGIN {
        print "["
        for (n = 1; n <= count; n++) {
            printf "{\"id\":%d,\"name\":\"name %d\",", n, n * 7919 % 10007
            printf "\"tags\":[\"a%d\",\"b%d\"],", n % 13, n % 7
            printf "\"at\":{\"x\":%.2f}}%s\n", n / 3, n < count ? "," : "]"
        }
    }' > large.json
}
run() {
    exec /usr/bin/jq -c 'group_by(.tags[0]) | map({tag: .[0].tags[0], count: length,
        names: (map(.name) | unique | length), x: (map(.at.x) | add)})' "$INPUTS/large.json"
}
