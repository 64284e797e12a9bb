/* SPDX-License-Identifier: MIT OR Apache-2.0 */

#ifndef SECMALLOC_H
#define SECMALLOC_H

/* Made by cbindgen from capi/src: change it there. */
#define SECMALLOC_MAJOR 0
#define SECMALLOC_MINOR 1
#define SECMALLOC_PATCH 0


#include <stddef.h>
#include <stdint.h>

/*
 * Signal handlers: as POSIX has it, nothing of malloc's family is async-signal-safe, and no function below
 * is; fork may be called. A handler that calls malloc or free all the same never waits for ever; where it interrupted
 * one of them in its own thread, malloc may return NULL and free may leave the block unused.
 */

/**
 * The call did what it says.
 */
#define SECMALLOC_OK 0

/**
 * The pointer is not to memory of this heap.
 */
#define SECMALLOC_NOT_OURS 1

/**
 * An argument is null, or a `struct_size` is not one that this version knows.
 */
#define SECMALLOC_INVALID_ARGUMENT 2

/**
 * There is no option of this name.
 */
#define SECMALLOC_UNKNOWN_OPTION 3

/**
 * The buffer was too small; what fitted is in it, terminated.
 */
#define SECMALLOC_TRUNCATED 4

/**
 * What was asked for cannot be done now.
 */
#define SECMALLOC_UNAVAILABLE 5

/**
 * Not of this heap.
 */
#define SECMALLOC_POOL_NONE 0

/**
 * In a slot of a size class.
 */
#define SECMALLOC_POOL_SMALL 1

/**
 * In a mapping of its own.
 */
#define SECMALLOC_POOL_LARGE 2

/**
 * A block of size 0, which has no memory.
 */
#define SECMALLOC_POOL_ZERO 3

/**
 * No block has been there yet.
 */
#define SECMALLOC_STATE_NEVER_USED 0

/**
 * A block in use.
 */
#define SECMALLOC_STATE_LIVE 1

/**
 * A block that was freed.
 */
#define SECMALLOC_STATE_FREED 2

/**
 * A guard: any access faults.
 */
#define SECMALLOC_STATE_GUARD 3

/**
 * Not a live block.
 */
#define SECMALLOC_KIND_NONE 0

/**
 * Made by `malloc` or a relative.
 */
#define SECMALLOC_KIND_MALLOC 1

/**
 * Made by C++ `operator new`.
 */
#define SECMALLOC_KIND_NEW 2

/**
 * Made by C++ `operator new[]`.
 */
#define SECMALLOC_KIND_NEW_ARRAY 3

/**
 * Left out of core files (`MADV_DONTDUMP`).
 */
#define SECMALLOC_SENSITIVE_EXCLUDED 1

/**
 * Locked: never in swap (`mlock2`).
 */
#define SECMALLOC_SENSITIVE_LOCKED 2

/**
 * Zero in forked children, or not there (`MADV_WIPEONFORK`, `MADV_DONTFORK`).
 */
#define SECMALLOC_SENSITIVE_WIPED_ON_FORK 4

/**
 * Secret memory: out of the reach of the kernel and of other processes (`memfd_secret`).
 */
#define SECMALLOC_SENSITIVE_SECRET 8

/**
 * Wiped before the call that frees, shrinks or moves it returns. Always.
 */
#define SECMALLOC_SENSITIVE_WIPED_ON_FREE 16

/**
 * Wiped at normal exit.
 */
#define SECMALLOC_SENSITIVE_WIPED_AT_EXIT 32

/**
 * The dead part of the stacks of all threads: what lies below their stack pointers.
 */
#define SECMALLOC_RESIDUE_STACKS 1

/**
 * Ordinary blocks that are in use: for when no copy is to be left.
 */
#define SECMALLOC_RESIDUE_BLOCKS 2

/**
 * What is known of the memory a pointer points to.
 */
struct secmalloc_block {
  /**
   * To be set to `sizeof(struct secmalloc_block)` by the caller.
   */
  size_t struct_size;
  /**
   * Start of the block, or of the slot where it was.
   */
  const void *address;
  /**
   * Bytes from there to the pointer.
   */
  size_t offset;
  /**
   * Bytes requested; 0 where no block is live.
   */
  size_t requested_size;
  /**
   * Bytes of the slot, or of the mapping.
   */
  size_t slot_size;
  /**
   * `SECMALLOC_POOL_...`
   */
  uint32_t pool;
  /**
   * `SECMALLOC_STATE_...`
   */
  uint32_t state;
  /**
   * `SECMALLOC_KIND_...`
   */
  uint32_t kind;
  /**
   * The kernel's id of the thread that allocated (or, if freed, freed) the block; 0 if unknown.
   */
  uint32_t thread;
};

/**
 * What a check of the whole heap saw.
 */
struct secmalloc_counts {
  /**
   * To be set to `sizeof(struct secmalloc_counts)` by the caller.
   */
  size_t struct_size;
  /**
   * Live blocks whose surroundings are sound.
   */
  uint64_t live;
  /**
   * Freed blocks that nobody wrote to.
   */
  uint64_t resting;
  /**
   * Slots beside them that were never used, and are clean.
   */
  uint64_t never_used;
  /**
   * Faults found. Each was reported; with the default policy the first stops the process.
   */
  uint64_t faults;
};

