/* A whole run without its samples: seven statements, whatever the number of cases. */
#include "store/reader.h"
#include "store/db.h"

#include <stdlib.h>
#include <string.h>

struct slot { /* where the member of a group lies */
    int64_t i_group, i_member;
    size_t place;
};
struct loader {
    struct ridge_store *s;
    struct ridge_arena *a;
    struct ridge_intern intern;
    int64_t run_id;
    struct { struct ridge_rd_group *v; size_t n, cap; } groups;
    struct { struct ridge_rd_member *v; size_t n, cap; } members; /* all, group by group */
    struct { int64_t *v; size_t n, cap; } group_of;               /* i_group of members.v[i] */
    struct slot *slots;                                           /* sorted by (i_group, i_member) */
    size_t *first_of_group;                                       /* in members, by index of groups.v */
    size_t last;                                                  /* slot found last */
    struct ridge_error *err;
};
typedef enum ridge_status take_row(struct loader *l, sqlite3_stmt *q);

static enum ridge_status each_row(struct loader *l, const char *sql, take_row *take)
{
    sqlite3_stmt *q;
    bool is_row = true;
    enum ridge_status st = ridge_db_prepare(l->s, sql, &q, l->err);
    if (st == RIDGE_OK)
        ridge_db_bind(q, "i", l->run_id);
    while (st == RIDGE_OK && (st = ridge_db_step(l->s, q, &is_row, l->err)) == RIDGE_OK && is_row)
        st = take(l, q);
    sqlite3_finalize(q);
    return st;
}

static const char *text(struct loader *l, sqlite3_stmt *q, int i)
{
    return ridge_intern(&l->intern, ridge_db_text(q, i));
}
static enum ridge_status kvs(struct loader *l, sqlite3_stmt *q, int i, struct ridge_kvs *out)
{
    if (ridge_json_get_kvs(l->a, ridge_db_text(q, i), out))
        return RIDGE_OK;
    return ridge_fail(l->err, RIDGE_ERR_DB, l->s->path, "%s: %s is not a map of strings: %.80s", l->s->path,
                      sqlite3_column_name(q, i), ridge_db_text(q, i));
}

static enum ridge_status take_group(struct loader *l, sqlite3_stmt *q)
{
    struct ridge_rd_group g = {.i_group = sqlite3_column_int64(q, 0),
                               .title = ridge_arena_str(l->a, ridge_db_text(q, 1)),
                               .stop_reason = text(l, q, 2),
                               .width_ratio = ridge_db_real(q, 3)};
    RIDGE_PUSH(l->groups, g);
    return RIDGE_OK;
}

static enum ridge_status take_member(struct loader *l, sqlite3_stmt *q)
{
    struct ridge_rd_member m = {.i_member = sqlite3_column_int64(q, 1),
                                .case_rowid = sqlite3_column_int64(q, 2),
                                .case_id = ridge_arena_str(l->a, ridge_db_text(q, 3)),
                                .subject = ridge_arena_str(l->a, ridge_db_text(q, 4)),
                                .op = text(l, q, 5),
                                .backend = text(l, q, 8),
                                .device = text(l, q, 9),
                                .target = text(l, q, 10),
                                .arm = text(l, q, 11),
                                .yardstick = sqlite3_column_type(q, 12) == SQLITE_NULL ? NULL : text(l, q, 12),
                                .model = text(l, q, 13),
                                .layer = text(l, q, 14),
                                .flop = sqlite3_column_double(q, 15),
                                .compulsory_bytes = sqlite3_column_double(q, 16),
                                .verdict = "interrupted", /* until a process says otherwise */
                                .reason = "was not measured",
                                .stderr_tail = "",
                                .warm = "",
                                .clock_name = ""};
    enum ridge_status st = kvs(l, q, 6, &m.shape);
    if (st == RIDGE_OK)
        st = kvs(l, q, 7, &m.options);
    RIDGE_PUSH(l->members, m);
    RIDGE_PUSH(l->group_of, sqlite3_column_int64(q, 0));
    return st;
}

static int compare_slots(const void *a, const void *b)
{
    const struct slot *x = a, *y = b;
    if (x->i_group != y->i_group)
        return x->i_group < y->i_group ? -1 : 1;
    return (x->i_member > y->i_member) - (x->i_member < y->i_member);
}

