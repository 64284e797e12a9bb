/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* An array that grows: reallocarray refuses a product that does not fit, realloc would not. */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct numbers {
    int *items;
    size_t used;
    size_t capacity;
};

/* Returns 0, or -1 without memory; the array is then unchanged and still to be freed. */
static int append(struct numbers *numbers, int item)
{
    if (numbers->used == numbers->capacity) {
        size_t capacity = numbers->capacity == 0 ? 8 : numbers->capacity * 2;
        int *items = reallocarray(numbers->items, capacity, sizeof *items);

        if (items == NULL)
            return -1;
        numbers->items = items;
        numbers->capacity = capacity;
    }
    numbers->items[numbers->used++] = item;
    return 0;
}

int main(void)
{
    struct numbers numbers = { NULL, 0, 0 };
    long sum = 0;

    for (int i = 0; i < 1000; i++) {
        if (append(&numbers, i) != 0) {
            perror("append");
            free(numbers.items);
            return EXIT_FAILURE;
        }
    }
    for (size_t i = 0; i < numbers.used; i++)
        sum += numbers.items[i];
    free(numbers.items);

    printf("the sum of 1000 numbers is %ld\n", sum);
    return sum == 499500 ? EXIT_SUCCESS : EXIT_FAILURE;
}
