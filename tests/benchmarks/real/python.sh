# SPDX-License-Identifier: MIT OR Apache-2.0
# The interpreter with every object from malloc: its own allocator asks malloc for arenas only.
# needs: /usr/bin/python3 python3
run() { PYTHONMALLOC=malloc PYTHONHASHSEED=0 exec /usr/bin/python3 -S "$HERE/python_$1.py"; }
