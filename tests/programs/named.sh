# SPDX-License-Identifier: MIT OR Apache-2.0
# BIND asks jemalloc by name (mallocx, sdallocx) beside malloc, which it leaves to whoever is preloaded: two
# allocators in one process. Reference-counted zones in many threads, and a client with the same libraries.
# needs: /usr/sbin/named bind9
# needs: /usr/bin/dig bind9-dnsutils
# needs: named-checkzone bind9-utils
# needs: awk mawk

awk 'BEGIN {
    print "$TTL 300\n@ SOA ns hostmaster 1 3600 600 86400 300\n@ NS ns\nns A 127.0.0.1"
    for (i = 0; i < 30000; i++) {
        printf "h%d A 10.%d.%d.%d\n", i, i / 65536, i / 256 % 256, i % 256
        if (i % 10 == 0) printf "h%d TXT \"%s\"\n", i, substr("some text that is not always the same length", 1, i % 40 + 1)
    }
}' > zone
named-checkzone -q example.test zone
named-checkzone -i full -D -o printed example.test zone > /dev/null
named-compilezone -q -f text -F raw -o raw example.test zone
named-compilezone -q -f raw -F text -o back example.test raw
cmp printed back
wc -l < printed
sha256sum printed
