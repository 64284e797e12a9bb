/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Memory for secrets: left out of core files, kept out of swap, zero in forked children, wiped when its use ends, as far
 * as the kernel grants it and the options want it (secmalloc's README, "Secrets").
 *
 *   heap      smalloc, scalloc, srealloc, sfree
 *   globals   int pin SMALLOC_SENSITIVE;
 *   locals    SMALLOC_LOCAL(struct key, key);      key->bytes[0] = 1;
 *             SMALLOC_LOCAL_ARRAY(char, text, 80); text[79] = 0;
 *   jumps     smalloc_setjmp, smalloc_longjmp, smalloc_sigsetjmp, smalloc_siglongjmp
 *
 * For GCC and Clang, C99 and C++98 or later; link with secmalloc. Where SMALLOC_OPTIONAL is defined before this header is
 * read, a program (position-independent) may be linked without it: started with it preloaded, its globals and locals are
 * protected, else they are ordinary memory.
 *
 * What the compiler copies is its own affair: values in registers may be spilled to the ordinary stack, and an
 * argument that is passed by value is a copy there. Pass pointers.
 */
#ifndef SMALLOC_H
#define SMALLOC_H

#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The heap. Any thread; in signal handlers as malloc is (secmalloc.h). Sizes are in bytes. `free`, `realloc` and malloc's
 * other relatives may be given these blocks too: what is sensitive stays so.
 */

/*
 * `size` bytes, aligned to 16: protected unless `sensitive` is 0, then as from malloc. NULL with errno ENOMEM where there
 * is no memory, where `size` is over PTRDIFF_MAX, or where a protection is refused on which the option `sensitive=strict`
 * insists.
 */
void *smalloc(size_t size, int sensitive);
/* `nmemb` elements of `size` bytes, all zero. As smalloc; ENOMEM also where the product overflows. */
void *scalloc(size_t nmemb, size_t size, int sensitive);
/*
 * Changes a block's size, as realloc; it stays sensitive, or not. What a sensitive block loses or leaves behind is wiped
 * when this returns. For NULL, a new sensitive block. NULL with errno ENOMEM, and the block as it was, where there is no
 * memory; for `size` 0, NULL, and the block is gone.
 */
void *srealloc(void *ptr, size_t size);
/* Ends a block of either kind, as free; a sensitive one is wiped when this returns. NULL is nothing. Keeps errno. */
void sfree(void *ptr);
/* smalloc(size, 1) and scalloc(nmemb, size, 1), by their names on OpenBSD. */
void *malloc_conceal(size_t size);
void *calloc_conceal(size_t nmemb, size_t size);

/* ---- Globals ---- */

/*
 * Behind the declarator of a variable of static storage, with or without an initial value:
 *
 *   static unsigned char key[32] SMALLOC_SENSITIVE;
 *   int pin SMALLOC_SENSITIVE = 1234;
 *
 * Not for const, thread-local, C++ inline or template variables. All such variables of a program or shared object lie
 * together on pages of their own, at least one for each source file that has any. They are protected before main, and those of a
 * shared object before dlopen returns, ahead of constructors of the default priority; they are wiped when dlclose has run
 * the object's destructors, and at normal exit after all destructors (those of shared objects after their own object's).
 * In a forked child they are zero, whatever their initial value. Any thread; signal handlers too.
 */
#define SMALLOC_SENSITIVE __attribute__((section("smalloc_sensitive")))

/* ---- Locals ---- */

/*
 * SMALLOC_LOCAL(type, name) declares `type *const name`, which points to an object of that type on the calling thread's
 * sensitive stack: zero, aligned for its type (up to 4096), gone and wiped when the enclosing block is left, by
 * its end, return, break, continue, goto, a C++ exception, or cancellation in code compiled with -fexceptions.
 * SMALLOC_LOCAL_ARRAY points to the first of `count` objects. C++ constructors are not run.
 *
 * name is never NULL. Where the object does not fit (option `sensitive_stack`), or there is no stack for the thread, the
 * program is stopped by the fault sensitive-stack-overflow; writing past the object's end is the same fault, found when the
 * block is left at the latest. Any thread, signal handlers too. Not to be jumped over by goto or switch; not around a switch
 * of user-level contexts (swapcontext, coroutines) that share a thread. A forked child finds zeros.
 */
#define SMALLOC_LOCAL_ARRAY(type, name, count) \
    struct smalloc_frame_ smalloc_frame_of_##name \
        __attribute__((__cleanup__(smalloc_pop_), __unused__)) = \
            smalloc_push_(smalloc_bytes_(sizeof(__typeof__(type)), (size_t)(count)), \
                          __alignof__(__typeof__(type))); \
    __typeof__(type) *const name = (__typeof__(type) *)smalloc_frame_of_##name.at
#define SMALLOC_LOCAL(type, name) SMALLOC_LOCAL_ARRAY(type, name, 1)

/*
 * setjmp and longjmp for functions with sensitive locals between them: what is on the sensitive stack since
 * smalloc_setjmp is wiped and gone. The rules are those of setjmp and longjmp. A plain longjmp leaves the locals that it
 * jumps over where they are until the next outer block with such a local ends, or the thread.
 */
typedef struct smalloc_jump_ {
    void *top;
    jmp_buf place;
} smalloc_jmp_buf[1];
#define smalloc_setjmp(env) setjmp(*smalloc_mark_(env))
/* void smalloc_longjmp(smalloc_jmp_buf env, int value); does not return */

#if defined sigsetjmp || defined _POSIX_C_SOURCE || defined _GNU_SOURCE
typedef struct smalloc_sigjump_ {
    void *top;
    sigjmp_buf place;
} smalloc_sigjmp_buf[1];
#define smalloc_sigsetjmp(env, savemask) sigsetjmp(*smalloc_sigmark_(env), savemask)
/* void smalloc_siglongjmp(smalloc_sigjmp_buf env, int value); does not return */
#define SMALLOC_SIGJMP_
#endif

/*
 * Nothing below is to be used by name.
 */

#define SMALLOC_INLINE_ static __inline__ __attribute__((__always_inline__, __unused__))
#ifdef SMALLOC_OPTIONAL
#define SMALLOC_WEAK_ __attribute__((__weak__))
#define SMALLOC_HAS_(function) ((function) != NULL)
#else
#define SMALLOC_WEAK_
#define SMALLOC_HAS_(function) 1
#endif

/* A thread's sensitive stack, as far as it concerns what is inlined; it grows up. */
struct smalloc_stack_ {
    /* The first free byte. All from there to the limit is zero. */
    char *volatile top;
    char *limit;
    /* A check word is the address where it stands, exclusive-or this. */
    uintptr_t key;
};

/* What a block's end needs to know. */
struct smalloc_frame_ {
    struct smalloc_stack_ *stack;
    char *at;
    size_t size;
    /* The first free byte before. */
    char *before;
};

extern void *secmalloc_local_push(size_t size, size_t alignment, void **stack,
                                  void **before) SMALLOC_WEAK_;
extern void secmalloc_local_pop(void *at, size_t size, void *before) SMALLOC_WEAK_;
extern void *secmalloc_local_mark(void) SMALLOC_WEAK_;
extern void secmalloc_local_unwind(void *mark) SMALLOC_WEAK_;
extern void secmalloc_globals_add(void *from, void *to) SMALLOC_WEAK_;
extern void secmalloc_globals_remove(void *from, void *to) SMALLOC_WEAK_;

/*
 * The calling thread's stack, once this program or shared object has used it; one word for each of them, not one word of the
 * library, so that the code works where there is none. Static thread-local storage: the other kinds would allocate
 * in signal handlers.
 */
#if defined __PIC__ && !defined __PIE__
#define SMALLOC_TLS_ "initial-exec"
#else
#define SMALLOC_TLS_ "local-exec"
#endif
__extension__ __thread struct smalloc_stack_ *smalloc_mine_
    __attribute__((__weak__, __visibility__("hidden"), __tls_model__(SMALLOC_TLS_)));

/* `count` objects of `each` bytes; more than any stack has where that overflows. */
SMALLOC_INLINE_ size_t smalloc_bytes_(size_t each, size_t count)
{
    return each != 0 && count > (SIZE_MAX / 4) / each ? SIZE_MAX / 4 : each * count;
}

/* With the check word right behind the object, in steps of 16. */
SMALLOC_INLINE_ size_t smalloc_whole_(size_t size)
{
    return (size + sizeof(uintptr_t) + 15) & ~(size_t)15;
}

/* The long ways, never inlined: each block's end would have a copy of them. */
static __attribute__((__noinline__, __cold__, __unused__)) char *
smalloc_push_slowly_(size_t size, size_t alignment, char **before)
{
    void *stack = NULL, *was = NULL, *at = NULL;

    if (SMALLOC_HAS_(secmalloc_local_push)) {
        at = secmalloc_local_push(size, alignment, &stack, &was);
        smalloc_mine_ = (struct smalloc_stack_ *)stack;
    } else {
        /* Without secmalloc, a block of the ordinary heap. */
        char *block = (char *)calloc(1, size + alignment + 1);
        if (block == NULL)
            abort();
        was = block;
        at = block + (alignment - (uintptr_t)block % alignment) % alignment;
    }
    *before = (char *)was;
    return (char *)at;
}

static __attribute__((__noinline__, __cold__, __unused__)) void
smalloc_pop_slowly_(char *at, size_t size, char *before)
{
    if (SMALLOC_HAS_(secmalloc_local_pop)) {
        secmalloc_local_pop(at, size, before);
    } else {
        __builtin_memset(at, 0, size);
        __asm__ volatile("" : : "r"(at) : "memory");
        free(before);
    }
}

/*
 * A signal handler may come between any two instructions here, and push and pop above what it finds: so the top is raised
 * before anything is written above it, and all is zero again before it is lowered.
 */
SMALLOC_INLINE_ struct smalloc_frame_ smalloc_push_(size_t size, size_t alignment)
{
    struct smalloc_frame_ frame;
    struct smalloc_stack_ *stack = smalloc_mine_;
    const size_t whole = smalloc_whole_(size);
    char *at;

    frame.size = size;
    if (stack != NULL && alignment <= 16 && (size_t)(stack->limit - (at = stack->top)) >= whole) {
        uintptr_t check = stack->key ^ (uintptr_t)(at + size);
        frame.stack = stack;
        frame.before = at;
        stack->top = at + whole;
        /* The address is known only from here on, and so nothing is written there before. */
        __asm__ volatile("" : "=r"(frame.at) : "0"(at), "m"(stack->top));
        __builtin_memcpy(frame.at + size, &check, sizeof check);
    } else {
        char *before;
        frame.at = smalloc_push_slowly_(size, alignment, &before);
        frame.before = before;
        frame.stack = smalloc_mine_;
    }
    return frame;
}

SMALLOC_INLINE_ void smalloc_pop_(struct smalloc_frame_ *frame)
{
    struct smalloc_stack_ *const stack = frame->stack;
    char *const at = frame->at, *const before = frame->before;
    const size_t size = frame->size, whole = smalloc_whole_(size);
    uintptr_t check;

    if (stack != NULL && stack->top == at + whole &&
        (__builtin_memcpy(&check, at + size, sizeof check),
         check == (stack->key ^ (uintptr_t)(at + size)))) {
        __builtin_memset(at, 0, whole);
        /* Nobody seems to read the zeros; they are not to be left out, nor written later. */
        __asm__ volatile("" : : "r"(at) : "memory");
        stack->top = before;
    } else {
        smalloc_pop_slowly_(at, size, before);
    }
}

SMALLOC_INLINE_ void *smalloc_top_(void)
{
    if (smalloc_mine_ != NULL)
        return smalloc_mine_->top;
    return SMALLOC_HAS_(secmalloc_local_mark) ? secmalloc_local_mark() : NULL;
}

SMALLOC_INLINE_ void smalloc_unwind_(void *mark)
{
    if (SMALLOC_HAS_(secmalloc_local_unwind))
        secmalloc_local_unwind(mark);
}

SMALLOC_INLINE_ jmp_buf *smalloc_mark_(struct smalloc_jump_ *jump)
{
    jump->top = smalloc_top_();
    return &jump->place;
}

__attribute__((__noreturn__, __unused__)) static __inline__ void
smalloc_longjmp(struct smalloc_jump_ *jump, int value)
{
    smalloc_unwind_(jump->top);
    longjmp(jump->place, value);
}

#ifdef SMALLOC_SIGJMP_
SMALLOC_INLINE_ sigjmp_buf *smalloc_sigmark_(struct smalloc_sigjump_ *jump)
{
    jump->top = smalloc_top_();
    return &jump->place;
}

__attribute__((__noreturn__, __unused__)) static __inline__ void
smalloc_siglongjmp(struct smalloc_sigjump_ *jump, int value)
{
    smalloc_unwind_(jump->top);
    siglongjmp(jump->place, value);
}
#endif

/*
 * The section's part of each source file begins and ends with a page, and so does the whole: no protection meets a
 * neighbour's variables. The padding stands in a subsection behind all variables; where there are none, it is
 * nothing. With link-time optimisation in several parts, it may end up elsewhere: what lies on a page with others is
 * then protected less, see secmalloc_globals_add.
 */
#ifdef __aarch64__
#define SMALLOC_PAGE_ "65536" /* the ABI's largest */
#else
#define SMALLOC_PAGE_ "4096"
#endif
__asm__(".pushsection smalloc_sensitive,\"aw\",%progbits\n"
        ".balign " SMALLOC_PAGE_ "\n"
        ".subsection 1\n"
        ".balign " SMALLOC_PAGE_ "\n"
        ".popsection\n");

/* Made by the linker, in each program and shared object for its own section. */
extern char __start_smalloc_sensitive[] __attribute__((__weak__, __visibility__("hidden")));
extern char __stop_smalloc_sensitive[] __attribute__((__weak__, __visibility__("hidden")));

/* Once for each source file, of which the first counts. Nothing where the section is empty. */
static __attribute__((__constructor__(101), __used__)) void smalloc_add_globals_(void)
{
    if (SMALLOC_HAS_(secmalloc_globals_add))
        secmalloc_globals_add(__start_smalloc_sensitive, __stop_smalloc_sensitive);
}

/* A program is never unloaded: the library wipes its variables last of all. */
#if defined __PIC__ && !defined __PIE__
static __attribute__((__destructor__(101), __used__)) void smalloc_remove_globals_(void)
{
    if (SMALLOC_HAS_(secmalloc_globals_remove))
        secmalloc_globals_remove(__start_smalloc_sensitive, __stop_smalloc_sensitive);
}
#endif

#ifdef __cplusplus
}
#endif

#endif /* SMALLOC_H */