static void index_members(struct loader *l)
{
    l->slots = ridge_xrealloc_array(NULL, l->members.n + 1, sizeof *l->slots);
    l->first_of_group = ridge_xrealloc_array(NULL, l->groups.n + 1, sizeof *l->first_of_group);
    for (size_t i = 0; i < l->members.n; i++)
        l->slots[i] = (struct slot){l->group_of.v[i], l->members.v[i].i_member, i};
    qsort(l->slots, l->members.n, sizeof *l->slots, compare_slots);
    size_t k = 0;
    for (size_t g = 0; g < l->groups.n; g++) {
        l->first_of_group[g] = k;
        while (k < l->members.n && l->group_of.v[k] == l->groups.v[g].i_group)
            k++;
        l->groups.v[g].n_members = k - l->first_of_group[g];
    }
}

static struct ridge_rd_member *find(struct loader *l, int64_t i_group, int64_t i_member)
{
    struct slot key = {i_group, i_member, 0};
    if (l->last >= l->members.n || compare_slots(&key, &l->slots[l->last]) != 0) {
        struct slot *hit = bsearch(&key, l->slots, l->members.n, sizeof key, compare_slots);
        if (hit == NULL)
            return NULL;
        l->last = (size_t)(hit - l->slots);
    }
    return &l->members.v[l->slots[l->last].place];
}

/* how bad: the worst verdict over the forks is the member's */
static int badness(const char *verdict)
{
    static const char *const order[] = {"ok", "interrupted", "unsupported", "timeout", "failed", "oom", "crashed",
                                        "wrong"};
    for (int i = 0; i < (int)(sizeof order / sizeof order[0]); i++)
        if (strcmp(order[i], verdict) == 0)
            return i;
    return 99;
}

/* Conditions are the first process's; of its answer's digest the other processes have a say. */
static void mix_digest(struct loader *l, sqlite3_stmt *q, struct ridge_rd_member *m)
{
    const char *first = ridge_kvs_get(&m->conditions, "output_digest");
    if (first != NULL && sqlite3_column_type(q, 11) != SQLITE_NULL && strcmp(first, ridge_db_text(q, 11)) != 0)
        ridge_kvs_set(l->a, &m->conditions, "output_digest", RIDGE_RD_DIGEST_VARIES);
}

static enum ridge_status take_process(struct loader *l, sqlite3_stmt *q)
{
    struct ridge_rd_member *m = find(l, sqlite3_column_int64(q, 0), sqlite3_column_int64(q, 1));
    const char *verdict = text(l, q, 2);
    if (m == NULL)
        return RIDGE_OK;
    bool is_first = m->inner_reps == 0;
    if (!is_first)
        mix_digest(l, q, m);
    if (!is_first && badness(verdict) <= badness(m->verdict))
        return RIDGE_OK;
    m->verdict = verdict;
    m->reason = ridge_arena_str(l->a, ridge_db_text(q, 3));
    m->stderr_tail = ridge_arena_str(l->a, ridge_db_text(q, 4));
    if (!is_first)
        return RIDGE_OK;
    m->warm = text(l, q, 5);
    m->clock_name = text(l, q, 6);
    m->clock_cost_ns = ridge_db_real(q, 7);
    m->clock_resolution_ns = ridge_db_real(q, 8);
    m->inner_reps = sqlite3_column_int64(q, 9) > 0 ? sqlite3_column_int64(q, 9) : 1;
    return kvs(l, q, 10, &m->conditions);
}

static enum ridge_status take_count(struct loader *l, sqlite3_stmt *q)
{
    struct ridge_rd_member *m = find(l, sqlite3_column_int64(q, 0), sqlite3_column_int64(q, 1));
    if (m == NULL)
        return RIDGE_OK;
    int64_t n_rounds = sqlite3_column_int64(q, 3);
    m->n_forks++;
    m->n_rounds = n_rounds > m->n_rounds ? n_rounds : m->n_rounds;
    m->n_samples += sqlite3_column_int64(q, 4);
    return RIDGE_OK;
}