/**
 * What protects a piece of sensitive memory.
 */
struct secmalloc_sensitive {
  /**
   * To be set to `sizeof(struct secmalloc_sensitive)` by the caller.
   */
  size_t struct_size;
  /**
   * Bytes of the piece: those requested, of a block.
   */
  size_t size;
  /**
   * The `SECMALLOC_SENSITIVE_...` that the options want.
   */
  uint32_t wanted;
  /**
   * Those that hold now, for every byte of it.
   */
  uint32_t in_force;
  /**
   * 1 if the kernel said so: now, or a moment ago where many ask in a row; 0 where it does not tell (no `/proc`): then it is what it granted.
   */
  uint32_t verified;
  /**
   * Why each that is wanted does not hold, as an errno; 0 for the others. `ENOMEM`, `EPERM` and `EAGAIN` come of
   * RLIMIT_MEMLOCK, `ENOSYS` and `EINVAL` of the kernel; `ECANCELED` is of what was granted and taken back.
   */
  int32_t why_not_excluded;
  /**
   * The same of being locked.
   */
  int32_t why_not_locked;
  /**
   * The same of being wiped in forked children.
   */
  int32_t why_not_wiped_on_fork;
  /**
   * The same of being secret memory.
   */
  int32_t why_not_secret;
};

/**
 * What a look for leaks found. Blocks are numbers; bytes are those that were requested.
 */
struct secmalloc_leaks {
  /**
   * To be set to `sizeof(struct secmalloc_leaks)` by the caller.
   */
  size_t struct_size;
  /**
   * Live blocks to which nothing points.
   */
  uint64_t lost_blocks;
  /**
   * Bytes in them.
   */
  uint64_t lost_bytes;
  /**
   * Live blocks to which only lost blocks point.
   */
  uint64_t indirectly_lost_blocks;
  /**
   * Bytes in them.
   */
  uint64_t indirectly_lost_bytes;
  /**
   * All other live blocks.
   */
  uint64_t reachable_blocks;
  /**
   * Bytes in them.
   */
  uint64_t reachable_bytes;
  /**
   * Other threads that were stopped meanwhile.
   */
  uint64_t threads_stopped;
  /**
   * Other threads that could not be stopped within a second: their registers are not known.
   */
  uint64_t threads_running;
};

/**
 * What a look for watched secrets saw.
 */
struct secmalloc_residue {
  /**
   * To be set to `sizeof(struct secmalloc_residue)` by the caller.
   */
  size_t struct_size;
  /**
   * Stacks that were looked at.
   */
  uint64_t stacks;
  /**
   * Stacks in whose dead part a secret was found.
   */
  uint64_t stacks_found;
  /**
   * Blocks that were looked at.
   */
  uint64_t blocks;
  /**
   * Blocks in which a secret was found.
   */
  uint64_t blocks_found;
  /**
   * Other threads that could not be stopped within a second, and whose stacks were not looked at.
   */
  uint64_t threads_running;
};

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * The version of the library, as "MAJOR.MINOR.PATCH". Static storage.
 */
const char *secmalloc_version(void);

/**
 * Describes the memory at `ptr`, which may be any address. Returns SECMALLOC_OK,
 * SECMALLOC_NOT_OURS, or SECMALLOC_INVALID_ARGUMENT. Any thread; not in signal handlers.
 *
 * # Safety
 * - `block` is null, or a structure whose `struct_size` is set and which may be written.
 */
int32_t secmalloc_describe(const void *ptr, struct secmalloc_block *block);

/**
 * Verifies the whole heap now: everything behind every live block, and every freed block that
 * has not been reused. Takes time in proportion to the heap. `counts` may be null. Any thread;
 * not in signal handlers.
 *
 * # Safety
 * - `counts` is null, or a structure whose `struct_size` is set and which may be written.
 */
int32_t secmalloc_check(struct secmalloc_counts *counts);

/**
 * Says what protects the sensitive memory that `ptr` points into, at this moment. For a null `ptr`: which protections were
 * never refused so far. Returns SECMALLOC_OK, SECMALLOC_NOT_OURS where there is no sensitive memory, or
 * SECMALLOC_INVALID_ARGUMENT. Reads `/proc/self/smaps`, but in a long row of calls, where that
 * may take one part in 16 of the time. Any thread; not in signal handlers.
 *
 * # Safety
 * - `status` is null, or a structure whose `struct_size` is set and which may be written.
 */
int32_t secmalloc_sensitive_status(const void *ptr,
                                   struct secmalloc_sensitive *status);

/**
 * Opens a window: until it is closed, the sensitive blocks and globals of the process can be reached, by all its threads. Windows
 * count: the first opens, the last to be closed closes. Does nothing but count without option
 * `sensitive_access=window`. With it, takes a system call for each run of slabs between guards, each large block, and each
 * module with globals. Returns SECMALLOC_OK, or SECMALLOC_UNAVAILABLE where the kernel refuses. Any thread; not in signal
 * handlers. Sensitive locals are not concerned.
 */
