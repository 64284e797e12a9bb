# SPDX-License-Identifier: MIT OR Apache-2.0
# needs: node nodejs

node "$CASES/heap.js"
