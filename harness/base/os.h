/* Operating system: clock, files, digests, child processes. Knows no domain word.
 * Thread rule: subprocess functions from the main thread only (PR_SET_PDEATHSIG names a thread). */
#ifndef RIDGE_BASE_OS_H
#define RIDGE_BASE_OS_H

#include "base/text.h"
#include <sys/types.h>

uint64_t ridge_os_now_ns(void);      /* CLOCK_MONOTONIC */
uint64_t ridge_os_realtime_ns(void); /* UTC */
void ridge_os_sleep_ns(uint64_t ns);
uint64_t ridge_os_random(void); /* getrandom */

enum ridge_status ridge_os_read_file(const char *path, size_t max_bytes, struct ridge_buf *out,
                                     struct ridge_error *err) RIDGE_MUST_USE;
/* tmp + fsync + rename: the old content stays until the new is safe */
enum ridge_status ridge_os_write_file(const char *path, const char *data, size_t n,
                                      struct ridge_error *err) RIDGE_MUST_USE;
/* The same piece by piece. Close always, also after a failed open; keep false: the old content stays. */
struct ridge_os_output {
    int fd;
    char *path, *tmp; /* tmp NULL: a pipe or device, written straight */
    int mode;         /* of the old file, -1: there is none */
};
enum ridge_status ridge_os_output_open(struct ridge_os_output *o, const char *path,
                                       struct ridge_error *err) RIDGE_MUST_USE;
enum ridge_status ridge_os_output_put(struct ridge_os_output *o, const char *data, size_t n,
                                      struct ridge_error *err) RIDGE_MUST_USE;
enum ridge_status ridge_os_output_close(struct ridge_os_output *o, bool keep,
                                        struct ridge_error *err) RIDGE_MUST_USE;
bool ridge_os_read_small(const char *path, char *out, size_t n); /* trimmed first line of /proc, /sys; false if absent */
enum ridge_status ridge_os_sha256_file(const char *path, char hex[65], struct ridge_error *err) RIDGE_MUST_USE;
void ridge_os_sha256(const void *data, size_t n, char hex[65]);
uint64_t ridge_os_hash64(const char *s); /* FNV-1a, for ids and seeds; not for trust */
/* Folder of the running program (resolves /proc/self/exe); static storage. */
const char *ridge_os_program_dir(void);
bool ridge_os_exists(const char *path);
bool ridge_os_same_file(const char *x, const char *y); /* by name, or by what the names lead to */
/* "PID:START", START in clock ticks after boot: names a process even when its pid is used again. */
void ridge_os_process_name(pid_t pid, char out[48]);
bool ridge_os_process_lives(const char *name); /* false also for "" */

/* A child with pipes on stdin, stdout, stderr in a process group of its own, started through a keeper:
 * a small subreaper (this program re-executed? no: a fork) that holds a pipe from us and kills every
 * descendant, also those that left the group, when we are gone or when told to. */
struct ridge_child {
    pid_t keeper_pid;
    pid_t pid;       /* the child itself = its process group id */
    int in_fd;       /* we write */
    int out_fd;      /* we read, O_NONBLOCK */
    int err_fd;      /* we read, O_NONBLOCK */
    int keeper_fd;   /* closing it makes the keeper kill everything */
    int status_fd;   /* readable (or at end of file) when the child ended: the keeper writes the wait status */
    bool has_ended;  /* kept by ridge_os_child_ended */
    int wait_status; /* valid once has_ended */
};
struct ridge_spawn {
    const char *const *argv; /* NULL-terminated; argv[0] is looked up in PATH */
    const char *const *env;  /* NULL-terminated KEY=VALUE, the whole environment; NULL: ours */
    uint64_t max_memory_bytes; /* RLIMIT_AS, 0: none */
};
enum ridge_status ridge_os_spawn(const struct ridge_spawn *spec, struct ridge_child *out,
                                 struct ridge_error *err) RIDGE_MUST_USE;
void ridge_os_child_signal(const struct ridge_child *c, int signo); /* to the child's group */
/* Non-blocking: true when the child ended; *wait_status as waitpid gives it. */
bool ridge_os_child_ended(struct ridge_child *c, int *wait_status);
/* Kills group and escaped descendants (the keeper does it), reaps the keeper, closes all fds. Idempotent. */
void ridge_os_child_kill(struct ridge_child *c);

#endif
