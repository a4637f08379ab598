#include "worker/serve.h"
#include "base/log.h"
#include "base/os.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { READ_BYTES = 65536 };
enum next { GO_ON, LEAVE };

static enum next send_message(struct ridge_worker *w, const struct ridge_message *m)
{
    struct ridge_buf b = {0};
    ridge_wire_encode(&b, m);
    size_t at = 0;
    while (at < b.n) {
        ssize_t n = write(w->out_fd, b.data + at, b.n - at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        at += (size_t)n;
    }
    enum next next = at == b.n ? GO_ON : LEAVE; /* the harness is gone */
    ridge_buf_deinit(&b);
    return next;
}
static enum next send_error(struct ridge_worker *w, enum ridge_verdict verdict, const char *text)
{
    struct ridge_message m = {.type = RIDGE_MSG_ERROR, .u.error = {ridge_verdict_text(verdict), text}};
    return send_message(w, &m);
}

static enum next on_hello(struct ridge_worker *w, struct ridge_message *in)
{
    const struct ridge_msg_hello *ask = &in->u.hello;
    int64_t wire = ask->max_wire < RIDGE_WIRE_VERSION ? ask->max_wire : RIDGE_WIRE_VERSION;
    if (wire < ask->min_wire || wire < RIDGE_WIRE_OLDEST)
        return send_error(w, RIDGE_VERDICT_UNSUPPORTED,
                          ridge_arena_printf(&in->arena, "this worker knows wire versions %d to %d, not %lld to %lld",
                                             RIDGE_WIRE_OLDEST, RIDGE_WIRE_VERSION, (long long)ask->min_wire,
                                             (long long)ask->max_wire));
    char boot_id[64] = "";
    (void)ridge_os_read_small("/proc/sys/kernel/random/boot_id", boot_id, sizeof boot_id);
    struct ridge_message out = {.type = RIDGE_MSG_HELLO};
    struct ridge_msg_hello *h = &out.u.hello;
    *h = (struct ridge_msg_hello){.wire = wire, .worker = "ridge-worker", .version = RIDGE_WORKER_VERSION,
                                  .boot_id = boot_id, .pid = getpid()};
    h->host = ridge_host_fingerprint(&in->arena);
    h->host_class = ridge_host_class(&in->arena, &h->host);
    h->topology = ridge_host_topology_text(&in->arena);
    return send_message(w, &out);
}
static enum next on_describe(struct ridge_worker *w, struct ridge_message *in)
{
    (void)in;
    struct ridge_message out = {.type = RIDGE_MSG_CATALOGUE};
    out.u.catalogue = ridge_worker_describe(&w->plugins);
    enum next next = send_message(w, &out);
    ridge_message_deinit(&out);
    return next;
}
static enum next on_cost(struct ridge_worker *w, struct ridge_message *in)
{
    ridge_worker_cost(&w->plugins, &in->arena, in->u.cost.v, in->u.cost.n);
    struct ridge_message out = {.type = RIDGE_MSG_COSTS};
    out.u.cost.v = in->u.cost.v;
    out.u.cost.n = in->u.cost.n;
    return send_message(w, &out);
}
static void drop_case(struct ridge_worker *w)
{
    ridge_case_deinit(&w->held);
    w->is_loaded = false;
}
static enum next on_load(struct ridge_worker *w, struct ridge_message *in)
{
    struct ridge_message out = {.type = RIDGE_MSG_LOADED};
    drop_case(w);
    ridge_case_load(&w->held, &w->plugins, &in->u.load, &out.u.loaded);
    w->is_loaded = out.u.loaded.verdict == RIDGE_VERDICT_OK;
    return send_message(w, &out);
}
static enum next on_go(struct ridge_worker *w, struct ridge_message *in)
{
    struct ridge_message out = {.type = RIDGE_MSG_SAMPLES};
    struct ridge_error err = {0};
    if (!w->is_loaded)
        return send_error(w, RIDGE_VERDICT_FAILED, "go before a successful load");
    enum ridge_status status = ridge_case_go(&w->held, &in->u.go, &out.u.samples, &err);
    enum next next = status == RIDGE_OK ? send_message(w, &out)
                                        : send_error(w, ridge_case_verdict(status), err.text);
    ridge_message_deinit(&out);
    return next;
}
static enum next on_check(struct ridge_worker *w, struct ridge_message *in)
{
    (void)in;
    struct ridge_message out = {.type = RIDGE_MSG_CHECKED};
    if (!w->is_loaded)
        return send_error(w, RIDGE_VERDICT_FAILED, "check before a successful load");
    ridge_case_check(&w->held, &out.u.loaded);
    return send_message(w, &out);
}
static enum next on_bye(struct ridge_worker *w, struct ridge_message *in)
{
    (void)in;
    drop_case(w);
    struct ridge_message out = {.type = RIDGE_MSG_BYE};
    (void)send_message(w, &out);
    return LEAVE;
}
static enum next (*const handlers[RIDGE_MSG_UNKNOWN])(struct ridge_worker *, struct ridge_message *) = {
    [RIDGE_MSG_HELLO] = on_hello, [RIDGE_MSG_DESCRIBE] = on_describe, [RIDGE_MSG_COST] = on_cost,
    [RIDGE_MSG_LOAD] = on_load,   [RIDGE_MSG_GO] = on_go,             [RIDGE_MSG_CHECK] = on_check,
    [RIDGE_MSG_BYE] = on_bye,
};
static enum next on_line(struct ridge_worker *w, const char *line, size_t n)
{
    struct ridge_message m;
    struct ridge_error err = {0};
    if (ridge_wire_decode(line, n, &m, &err) != RIDGE_OK)
        return send_error(w, RIDGE_VERDICT_FAILED, err.text);
    enum next next = GO_ON;
    if (m.type < RIDGE_MSG_UNKNOWN && handlers[m.type] != NULL)
        next = handlers[m.type](w, &m);
    else
        next = send_error(w, RIDGE_VERDICT_UNSUPPORTED, "this worker does not know messages of that type");
    ridge_message_deinit(&m);
    return next;
}
/* Uses every whole line in the buffer and keeps the rest. */
static enum next use_lines(struct ridge_worker *w)
{
    size_t at = 0;
    enum next next = GO_ON;
    char *end;
    while (next == GO_ON && at < w->line.n && (end = memchr(w->line.data + at, '\n', w->line.n - at)) != NULL) {
        size_t n = (size_t)(end - (w->line.data + at));
        if (n > 0)
            next = on_line(w, w->line.data + at, n);
        at += n + 1;
    }
    if (at > 0) {
        memmove(w->line.data, w->line.data + at, w->line.n - at);
        w->line.n -= at;
    }
    if (w->line.n > RIDGE_WIRE_MAX_LINE_BYTES) {
        (void)send_error(w, RIDGE_VERDICT_FAILED, "a line is longer than 64 MiB");
        return LEAVE;
    }
    return next;
}
int ridge_worker_serve(struct ridge_worker *w)
{
    char *chunk = ridge_xmalloc(READ_BYTES);
    enum next next = GO_ON;
    while (next == GO_ON) {
        ssize_t n = read(w->in_fd, chunk, READ_BYTES); /* parked */
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        ridge_buf_put(&w->line, chunk, (size_t)n);
        next = use_lines(w);
    }
    free(chunk);
    drop_case(w);
    ridge_buf_deinit(&w->line);
    ridge_plugins_deinit(&w->plugins);
    return 0;
}
