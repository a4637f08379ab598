/* Every raw sample, one object a line. `lead_in` samples are outside the statistics; duration_ns is the
 * whole sample, one run took duration_ns / inner_reps. */
#include "json_out.h"
#include "reports.h"
#include "view.h"
#include <stdlib.h>

static int64_t value_at(const struct ridge_column *c, size_t i)
{
    return c->type == RIDGE_COL_U8 ? ((const uint8_t *)c->data)[i] : ((const int64_t *)c->data)[i];
}

static enum ridge_status put_chunk(const struct ridge_report_input *in, struct ridge_buf *b,
                                   const struct ridge_rd_member *m, const struct ridge_chunk *c, struct ridge_error *err)
{
    enum ridge_status status = RIDGE_OK;
    const bool is_disturbed = ridge_chunk_is_disturbed(c);
    for (size_t i = 0; i < c->n && status == RIDGE_OK; i++) {
        ridge_json_open(b, NULL, '{');
        ridge_json_int(b, "run", in->run->id);
        ridge_json_str(b, "case", m->case_id);
        ridge_json_str(b, "subject", m->subject);
        ridge_json_str(b, "backend", m->backend);
        ridge_json_str(b, "arm", m->arm);
        ridge_json_int(b, "fork", c->fork);
        ridge_json_int(b, "round", c->round);
        ridge_json_int(b, "order", c->order);
        ridge_json_int(b, "sample", (int64_t)i);
        ridge_json_bool(b, "lead_in", i < c->n_lead_in);
        ridge_json_bool(b, "block_disturbed", is_disturbed);
        ridge_json_int(b, "inner_reps", c->inner_reps);
        for (size_t k = 0; k < c->n_columns; k++)
            ridge_json_int(b, c->columns[k].name, value_at(&c->columns[k], i));
        ridge_json_close(b, '}');
        ridge_buf_puts(b, "\n");
        status = ridge_report_flush(in, b, err); /* millions of lines do not fit memory */
    }
    return status;
}

RIDGE_REPORT_WRITER(ridge_report_ndjson)
{
    if (!ridge_view_has_samples(in))
        return ridge_fail(err, RIDGE_ERR_USAGE, "ndjson", "raw samples need the results file");
    for (size_t i = 0; i < in->n_groups; i++)
        for (size_t k = 0; k < in->groups[i].n_members; k++) {
            const struct ridge_rd_member *m = &in->groups[i].members[k];
            struct ridge_chunk *chunks = NULL;
            size_t n = 0;
            enum ridge_status status = ridge_view_chunks(in, m, &chunks, &n, err);
            if (status != RIDGE_OK)
                return status;
            for (size_t c = 0; c < n; c++) {
                if (status == RIDGE_OK)
                    status = put_chunk(in, out, m, &chunks[c], err);
                ridge_chunk_deinit(&chunks[c]);
            }
            free(chunks);
            if (status != RIDGE_OK)
                return status;
        }
    return RIDGE_OK;
}
