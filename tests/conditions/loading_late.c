/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The library is loaded by a program that has the C library's malloc. That one stays the program's; the
 * loaded one is a second heap, for those who ask for it by name, and dlclose leaves it there: it owns memory.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
            _exit(1); \
        } \
    } while (0)

static void *(*its_malloc)(size_t);
static void (*its_free)(void *);

static void *work(void *unused) {
    for (int i = 0; i < 1000; i++) {
        void *own = malloc((size_t)i), *its = its_malloc((size_t)i);
        CHECK(own && its);
        its_free(its);
        free(own);
    }
    return unused;
}

int main(int argc, char **argv) {
    CHECK(argc > 1);
    void *before = malloc(1000);
    void *library = dlopen(argv[1], RTLD_NOW | RTLD_GLOBAL);
    if (!library) fprintf(stderr, "%s\n", dlerror());
    CHECK(library != NULL);
    *(void **)&its_malloc = dlsym(library, "malloc");
    *(void **)&its_free = dlsym(library, "free");
    CHECK(its_malloc && its_free && dlsym(library, "secmalloc_version"));
    CHECK(its_malloc != malloc);
    free(before);
    CHECK(dlclose(library) == 0);
    CHECK(dlopen(argv[1], RTLD_NOW | RTLD_NOLOAD) != NULL);
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, work, NULL) == 0);
    pthread_join(thread, NULL);
    work(NULL);
    for (int i = 0; i < 2; i++) {
        int status = 0;
        pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            work(NULL);
            /* its heap judges what is not its own */
            if (i == 1) its_free(strdup("of the C library"));
            exit(0);
        }
        CHECK(waitpid(child, &status, 0) == child);
        CHECK(i == 0 ? status == 0 : WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    }
    return 0;
}
