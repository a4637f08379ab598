/* Google Benchmark's JSON, one repetition per block: real_time is the block statistic (p10 or median of the
 * block's samples, per run) in ns. Its compare.py pairs entries by name and tests over the repetitions, so a name says
 * all that makes a case what it is; yardsticks are left out, they are not what is compared. */
#include "json_out.h"
#include "reports.h"
#include "view.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void put_context(struct ridge_buf *b, const struct ridge_report_input *in)
{
    char date[48] = "";
    time_t t = (time_t)(in->run->started_utc_ns / 1000000000);
    struct tm tm;
    if (gmtime_r(&t, &tm) != NULL)
        (void)strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S+00:00", &tm);
    const char *host = ridge_kvs_get(&in->run->host, "hostname"), *pus = ridge_kvs_get(&in->run->host, "topology.pus");
    const char *governor = ridge_kvs_get(&in->run->host, "governor");
    ridge_json_open(b, "context", '{');
    ridge_json_str(b, "date", date);
    ridge_json_str(b, "host_name", host ? host : "");
    ridge_json_str(b, "executable", "ridge-worker");
    ridge_json_int(b, "num_cpus", pus ? strtol(pus, NULL, 10) : 0);
    ridge_json_int(b, "mhz_per_cpu", 0);
    ridge_json_bool(b, "cpu_scaling_enabled", governor != NULL && strcmp(governor, "performance") != 0);
    ridge_json_open(b, "caches", '[');
    ridge_json_close(b, ']');
    ridge_json_str(b, "library_build_type", "release");
    ridge_json_str(b, "ridge_version", in->run->version ? in->run->version : "");
    ridge_json_str(b, "ridge_fitness", in->run->fitness ? in->run->fitness : "");
    ridge_json_close(b, '}');
}

static int64_t threads_of(const struct ridge_rd_member *m)
{
    const char *threads = ridge_kvs_get(&m->options, "threads");
    return threads ? strtol(threads, NULL, 10) : 1;
}

static void put_block(struct ridge_buf *b, const struct ridge_rd_member *m, const char *name, int64_t i_family,
                      int64_t i_repetition, size_t n_repetitions, const struct ridge_chunk *c, double ns)
{
    ridge_json_open(b, NULL, '{');
    ridge_json_str(b, "name", name);
    ridge_json_int(b, "family_index", i_family);
    ridge_json_int(b, "per_family_instance_index", 0);
    ridge_json_str(b, "run_name", name);
    ridge_json_str(b, "run_type", "iteration");
    ridge_json_int(b, "repetitions", (int64_t)n_repetitions);
    ridge_json_int(b, "repetition_index", i_repetition);
    ridge_json_int(b, "threads", threads_of(m));
    ridge_json_int(b, "iterations", (int64_t)(c->n - c->n_lead_in) * (c->inner_reps > 0 ? c->inner_reps : 1));
    ridge_json_real(b, "real_time", ns);
    ridge_json_real(b, "cpu_time", ns); /* pinned and busy: wall time stands in, CPU time is not measured */
    ridge_json_str(b, "time_unit", "ns");
    ridge_json_int(b, "fork", c->fork);
    ridge_json_int(b, "round", c->round);
    ridge_json_close(b, '}');
}

static enum ridge_status put_member(struct ridge_buf *b, const struct ridge_report_input *in, const struct ridge_rd_member *m,
                                    const char *name, int64_t i_family, struct ridge_error *err)
{
    struct ridge_chunk *chunks = NULL;
    size_t n = 0, n_blocks = 0;
    enum ridge_status status = ridge_view_chunks(in, m, &chunks, &n, err);
    if (status != RIDGE_OK)
        return status;
    double *ns = ridge_xrealloc_array(NULL, n + 1, sizeof *ns);
    for (size_t c = 0; c < n; c++)
        n_blocks += isfinite(ns[c] = ridge_view_block_ns(&chunks[c], in->run->statistic));
    int64_t i_repetition = 0;
    for (size_t c = 0; c < n; c++) {
        if (isfinite(ns[c]))
            put_block(b, m, name, i_family, i_repetition++, n_blocks, &chunks[c], ns[c]);
        ridge_chunk_deinit(&chunks[c]);
    }
    free(chunks);
    free(ns);
    return RIDGE_OK;
}

static void put_part(struct ridge_buf *b, const char *key, const char *value, const char *usual)
{
    if (value != NULL && value[0] != '\0' && strcmp(value, usual) != 0)
        ridge_buf_printf(b, "/%s%s", key, value);
}

static char *name_of(struct ridge_arena *a, const struct ridge_rd_member *m)
{
    struct ridge_buf b = {0};
    ridge_buf_printf(&b, "%s/%s", m->subject, m->backend);
    put_part(&b, "", ridge_kvs_text(a, &m->options), "");
    put_part(&b, "device=", m->device, "cpu");
    put_part(&b, "target=", m->target, "local");
    put_part(&b, "arm=", m->arm, "main");
    char *name = ridge_arena_strn(a, b.data, b.n);
    ridge_buf_deinit(&b);
    return name;
}

RIDGE_REPORT_WRITER(ridge_report_gbench)
{
    if (!ridge_view_has_samples(in))
        return ridge_fail(err, RIDGE_ERR_USAGE, "gbench", "block statistics need the results file");
    struct ridge_view v;
    enum ridge_status status = RIDGE_OK;
    int64_t i_family = 0;
    ridge_view_init(&v, in);
    ridge_json_open(out, NULL, '{');
    put_context(out, in);
    ridge_json_open(out, "benchmarks", '[');
    for (size_t i = 0; i < v.n_groups && status == RIDGE_OK; i++) {
        const struct ridge_view_group *vg = &v.groups[i];
        for (size_t k = 0; k < vg->n_ranked && status == RIDGE_OK; k++)
            status = put_member(out, in, vg->rows[k].m, name_of(&v.arena, vg->rows[k].m), i_family++, err);
    }
    ridge_json_close(out, ']');
    ridge_json_close(out, '}');
    ridge_buf_puts(out, "\n");
    ridge_view_deinit(&v);
    return status;
}
