// SPDX-License-Identifier: MIT OR Apache-2.0
// Makes one block of 333 bytes in itself and one in a child, and leaves both without exit.
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    char *volatile block = malloc(333);
    pid_t child = fork();
    if (child == 0) {
        block = malloc(333);
        _exit(block == NULL);
    }
    int status;
    waitpid(child, &status, 0);
    _exit(block == NULL || status != 0);
}
