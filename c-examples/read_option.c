/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Reads options that are in force, so that a service can refuse to run with a check turned off. */
#include <secmalloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void)
{
    char policy[32] = "";
    int32_t status = secmalloc_option("policy", policy, sizeof policy);

    if (status != SECMALLOC_OK) {
        fprintf(stderr, "secmalloc_option: status %d\n", (int)status);
        return EXIT_FAILURE;
    }
    printf("secmalloc %s, policy %s\n", secmalloc_version(), policy);

    if (strcmp(policy, "abort") != 0) {
        fputs("a heap error would not end this program: set SECMALLOC_OPTIONS=policy=abort\n",
              stderr);
        return EXIT_FAILURE;
    }
    if (secmalloc_option("no such option", policy, sizeof policy) != SECMALLOC_UNKNOWN_OPTION)
        return EXIT_FAILURE;
    return EXIT_SUCCESS;
}
