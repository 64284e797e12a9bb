/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Normal exit wipes globals and the exiting thread's locals behind the last destructor of the program; with
 * `sensitive_exit=keep` it does not. With `sensitive_fork=keep` a child has what its parent had.
 */
#include "vault.h"

static unsigned char key[32] SMALLOC_SENSITIVE = { 1 };
static unsigned char *volatile local;
static bool looks, keeps;

/* Writes a stream's buffer out, which is the last thing that exit does. */
static ssize_t look(void *stream, const char *bytes, size_t size) {
    (void)stream, (void)bytes, (void)size;
    bool wiped = key[0] == 0 && local[0] == 0;
    _exit(wiped == !keeps ? 42 : 43);
}

__attribute__((destructor(102))) static void last(void) {
    if (looks) CHECK(key[0] == 1 && local[0] == 1, "wiped before the destructors had run");
}

static void leave(void) {
    SMALLOC_LOCAL_ARRAY(unsigned char, bytes, 16);
    bytes[0] = 1;
    local = bytes;
    looks = true;
    FILE *stream = fopencookie(NULL, "w", (cookie_io_functions_t){ .write = look });
    CHECK(stream != NULL && fputc('x', stream) == 'x', "fopencookie: errno %d", errno);
    exit(44);
}

/* Runs this program again. */
static int again(char *self, const char *what, const char *options) {
    int status = 0;
    pid_t child = fork();
    CHECK(child >= 0, "fork: errno %d", errno);
    if (child == 0) {
        setenv("SECMALLOC_OPTIONS", options, 1);
        execl(self, self, what, (char *)NULL);
        _exit(99);
    }
    CHECK(waitpid(child, &status, 0) == child, "waitpid: errno %d", errno);
    CHECK(WIFEXITED(status), "%s: status 0x%x", what, status);
    return WEXITSTATUS(status);
}

static void inherits(void *bytes) {
    check_filled(bytes, 100, 1);
    CHECK_EQUAL(key[0], 1);
}

int main(int argc, char **argv) {
    if (is_plain()) return 0;
    if (argc > 1 && strcmp(argv[1], "fork") == 0) {
        SMALLOC_LOCAL_ARRAY(unsigned char, bytes, 100);
        fill(bytes, 100, 1);
        in_child(inherits, bytes);
        return 0;
    }
    if (argc > 1) {
        keeps = strcmp(argv[1], "keep") == 0;
        leave();
    }
    CHECK_EQUAL(again(argv[0], "wipe", ""), 42);
    CHECK_EQUAL(again(argv[0], "keep", "sensitive_exit=keep"), 42);
    CHECK_EQUAL(again(argv[0], "fork", "sensitive_fork=keep"), 0);
    return 0;
}
