/* Going on with a run: its unit is the fork of a group. Half forks are kept as another attempt. */
#include "store/db.h"
#include "store/writer.h"
#include "base/os.h"

#include <inttypes.h>
#include <string.h>

static enum ridge_status refuse_live(struct ridge_store *s, int64_t run_id, const char *owner, struct ridge_error *err)
{
    if (!ridge_os_process_lives(owner))
        return RIDGE_OK;
    return ridge_fail(err, RIDGE_ERR_USAGE, s->path,
                      "%s: run %" PRId64 " is being measured by process %.*s; wait for it, or end it and resume then",
                      s->path, run_id, (int)strcspn(owner, ":"), owner);
}

/* What a run stored of its plan, in the plan's order: indexes are how rows are found. */
struct stored_list {
    const char *sql; /* one text a row; ?1: the run */
    const char *(*text)(const struct ridge_plan *plan, size_t i);
};

static const char *group_text(const struct ridge_plan *plan, size_t i)
{
    return i < plan->n_groups ? plan->groups[i].id : NULL;
}

static const char *arm_text(const struct ridge_plan *plan, size_t i)
{
    return i < plan->n_members ? plan->arms[plan->members[i].i_arm].name : NULL;
}

static enum ridge_status same_list(struct ridge_store *s, int64_t run_id, const struct ridge_plan *plan, const struct stored_list *list,
                                   bool *is_same, struct ridge_error *err)
{
    sqlite3_stmt *q;
    size_t n = 0;
    bool is_row = true;
    *is_same = true;
    enum ridge_status st = ridge_db_prepare(s, list->sql, &q, err);
    if (st == RIDGE_OK)
        ridge_db_bind(q, "i", run_id);
    while (st == RIDGE_OK && *is_same && (st = ridge_db_step(s, q, &is_row, err)) == RIDGE_OK && is_row) {
        const char *text = list->text(plan, n++);
        *is_same = text != NULL && strcmp(ridge_db_text(q, 0), text) == 0;
    }
    sqlite3_finalize(q);
    *is_same = *is_same && list->text(plan, n) == NULL;
    return st;
}

/* The groups must be the plan's, and the members too: a run without the control arm cannot get one later. */
static enum ridge_status same_plan(struct ridge_store *s, int64_t run_id, const struct ridge_plan *plan, bool *is_same,
                                   struct ridge_error *err)
{
    static const struct stored_list lists[] = {{"SELECT group_id FROM group_row WHERE run_id = ?1 ORDER BY i_group", group_text},
                                               {"SELECT arm FROM member WHERE run_id = ?1 ORDER BY i_member", arm_text}};
    enum ridge_status st = RIDGE_OK;
    *is_same = true;
    for (size_t i = 0; i < sizeof lists / sizeof lists[0] && st == RIDGE_OK && *is_same; i++)
        st = same_list(s, run_id, plan, &lists[i], is_same, err);
    return st;
}

/* The latest that can go on: a later one of other members (a filter, no control arm) is not in its way. */
static enum ridge_status find_run(struct ridge_store *s, const struct ridge_run_info *info, int64_t *run_id,
                                  struct ridge_error *err)
{
    sqlite3_stmt *q;
    bool is_row = true;
    *run_id = 0;
    enum ridge_status st = ridge_db_prepare(s,
        "SELECT id, owner FROM run WHERE status IN ('running', 'interrupted') AND suite_text = ?1 AND catalogue_digest = ?2 "
        "AND boot_id = ?3 AND n_groups = ?4 ORDER BY id DESC", &q, err);
    if (st == RIDGE_OK)
        ridge_db_bind(q, "ttti", info->suite_text, info->catalogue_digest, info->boot_id,
                      (int64_t)info->plan->n_groups);
    while (st == RIDGE_OK && *run_id == 0 && (st = ridge_db_step(s, q, &is_row, err)) == RIDGE_OK && is_row) {
        int64_t id = sqlite3_column_int64(q, 0);
        bool is_same = false;
        st = same_plan(s, id, info->plan, &is_same, err);
        if (st != RIDGE_OK || !is_same)
            continue;
        *run_id = id;
        st = refuse_live(s, id, ridge_db_text(q, 1), err);
    }
    sqlite3_finalize(q);
    return st;
}

static enum ridge_status set_half_forks_aside(struct ridge_store *s, int64_t run_id, const char *owner,
                                              struct ridge_error *err)
{
    static const char *const statements[] = {
        "UPDATE run SET status = 'running', ended_utc_ns = 0, n_resumed = n_resumed + 1, owner = ?2 WHERE id = ?1",
        "UPDATE chunk SET attempt = (SELECT n_resumed FROM run WHERE id = ?1) WHERE run_id = ?1 AND attempt = 0 "
        "AND NOT EXISTS (SELECT 1 FROM fork_row f WHERE f.run_id = ?1 AND f.i_group = chunk.i_group "
        "AND f.fork = chunk.fork)",
        "UPDATE process SET attempt = (SELECT n_resumed FROM run WHERE id = ?1), verdict = 'interrupted' "
        "WHERE run_id = ?1 AND attempt = 0 AND NOT EXISTS (SELECT 1 FROM group_member g JOIN fork_row f "
        "ON f.run_id = g.run_id AND f.i_group = g.i_group WHERE g.run_id = ?1 "
        "AND g.i_member = process.i_member AND f.fork = process.fork)",
    };
    enum ridge_status st = RIDGE_OK;
    for (size_t i = 0; st == RIDGE_OK && i < sizeof statements / sizeof statements[0]; i++) {
        sqlite3_stmt *q;
        st = ridge_db_prepare(s, statements[i], &q, err);
        if (st == RIDGE_OK) {
            ridge_db_bind(q, i == 0 ? "it" : "i", run_id, owner);
            st = ridge_db_run(s, q, err);
        }
        sqlite3_finalize(q);
    }
    return st;
}

enum ridge_status ridge_store_resume_run(struct ridge_store *s, const struct ridge_run_info *info,
                                         int64_t *run_id, struct ridge_error *err)
{
    int64_t id = 0;
    *run_id = 0;
    enum ridge_status st = ridge_db_begin(s, err);
    if (st != RIDGE_OK)
        return st;
    st = find_run(s, info, &id, err);
    if (st == RIDGE_OK && id != 0)
        st = set_half_forks_aside(s, id, info->owner, err);
    st = ridge_db_end(s, st, err);
    if (st == RIDGE_OK)
        *run_id = id;
    return st;
}

bool ridge_store_fork_done(struct ridge_store *s, int64_t run_id, size_t i_group, int64_t fork)
{
    sqlite3_stmt *q;
    bool is_row = false;
    if (ridge_db_prepare(s, "SELECT 1 FROM fork_row WHERE run_id = ?1 AND i_group = ?2 AND fork = ?3", &q, NULL) ==
        RIDGE_OK) {
        ridge_db_bind(q, "iii", run_id, (int64_t)i_group, fork);
        if (ridge_db_step(s, q, &is_row, NULL) != RIDGE_OK)
            is_row = false; /* unknown: measure it again */
    }
    sqlite3_finalize(q);
    return is_row;
}