/* Rows come member by member in the dictionary's order. */
static enum ridge_status take_metric(struct loader *l, sqlite3_stmt *q)
{
    struct ridge_rd_member *m = find(l, sqlite3_column_int64(q, 0), sqlite3_column_int64(q, 1));
    if (m == NULL)
        return RIDGE_OK;
    if (m->n_metrics % 32 == 0) {
        struct ridge_metric *v = ridge_arena_array(l->a, m->n_metrics + 32, sizeof *v);
        if (m->n_metrics > 0)
            memcpy(v, m->metrics, m->n_metrics * sizeof *v);
        m->metrics = v;
    }
    m->metrics[m->n_metrics++] =
        (struct ridge_metric){.name = text(l, q, 2),
                              .value = ridge_db_real(q, 3),
                              .low = ridge_db_real(q, 4),
                              .high = ridge_db_real(q, 5),
                              .n = sqlite3_column_int64(q, 6),
                              .unit = text(l, q, 7),
                              .source = text(l, q, 8),
                              .rule = text(l, q, 9),
                              .refused = sqlite3_column_type(q, 10) == SQLITE_NULL ? NULL : text(l, q, 10),
                              .n_forks = sqlite3_column_int64(q, 11)};
    return RIDGE_OK;
}

static struct ridge_rd_group *group_at(struct loader *l, int64_t i_group, size_t *index)
{
    for (size_t low = 0, high = l->groups.n; low < high;) {
        size_t mid = low + (high - low) / 2;
        if (l->groups.v[mid].i_group == i_group) {
            *index = mid;
            return &l->groups.v[mid];
        }
        if (l->groups.v[mid].i_group < i_group)
            low = mid + 1;
        else
            high = mid;
    }
    return NULL;
}

static enum ridge_status take_comparison(struct loader *l, sqlite3_stmt *q)
{
    size_t index = 0;
    int64_t i_group = sqlite3_column_int64(q, 0);
    struct ridge_rd_group *g = group_at(l, i_group, &index);
    struct ridge_rd_member *a = find(l, i_group, sqlite3_column_int64(q, 1));
    struct ridge_rd_member *b = find(l, i_group, sqlite3_column_int64(q, 2));
    if (g == NULL || a == NULL || b == NULL)
        return RIDGE_OK;
    const struct ridge_rd_member *first = &l->members.v[l->first_of_group[index]];
    if ((g->n_comparisons & (g->n_comparisons + 1)) == 0 || g->n_comparisons == 0) { /* grow at 0, 1, 3, 7, ... */
        struct ridge_comparison *v = ridge_arena_array(l->a, 2 * g->n_comparisons + 1, sizeof *v);
        if (g->n_comparisons > 0)
            memcpy(v, g->comparisons, g->n_comparisons * sizeof *v);
        g->comparisons = v;
    }
    g->comparisons[g->n_comparisons++] = (struct ridge_comparison){.i_member_a = (size_t)(a - first),
                                                                   .i_member_b = (size_t)(b - first),
                                                                   .estimator = text(l, q, 3),
                                                                   .ratio = ridge_db_real(q, 4),
                                                                   .low = ridge_db_real(q, 5),
                                                                   .high = ridge_db_real(q, 6),
                                                                   .n_pairs = sqlite3_column_int64(q, 7),
                                                                   .n_forks = sqlite3_column_int64(q, 8),
                                                                   .paired = sqlite3_column_int64(q, 9) != 0,
                                                                   .note = text(l, q, 10)};
    return RIDGE_OK;
}

static enum ridge_status take_family(struct loader *l, sqlite3_stmt *q)
{
    struct ridge_rd_member *m = find(l, sqlite3_column_int64(q, 0), sqlite3_column_int64(q, 1));
    if (m == NULL)
        return RIDGE_OK;
    m->families = ridge_arena_grown(l->a, m->families, m->n_families, sizeof *m->families);
    m->families[m->n_families++] = text(l, q, 2);
    return RIDGE_OK;
}

static const char group_sql[] =
    "SELECT i_group, title, stop_reason, width_ratio FROM group_row WHERE run_id = ?1 ORDER BY i_group";
static const char member_sql[] =
    "SELECT g.i_group, g.i_member, c.id, c.case_id, c.subject, c.op, c.shape_json, c.options_json, c.backend, c.device, "
    "c.target, m.arm, m.yardstick, m.model, m.layer, m.flop, m.compulsory_bytes FROM group_member g "
    "JOIN member m ON m.run_id = g.run_id AND m.i_member = g.i_member JOIN bench_case c ON c.id = m.case_rowid "
    "WHERE g.run_id = ?1 ORDER BY g.i_group, g.place";
