/* Trials from a stored pool of forks: reads lines `class,case,seconds,d` (d: the log ratio of a fork of identical code,
 * in time order within its case), draws disjoint stretches of forks, adds a known shift, and lets the judge look as ab
 * does. usage: stat_pool FILE SHIFT MARGIN SECONDS; prints class, trials, verdicts. */
#include "stat/judge.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_FORKS = 100000, N_LOOKS = 3, FIRST = 10, CASES = 20, MOST_OF_TRIAL = 256 };
struct fork_line {
    char class[16], name[128];
    double seconds, d;
};
struct tally {
    char class[16];
    size_t n[RIDGE_N_CHANGES], trials;
};

static size_t read_lines(const char *path, struct fork_line *out)
{
    size_t n = 0;
    char line[512];
    FILE *f = fopen(path, "r");
    while (f != NULL && n < MOST_FORKS && fgets(line, sizeof line, f) != NULL)
        n += sscanf(line, "%15[^,],%127[^,],%lf,%lf", out[n].class, out[n].name, &out[n].seconds, &out[n].d) == 4;
    if (f != NULL)
        (void)fclose(f);
    return n;
}

/* One trial from the forks at v; says how many it used. Among CASES cases, of which the others are as they should be:
 * the strictest step of Benjamini-Hochberg. */
static enum ridge_change trial(const struct fork_line *v, size_t n, double shift, double margin, double seconds, size_t *used)
{
    double d[MOST_OF_TRIAL], spent = 0;
    struct ridge_judge_rule rule = {margin, 0.05 / N_LOOKS, CASES};
    enum ridge_change verdict = RIDGE_CHANGE_INCONCLUSIVE;
    size_t want = FIRST;
    *used = 0;
    for (int look = 0; look < N_LOOKS; look++) {
        for (; *used < want && *used < n && *used < MOST_OF_TRIAL && spent + v[*used].seconds <= seconds; ++*used) {
            d[*used] = v[*used].d + shift;
            spent += v[*used].seconds;
        }
        struct ridge_shift s = ridge_stat_shift(d, *used, &rule);
        verdict = ridge_stat_verdict(&s, &rule);
        if (verdict == RIDGE_CHANGE_REGRESSED && s.p_slower > rule.alpha / CASES)
            verdict = RIDGE_CHANGE_INCONCLUSIVE;
        int64_t more = ridge_stat_more_forks(&s, verdict, &rule);
        if (more == 0)
            break;
        want = *used + (size_t)more > 3 * *used ? 3 * *used : *used + (size_t)more;
    }
    return verdict;
}

/* A trial begins only where the rest of the pool could pay all its time: else the undecided would be cut short, or,
 * left out, the quick ones counted alone. */
static bool can_pay(const struct fork_line *v, size_t n, double seconds)
{
    double rest = 0;
    for (size_t i = 0; i < n && rest <= seconds; i++)
        rest += v[i].seconds;
    return rest > seconds || n >= MOST_OF_TRIAL;
}

static struct tally *tally_of(struct tally *t, size_t *n, const char *class)
{
    for (size_t i = 0; i < *n; i++)
        if (strcmp(t[i].class, class) == 0)
            return &t[i];
    memset(&t[*n], 0, sizeof t[*n]);
    (void)snprintf(t[*n].class, sizeof t[*n].class, "%s", class);
    return &t[(*n)++];
}

int main(int argc, char **argv)
{
    struct tally t[16];
    size_t n_tallies = 0;
    if (argc != 5) {
        fputs("usage: stat_pool FILE SHIFT MARGIN SECONDS\n", stderr);
        return 2;
    }
    struct fork_line *v = calloc(MOST_FORKS, sizeof *v);
    size_t n = v != NULL ? read_lines(argv[1], v) : 0;
    double shift = log1p(strtod(argv[2], NULL)), margin = strtod(argv[3], NULL), seconds = strtod(argv[4], NULL);
    for (size_t i = 0; i < n && n_tallies < 16;) {
        size_t end = i, used = 0;
        while (end < n && strcmp(v[end].name, v[i].name) == 0)
            end++;
        if (!can_pay(v + i, end - i, seconds)) {
            i = end;
            continue;
        }
        struct tally *one = tally_of(t, &n_tallies, v[i].class);
        one->n[trial(v + i, end - i, shift, margin, seconds, &used)]++;
        one->trials++;
        i += used > 0 ? used : 1;
    }
    for (size_t i = 0; i < n_tallies; i++)
        printf("%s,%zu,%zu,%zu,%zu,%zu\n", t[i].class, t[i].trials, t[i].n[RIDGE_CHANGE_OK], t[i].n[RIDGE_CHANGE_IMPROVED],
               t[i].n[RIDGE_CHANGE_INCONCLUSIVE], t[i].n[RIDGE_CHANGE_REGRESSED]);
    free(v);
    return 0;
}
