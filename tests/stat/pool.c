/* Trials from a stored pool of forks: reads lines `class,case,seconds,d,disturbed` (d: the log ratio of a fork, in time
 * order within its case; disturbed: none of its pairs was quiet), draws disjoint stretches of forks, adds a known shift, and
 * lets the judge look as ab does. The last stretch of a case goes on at its beginning: cut short it would count as
 * undecided, left out it would favour the quick. usage: stat_pool FILE SHIFT MARGIN SECONDS; prints class, trials, verdicts. */
#include "stat/judge.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_FORKS = 100000, N_LOOKS = 3, FIRST = 10, CASES = 20, MOST_OF_TRIAL = 9 * FIRST }; /* 10, 30, 90 */
struct fork_line {
    char class[16], name[128];
    double seconds, d;
    int disturbed;
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
        n += sscanf(line, "%15[^,],%127[^,],%lf,%lf,%d", out[n].class, out[n].name, &out[n].seconds, &out[n].d,
                    &out[n].disturbed) == 5;
    if (f != NULL)
        (void)fclose(f);
    return n;
}

/* What a trial has drawn, as one round a fork: the rule of disturbed blocks is the judge's own. */
struct drawn {
    double main[MOST_OF_TRIAL], b[MOST_OF_TRIAL];
    bool disturbed[MOST_OF_TRIAL];
    size_t n;
};

static void draw(struct drawn *x, const struct fork_line *f, double shift)
{
    x->main[x->n] = 1;
    x->b[x->n] = exp(f->d + shift);
    x->disturbed[x->n++] = f->disturbed != 0;
}

static struct ridge_shift judge(const struct drawn *x, const struct ridge_judge_rule *rule, size_t *n_disturbed)
{
    double d[MOST_OF_TRIAL];
    const struct ridge_blocks main = {x->n, 1, x->main, NULL}, b = {x->n, 1, x->b, x->disturbed};
    size_t n = ridge_stat_fork_ratios(&main, &b, d, n_disturbed);
    return ridge_stat_shift(d, n, rule);
}

/* One trial from the forks at `from` of the n at v; says how many it used. Among CASES cases, of which the others are as
 * they should be: the strictest step of Benjamini-Hochberg. */
static enum ridge_change trial(const struct fork_line *v, size_t n, size_t from, double shift, double margin, double seconds,
                               size_t *used)
{
    struct drawn x = {.n = 0};
    struct ridge_judge_rule rule = {margin, 0.05 / N_LOOKS, CASES};
    enum ridge_change verdict = RIDGE_CHANGE_INCONCLUSIVE;
    size_t want = FIRST, n_disturbed;
    double spent = 0;
    for (int look = 0; look < N_LOOKS; look++) {
        for (; x.n < want && x.n < n && x.n < MOST_OF_TRIAL && spent + v[(from + x.n) % n].seconds <= seconds;) {
            spent += v[(from + x.n) % n].seconds;
            draw(&x, &v[(from + x.n) % n], shift);
        }
        struct ridge_shift s = judge(&x, &rule, &n_disturbed);
        verdict = ridge_stat_verdict(&s, &rule);
        if (verdict == RIDGE_CHANGE_REGRESSED && s.p_slower > rule.alpha / CASES)
            verdict = RIDGE_CHANGE_INCONCLUSIVE;
        int64_t more = ridge_stat_more_forks(&s, verdict, &rule);
        if (verdict == RIDGE_CHANGE_INCONCLUSIVE && n_disturbed > 0 && more < s.n_forks)
            more = s.n_forks;
        if (more == 0)
            break;
        size_t next = (size_t)ceil((double)more * (double)x.n / (double)s.n_forks);
        want = next > 2 * x.n ? 3 * x.n : x.n + next;
    }
    *used = x.n;
    return verdict;
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
    for (size_t i = 0, end; i < n && n_tallies < 16; i = end) {
        for (end = i; end < n && strcmp(v[end].name, v[i].name) == 0;)
            end++;
        struct tally *one = tally_of(t, &n_tallies, v[i].class);
        for (size_t from = 0, used; from < end - i; from += used > 0 ? used : 1) {
            one->n[trial(v + i, end - i, from, shift, margin, seconds, &used)]++;
            one->trials++;
        }
    }
    for (size_t i = 0; i < n_tallies; i++)
        printf("%s,%zu,%zu,%zu,%zu,%zu\n", t[i].class, t[i].trials, t[i].n[RIDGE_CHANGE_OK], t[i].n[RIDGE_CHANGE_IMPROVED],
               t[i].n[RIDGE_CHANGE_INCONCLUSIVE], t[i].n[RIDGE_CHANGE_REGRESSED]);
    free(v);
    return 0;
}
