/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Two objects that differ in the size of one frame, and in no address: what is right of one is
 * wrong of the other, and nothing but the identity of the build tells them apart.
 */
typedef void (*callback)(void *);

__attribute__((noinline, noclone)) void plugin(callback f, void *to)
{
    volatile char room[SIZE];
    room[0] = 1;
    f(to);
    (void)room[0];
}

__attribute__((noinline, noclone)) void uses_plugin(callback f, void *to)
{
    plugin(f, to);
    __asm__ volatile("" ::: "memory");
}