int32_t secmalloc_sensitive_open(void);

/**
 * Closes a window that `secmalloc_sensitive_open` opened. Returns SECMALLOC_OK, or SECMALLOC_UNAVAILABLE where none is
 * open, or the kernel refuses. Any thread; not in signal handlers.
 */
int32_t secmalloc_sensitive_close(void);

/**
 * Looks for leaks now: which live blocks can be reached from registers, stacks, thread-local storage and variables of
 * all modules, by aligned words that point anywhere into a block. All other threads are stopped meanwhile,
 * for a time in proportion to the heap, by signal 33, which interrupts what they sleep in (as SA_RESTART has it).
 * Changes nothing, says nothing, and takes some memory meanwhile. Returns SECMALLOC_OK,
 * SECMALLOC_INVALID_ARGUMENT, or SECMALLOC_UNAVAILABLE where there is no memory for it. Any thread, with 32 KiB
 * of stack left; not in signal handlers, nor between `fork` and its handlers.
 *
 * # Safety
 * - `leaks` is null, or a structure whose `struct_size` is set and which may be written.
 */
int32_t secmalloc_leak_check(struct secmalloc_leaks *leaks);

/**
 * Writes the value of the option `name`, as text, to `buffer` of `size` bytes, and terminates
 * it. Returns SECMALLOC_OK, SECMALLOC_UNKNOWN_OPTION, SECMALLOC_TRUNCATED, or
 * SECMALLOC_INVALID_ARGUMENT.
 *
 * # Safety
 * - `name` is null or a string; `buffer` is null or may be written for `size` bytes.
 */
int32_t secmalloc_option(const char *name,
                         char *buffer,
                         size_t size);

/**
 * Writes how the heap runs on this machine, as lines of "name=value", to `buffer` of `size` bytes, and
 * terminates it: `plan` (`reserved`, or `unreserved` under RLIMIT_AS, or `given back` where that came later), `data`, `metadata`, `page`,
 * `guards` (`MADV_GUARD_INSTALL`, or `PROT_NONE`), `sealed`, `random`, `vectors`, and `missing`, what the
 * kernel does not have or a sandbox forbids. Later versions may add lines. Empty where there is no
 * memory for a heap. Returns SECMALLOC_OK, SECMALLOC_TRUNCATED, or SECMALLOC_INVALID_ARGUMENT.
 *
 * # Safety
 * - `buffer` is null or may be written for `size` bytes.
 */
int32_t secmalloc_status(char *buffer,
                         size_t size);

/**
 * Watches the secret of `size` bytes at `secret` from now on: an ordinary block that is freed, moved by `realloc` or
 * shrunk while it holds these bytes is the fault `secret-residue`, which by default stops the process. Blocks are
 * looked through before they are wiped; blocks that `freezero` and `recallocarray` end were wiped before. The
 * bytes are read now, and not kept: only keyed hashes of them are. 8 to 4096 bytes that are not all the same, else
 * SECMALLOC_INVALID_ARGUMENT; SECMALLOC_UNAVAILABLE where 64 are watched already. A secret that is watched twice takes
 * two calls of `secmalloc_unwatch_secret`. A forked child watches what its parent does. While anything is watched,
 * every free takes longer, by the size of its block. Any thread; not in signal handlers. Where another thread frees a
 * block at the same time, either may come first.
 *
 * # Safety
 * - `secret` is null, or `size` bytes can be read there, which nobody changes meanwhile.
 */
int32_t secmalloc_watch_secret(const void *secret,
                               size_t size);

/**
 * Does not watch a secret any more, whose bytes are these once more: before its last copy is cleared. Returns
 * SECMALLOC_OK, SECMALLOC_INVALID_ARGUMENT for bytes that are not watched, or SECMALLOC_UNAVAILABLE. Any thread; not in
 * signal handlers.
 *
 * # Safety
 * - As for `secmalloc_watch_secret`.
 */
int32_t secmalloc_unwatch_secret(const void *secret,
                                 size_t size);

/**
 * Looks for watched secrets now, where `places` says: SECMALLOC_RESIDUE_STACKS, SECMALLOC_RESIDUE_BLOCKS, or both. Of each
 * stack and each block that holds one, the first is the fault `secret-residue`. All other threads are stopped meanwhile,
 * as for `secmalloc_leak_check`; what the kernel saves of their registers, up to some KiB below their stack pointers, is not
 * looked at, nor are stacks of threads that have ended. `residue` may be null. Returns SECMALLOC_OK,
 * SECMALLOC_INVALID_ARGUMENT, or SECMALLOC_UNAVAILABLE where there is no memory for it. Any thread, with 32 KiB of stack
 * left; not in signal handlers, nor between `fork` and its handlers.
 *
 * # Safety
 * - `residue` is null, or a structure whose `struct_size` is set and which may be written.
 */
int32_t secmalloc_check_residue(uint32_t places,
                                struct secmalloc_residue *residue);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* SECMALLOC_H */
