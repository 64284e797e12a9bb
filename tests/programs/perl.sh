# SPDX-License-Identifier: MIT OR Apache-2.0
# needs: perl perl

perl "$CASES/heap.pl"
