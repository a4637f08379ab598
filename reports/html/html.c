/* One self-contained page: no network, works without script, small. */
#include "html.h"
#include "base/os.h"
#include "reports.h"
#include <inttypes.h>
#include <string.h>

/* CSP wants the digest in base64, base has it in hex. */
static void put_csp_hash(struct ridge_buf *b, const char *text)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char hex[65], out[45];
    unsigned char raw[33] = {0};
    ridge_os_sha256(text, strlen(text), hex);
    for (size_t i = 0; i < 32; i++) {
        unsigned high = (unsigned)(hex[2 * i] <= '9' ? hex[2 * i] - '0' : (hex[2 * i] | 32) - 'a' + 10);
        unsigned low = (unsigned)(hex[2 * i + 1] <= '9' ? hex[2 * i + 1] - '0' : (hex[2 * i + 1] | 32) - 'a' + 10);
        raw[i] = (unsigned char)(high << 4 | low);
    }
    for (size_t i = 0; i < 11; i++) { /* 32 bytes: ten full triples and one of two bytes */
        unsigned v = (unsigned)raw[3 * i] << 16 | (unsigned)raw[3 * i + 1] << 8 | raw[3 * i + 2];
        for (size_t k = 0; k < 4; k++)
            out[4 * i + k] = digits[v >> (18 - 6 * k) & 63];
    }
    out[43] = '=';
    out[44] = '\0';
    ridge_buf_printf(b, "'sha256-%s'", out);
}

static void put_head(struct ridge_page *p)
{
    H(p, "<!DOCTYPE html>\n<html lang=en>\n<head>\n<meta charset=utf-8>\n<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; style-src ");
    put_csp_hash(p->b, ridge_html_css);
    H(p, "; script-src ");
    put_csp_hash(p->b, ridge_html_js);
    H(p, "; base-uri 'none'; form-action 'none'\">\n<meta name=viewport content=\"width=device-width,initial-scale=1\">\n"
         "<meta name=color-scheme content=\"light dark\">\n<title>Ridge: ");
    ridge_draw_text(p->b, p->view.in->run->name ? p->view.in->run->name : "run", 80);
    H(p, "</title>\n<style>");
    H(p, ridge_html_css);
    H(p, "</style>\n</head>\n");
}

static void put_banner(struct ridge_page *p)
{
    static const char *const parts[][2] = {{"summary", "Summary"}, {"families", "Families"}, {"winners", "Winners"}, {"subjects", "Each subject"},
                                           {"peak", "Percent of peak"}, {"noise", "Noise"}, {"machine", "Machine"},
                                           {"rerun", "Run it again"}, {"glossary", "Words"}};
    const struct ridge_rd_run *run = p->view.in->run;
    char when[48];
    H(p, "<body>\n<a class=skip href=\"#summary\">Skip to the summary</a>\n<header><div class=title><h1><span>Ridge</span> ");
    ridge_draw_text(p->b, run->name && run->name[0] ? run->name : "run", 120);
    H(p, "</h1><button id=theme class=js hidden aria-label=\"Switch between light and dark\">◐ theme</button></div><p class=dim>");
    const char *cpu = ridge_kvs_get(&run->host, "cpu.model");
    if (cpu) {
        ridge_draw_text(p->b, cpu, 100);
        H(p, " · ");
    }
    F(p, "%s · ", ridge_view_utc(run->started_utc_ns, when, sizeof when));
    if (run->ended_utc_ns > run->started_utc_ns)
        F(p, "took %s · ", ridge_text_format_ns((double)(run->ended_utc_ns - run->started_utc_ns), when, sizeof when));
    F(p, "%zu subject%s, %zu of %zu cases measured, %" PRId64 " samples", p->view.n_groups,
      p->view.n_groups == 1 ? "" : "s", p->view.n_ok, p->view.n_cases, p->view.n_samples);
    if (p->view.in->file != NULL) { /* else the results file was a temporary one */
        F(p, " · run %" PRId64 " of <code>", run->id);
        ridge_draw_text(p->b, p->view.in->file, 120);
        H(p, "</code>");
    }
    H(p, "</p><nav aria-label=\"Parts of this page\">");
    if (p->view.in->judgement != NULL)
        H(p, "<a href=\"#verdict\">Verdict</a> ");
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (p->view.n_families > 0 || strcmp(parts[i][0], "families") != 0)
            F(p, "<a href=\"#%s\">%s</a> ", parts[i][0], parts[i][1]);
    H(p, "</nav></header>\n<main>\n");
}

RIDGE_REPORT_WRITER(ridge_report_html)
{
    (void)err;
    struct ridge_page page = {.b = out}, *p = &page;
    ridge_view_init(&p->view, in);
    ridge_html_relevant(p);
    put_head(p);
    put_banner(p);
    ridge_html_verdict(p);
    ridge_html_summary(p);
    ridge_html_families(p);
    ridge_html_winners(p);
    ridge_html_cards(p);
    ridge_html_peak(p);
    ridge_html_noise(p);
    ridge_html_machine(p);
    ridge_html_rerun(p);
    ridge_html_glossary(p);
    H(p, "</main>\n<footer><p class=dim>Made by ridge ");
    T(p, in->run->version);
    H(p, ". Every figure but the geometric means is a stored row of the results file. Nothing was loaded from the network.</p></footer>\n");
    ridge_html_data(p);
    H(p, "<script>");
    H(p, ridge_html_js);
    H(p, "</script>\n</body>\n</html>\n");
    ridge_view_deinit(&p->view);
    return RIDGE_OK;
}
