# SPDX-License-Identifier: MIT OR Apache-2.0
# needs: bash bash
# needs: sha256sum coreutils

bash -eu "$CASES/heap.bash"