static const char process_sql[] =
    "SELECT g.i_group, g.i_member, p.verdict, p.reason, p.stderr_tail, p.warm, p.clock_name, p.clock_cost_ns, "
    "p.clock_resolution_ns, p.inner_reps, p.conditions_json, p.conditions_json ->> 'output_digest' "
    "FROM group_member g JOIN process p ON p.run_id = g.run_id AND p.i_member = g.i_member AND p.attempt = 0 "
    "WHERE g.run_id = ?1 ORDER BY g.i_group, g.place, p.fork";
static const char count_sql[] =
    "SELECT i_group, i_member, fork, count(*), sum(n - n_lead_in) FROM chunk WHERE run_id = ?1 AND attempt = 0 "
    "GROUP BY i_member, i_group, fork";
static const char metric_sql[] =
    "SELECT m.i_group, m.i_member, d.name, m.value, m.low, m.high, m.n, m.unit, m.source, m.rule, m.refused, m.n_forks "
    "FROM metric m JOIN metric_def d ON d.id = m.metric_id WHERE m.run_id = ?1 AND m.scope = 'case' "
    "ORDER BY m.i_group, m.i_member, d.place, d.id";
static const char comparison_sql[] =
    "SELECT i_group, i_member_a, i_member_b, estimator, ratio, low, high, n_pairs, n_forks, paired, note "
    "FROM comparison WHERE run_id = ?1 ORDER BY i_group, i_member_a, i_member_b";

static const char family_sql[] =
    "SELECT g.i_group, g.i_member, f.family FROM group_member g JOIN member_family f ON f.run_id = g.run_id "
    "AND f.i_member = g.i_member WHERE g.run_id = ?1 ORDER BY g.i_group, g.i_member, f.place";

static void hand_over(struct loader *l, struct ridge_rd_group **out, size_t *n)
{
    struct ridge_rd_member *members = ridge_arena_array(l->a, l->members.n + 1, sizeof *members);
    if (l->members.n > 0)
        memcpy(members, l->members.v, l->members.n * sizeof *members);
    for (size_t g = 0; g < l->groups.n; g++)
        l->groups.v[g].members = members + l->first_of_group[g];
    *out = ridge_arena_array(l->a, l->groups.n + 1, sizeof **out);
    if (l->groups.n > 0)
        memcpy(*out, l->groups.v, l->groups.n * sizeof **out);
    *n = l->groups.n;
}

static enum ridge_status load(struct loader *l)
{
    static const struct {
        const char *sql;
        take_row *take;
    } rest[] = {{process_sql, take_process}, {count_sql, take_count}, {metric_sql, take_metric},
                {comparison_sql, take_comparison}, {family_sql, take_family}};
    enum ridge_status st = each_row(l, group_sql, take_group);
    if (st == RIDGE_OK)
        st = each_row(l, member_sql, take_member);
    if (st == RIDGE_OK)
        index_members(l);
    for (size_t i = 0; st == RIDGE_OK && i < sizeof rest / sizeof rest[0]; i++)
        st = each_row(l, rest[i].sql, rest[i].take);
    return st;
}

enum ridge_status ridge_read_groups(struct ridge_store *s, struct ridge_arena *a, int64_t run_id,
                                    struct ridge_rd_group **out, size_t *n, struct ridge_error *err)
{
    struct loader l = {.s = s, .a = a, .intern = {.arena = a}, .run_id = run_id, .err = err};
    *out = NULL;
    *n = 0;
    /* one read transaction: a writer between two statements must not show */
    bool is_mine = sqlite3_get_autocommit(s->db) != 0;
    enum ridge_status st = is_mine ? ridge_db_exec(s, "BEGIN", "read", err) : RIDGE_OK;
    if (st == RIDGE_OK)
        st = load(&l);
    if (is_mine && !sqlite3_get_autocommit(s->db))
        (void)sqlite3_exec(s->db, "COMMIT", NULL, NULL, NULL);
    if (st == RIDGE_OK)
        hand_over(&l, out, n);
    free(l.groups.v);
    free(l.members.v);
    free(l.group_of.v);
    free(l.slots);
    free(l.first_of_group);
    return st;
}
