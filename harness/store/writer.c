/* Runs and processes. */
#include "store/writer.h"
#include "store/db.h"
#include "base/os.h"

#include <string.h>

static enum ridge_status put_host(struct ridge_store *s, const struct ridge_run_info *info, int64_t *host_id,
                                  struct ridge_error *err)
{
    struct ridge_buf json = {0}, all = {0};
    char digest[65];
    sqlite3_stmt *q = NULL;
    bool is_row = false;
    ridge_json_put_kvs(&json, info->host);
    ridge_buf_printf(&all, "%s\n%s\n%s", json.data, info->host_class ? info->host_class : "",
                     info->topology ? info->topology : "");
    ridge_os_sha256(all.data, all.n, digest);
    enum ridge_status st = ridge_db_prepare(s,
        "INSERT INTO host (digest, fingerprint_json, class, topology) VALUES (?1, ?2, ?3, ?4) "
        "ON CONFLICT (digest) DO UPDATE SET class = class RETURNING id", &q, err);
    if (st == RIDGE_OK) {
        ridge_db_bind(q, "tttt", digest, json.data, info->host_class, info->topology);
        st = ridge_db_step(s, q, &is_row, err);
        *host_id = is_row ? sqlite3_column_int64(q, 0) : 0;
    }
    sqlite3_finalize(q);
    ridge_buf_deinit(&json);
    ridge_buf_deinit(&all);
    return st;
}

static enum ridge_status put_run(struct ridge_store *s, const struct ridge_run_info *info, int64_t host_id,
                                 struct ridge_error *err)
{
    const struct ridge_plan *p = info->plan;
    struct ridge_buf defaults = {0};
    sqlite3_stmt *q;
    ridge_json_put_kvs(&defaults, info->defaults);
    enum ridge_status st = ridge_db_prepare(s,
        "INSERT INTO run (host_id, name, suite_path, suite_text, suite_sha256, catalogue_digest, command, version, "
        "boot_id, seed, forks, rounds, statistic, n_cases, n_groups, started_utc_ns, owner, settings_words, set_words, "
        "defaults_json, status) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, 'running')", &q, err);
    if (st == RIDGE_OK) {
        ridge_db_bind(q, "itttttttt" "iii" "t" "iii" "tttt", host_id, info->name, info->suite_path, info->suite_text,
                      info->suite_sha256, info->catalogue_digest, info->command, info->version, info->boot_id,
                      (int64_t)info->seed, p->settings.forks, p->settings.rounds, p->settings.statistic,
                      (int64_t)p->n_cases, (int64_t)p->n_groups, info->started_utc_ns, info->owner, info->settings_words, info->set_words,
                      defaults.data);
        st = ridge_db_run(s, q, err);
    }
    sqlite3_finalize(q);
    ridge_buf_deinit(&defaults);
    return st;
}

enum ridge_status ridge_store_begin_run(struct ridge_store *s, const struct ridge_run_info *info,
                                        int64_t *run_id, struct ridge_error *err)
{
    int64_t host_id = 0;
    *run_id = 0;
    enum ridge_status st = ridge_db_begin(s, err);
    if (st != RIDGE_OK)
        return st;
    st = put_host(s, info, &host_id, err);
    if (st == RIDGE_OK)
        st = put_run(s, info, host_id, err);
    int64_t id = sqlite3_last_insert_rowid(s->db);
    if (st == RIDGE_OK)
        st = ridge_db_put_plan(s, id, info->plan, err);
    st = ridge_db_end(s, st, err);
    if (st == RIDGE_OK)
        *run_id = id;
    return st;
}

static void bind_process(sqlite3_stmt *q, int64_t run_id, const struct ridge_process *p)
{
    struct ridge_buf phases = {0}, facts = {0}, conditions = {0};
    ridge_buf_puts(&phases, "{");
    for (size_t i = 0; i < p->n_phases; i++)
        ridge_json_put_number(&phases, i == 0, p->phases[i].name, (double)p->phases[i].duration_ns);
    ridge_buf_puts(&phases, "}");
    ridge_buf_puts(&facts, "{");
    for (size_t i = 0; i < p->n_facts; i++)
        ridge_json_put_number(&facts, i == 0, p->facts[i].name, p->facts[i].value);
    ridge_buf_puts(&facts, "}");
    ridge_json_put_kvs(&conditions, &p->conditions);
    ridge_db_bind(q, "iiii" "ttt" "i" "tt" "dd" "i" "ttt", run_id, (int64_t)p->i_member, p->fork,
                  (int64_t)p->layout_seed, ridge_verdict_text(p->verdict), p->reason, p->stderr_tail,
                  (int64_t)p->term_signal, p->warm, p->clock_name, p->clock_cost_ns, p->clock_resolution_ns,
                  p->inner_reps, phases.data, conditions.data, facts.data);
    ridge_buf_deinit(&phases);
    ridge_buf_deinit(&facts);
    ridge_buf_deinit(&conditions);
}

enum ridge_status ridge_store_process(struct ridge_store *s, int64_t run_id, const struct ridge_process *p,
                                      struct ridge_error *err)
{
    sqlite3_stmt *q = NULL;
    enum ridge_status st = ridge_db_begin(s, err);
    if (st != RIDGE_OK)
        return st;
    st = ridge_db_prepare(s,
        "INSERT OR REPLACE INTO process (run_id, i_member, fork, layout_seed, verdict, reason, stderr_tail, "
        "term_signal, warm, clock_name, clock_cost_ns, clock_resolution_ns, inner_reps, phases_json, "
        "conditions_json, facts_json) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)", &q, err);
    if (st == RIDGE_OK) {
        bind_process(q, run_id, p);
        st = ridge_db_run(s, q, err);
    }
    sqlite3_finalize(q);
    return ridge_db_end(s, st, err);
}

enum ridge_status ridge_store_end_run(struct ridge_store *s, int64_t run_id, const char *status,
                                      const char *fitness, const char *why, struct ridge_error *err)
{
    sqlite3_stmt *q = NULL;
    enum ridge_status st = ridge_db_begin(s, err);
    if (st != RIDGE_OK)
        return st;
    st = ridge_db_prepare(s,
        "UPDATE run SET status = ?2, fitness = ?3, why = ?4, ended_utc_ns = ?5 WHERE id = ?1", &q, err);
    if (st == RIDGE_OK) {
        ridge_db_bind(q, "ittti", run_id, status, fitness, why, (int64_t)ridge_os_realtime_ns());
        st = ridge_db_run(s, q, err);
    }
    sqlite3_finalize(q);
    st = ridge_db_end(s, st, err);
    if (st == RIDGE_OK && !s->is_network) /* a reader may hold it back: the next close does it then */
        (void)sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    return st;
}
