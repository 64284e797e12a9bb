// SPDX-License-Identifier: MIT OR Apache-2.0
// Deletes an object with a secret in it.
#include "secret.h"

struct Holder {
    char bytes[100];
};

int main()
{
    watch_secret(SECRET);
    Holder *p = new Holder; // allocated
    leave_secret(p, 40);
    delete static_cast<Holder *>(hide(p)); // found
    return 0;
}
