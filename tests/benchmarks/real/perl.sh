# SPDX-License-Identifier: MIT OR Apache-2.0
# Hashes, strings that grow, regular expressions, sorting.
# needs: /usr/bin/perl perl
run() { PERL_HASH_SEED=0 exec /usr/bin/perl "$HERE/perl.pl"; }
