// SPDX-License-Identifier: MIT OR Apache-2.0
// A plugin makes a block and is unloaded; another one may come to lie where it was. Arguments: both.
#include <dlfcn.h>
#include <stdlib.h>

typedef void *make(void);

int main(int count, char **arguments)
{
    if (count != 3) return 2;
    void *first = dlopen(arguments[1], RTLD_NOW);
    void *block = ((make *)dlsym(first, "make"))();
    dlclose(first);
    void *second = dlopen(arguments[2], RTLD_NOW);
    void *other = ((make *)dlsym(second, "make"))();
    free(block);
    free(other);
    free(block);
    return 0;
}
