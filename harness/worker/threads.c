/* Threads that a library started for itself: pinned one to one after the first run, which has woken them all. */
#include "worker/services.h"
#include <dirent.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_THREADS = 1024 };

static int by_number(const void *a, const void *b)
{
    return (*(const pid_t *)a > *(const pid_t *)b) - (*(const pid_t *)a < *(const pid_t *)b);
}
/* Numbers in the order in which the threads were started. */
static size_t list_threads(pid_t *out)
{
    size_t n = 0;
    DIR *dir = opendir("/proc/self/task");
    const struct dirent *e;
    while (dir != NULL && (e = readdir(dir)) != NULL)
        if (e->d_name[0] != '.' && n < MAX_THREADS)
            out[n++] = (pid_t)strtol(e->d_name, NULL, 10);
    if (dir != NULL)
        closedir(dir);
    qsort(out, n, sizeof *out, by_number);
    return n;
}
static bool is_own(const struct ridge_services *s, pid_t thread)
{
    for (size_t i = 0; i < s->n_own_threads; i++)
        if (s->own_threads[i] == thread)
            return true;
    return false;
}
void ridge_services_note_threads(struct ridge_services *s)
{
    pid_t all[MAX_THREADS];
    size_t n = list_threads(all), max = sizeof s->own_threads / sizeof s->own_threads[0];
    s->n_own_threads = n < max ? n : max;
    memcpy(s->own_threads, all, s->n_own_threads * sizeof *all);
}
static void pin(pid_t thread, int cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((size_t)cpu, &set);
    (void)sched_setaffinity(thread, sizeof set, &set); /* what came of it is looked at later */
}
/* Only a team of the case's size is understood: who of more threads computes is not known, and a library that starts
 * its threads for each call would give them the one CPU of this thread. */
void ridge_services_pin_threads(struct ridge_services *s)
{
    pid_t all[MAX_THREADS], team[RIDGE_WORKER_MAX_CPUS];
    size_t n_team = 0, n_want = (size_t)(s->host.n_threads > 1 ? s->host.n_threads - 1 : 0);
    size_t n = list_threads(all);
    for (size_t i = 0; i < n; i++)
        if (!is_own(s, all[i]) && n_team++ < RIDGE_WORKER_MAX_CPUS)
            team[n_team - 1] = all[i];
    if (s->host.cpus == NULL || n_want == 0 || n_team != n_want || n_team > RIDGE_WORKER_MAX_CPUS)
        return;
    pin(0, s->host.cpus[0]);
    for (size_t i = 0; i < n_team; i++)
        pin(team[i], s->host.cpus[i + 1]);
}
void ridge_services_say_pinning(const struct ridge_services *s, char *text, size_t n_text)
{
    pid_t all[MAX_THREADS];
    size_t n = list_threads(all), n_loose = 0;
    for (size_t i = 0; i < n; i++) {
        cpu_set_t set;
        CPU_ZERO(&set);
        n_loose += sched_getaffinity(all[i], sizeof set, &set) == 0 && CPU_COUNT(&set) > 1;
    }
    if (s->host.cpus == NULL)
        (void)snprintf(text, n_text, "no: fewer CPUs than threads were given");
    else if (n_loose > 0)
        (void)snprintf(text, n_text, "no: %zu of %zu threads may run on any of %d CPUs", n_loose, n, s->n_cpus);
    else
        (void)snprintf(text, n_text, "yes");
}
