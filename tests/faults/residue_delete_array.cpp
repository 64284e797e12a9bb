// SPDX-License-Identifier: MIT OR Apache-2.0
// Deletes an array with a secret in it.
#include "secret.h"

int main()
{
    watch_secret(SECRET);
    char *p = static_cast<char *>(hide(new char[5000])); // allocated
    leave_secret(p, 4000);
    delete[] p; // found
    return 0;
}
