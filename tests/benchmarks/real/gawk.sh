# SPDX-License-Identifier: MIT OR Apache-2.0
# Associative arrays and strings that come and go.
# needs: /usr/bin/gawk gawk
run() {
    exec /usr/bin/gawk 'BEGIN {
        scale = ENVIRON["SCALE"]
        for (n = 1; n <= 500000 * scale; n++) {
            key = "k" n * 7919 % 50021
            count[key, n % 3]++
            text[key] = text[key] "," n
        }
        for (key in text) { parts += split(text[key], list, ","); bytes += length(text[key]) }
        for (key in count) total += count[key]
        print parts, bytes, total, length(text)
    }'
}
