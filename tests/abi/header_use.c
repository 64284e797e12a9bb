/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Everything of smalloc.h, in a language that is C99 and C++98 alike. */
#include <smalloc.h>

struct secret {
    int number;
    char text[20];
};

static struct secret global SMALLOC_SENSITIVE = { 1, "one" };
unsigned char key[32] SMALLOC_SENSITIVE;
static smalloc_jmp_buf place;

int use(int count);

int use(int count)
{
    SMALLOC_LOCAL(struct secret, one);
    SMALLOC_LOCAL(char[16], array);
    SMALLOC_LOCAL_ARRAY(struct secret, some, count);
    void *heap = smalloc(10, 1);

    if (smalloc_setjmp(place) == 0 && count > 1)
        smalloc_longjmp(place, 1);
    heap = srealloc(heap, 20);
    sfree(heap);
    sfree(scalloc(3, 4, 1));
    one->number = count;
    (*array)[0] = 1;
    some[0] = global;
    return one->number + some[0].number + (*array)[0] + key[0];
}
