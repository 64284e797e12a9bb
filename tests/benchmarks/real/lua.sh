# SPDX-License-Identifier: MIT OR Apache-2.0
# Lua's realloc-only interface: tables that double, strings made by concatenation, closures.
# needs: /usr/bin/lua5.4 lua5.4
run() { exec /usr/bin/lua5.4 "$HERE/lua.lua"; }
