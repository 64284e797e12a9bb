# SPDX-License-Identifier: MIT OR Apache-2.0
# needs: lua5.4 lua5.4

lua5.4 "$CASES/heap.lua"
