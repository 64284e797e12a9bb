/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Checks every block of the heap at a moment that suits the program, such as between requests. */
#include <inttypes.h>
#include <secmalloc.h>
#include <stdio.h>
#include <stdlib.h>

int main(void)
{
    struct secmalloc_counts counts = { .struct_size = sizeof counts };
    void *held = malloc(500);
    void *passing = malloc(500);
    int32_t status = 0;

    if (held == NULL || passing == NULL) {
        perror("malloc");
        free(held);
        free(passing);
        return EXIT_FAILURE;
    }
    free(passing);

    /* With the default policy a damaged block would end the program within this call. */
    status = secmalloc_check(&counts);
    free(held);
    if (status != SECMALLOC_OK) {
        fprintf(stderr, "secmalloc_check: status %d\n", (int)status);
        return EXIT_FAILURE;
    }
    printf("%" PRIu64 " live blocks, %" PRIu64 " resting, %" PRIu64 " faults\n", counts.live,
           counts.resting, counts.faults);
    return counts.live > 0 && counts.faults == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
