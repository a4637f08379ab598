/* make_report KIND REPORT: writes a report of the fixture to stdout; KIND is plain, noisy, hostile, empty, big, or judged,
 * judged-hostile, told: with a verdict. */
#include "report_fixture.h"
#include <stdio.h>

int main(int argc, char **argv)
{
    static const char hostile[] = "</script><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
                                  "'\" onmouseover=document.title='owned' \x1b[31m\n=cmd()|' /C calc'!A0 \xff\xfe &lt; ]]> --> ${1+1} `x`";
    const char *kind = argc > 1 ? argv[1] : "plain";
    const struct ridge_report *report = ridge_report_find(argc > 2 ? argv[2] : "html");
    struct fixture f;
    struct ridge_buf out = {0};
    struct ridge_error err = {0};
    bool big = strcmp(kind, "big") == 0;
    fixture_init(&f, big ? 2000 : strcmp(kind, "empty") == 0 ? 0 : 14, big ? 5 : 6, !big);
    if (strcmp(kind, "hostile") == 0)
        fixture_poison(&f, hostile);
    if (strcmp(kind, "noisy") == 0) {
        f.run.fitness = "noisy";
        f.run.why = "steal 3.2 % of the timed CPU time; 41 of 495 samples disturbed";
        f.run.status = "interrupted";
    }
    if (strstr(kind, "judged") != NULL || strcmp(kind, "told") == 0)
        fixture_judge(&f);
    if (strcmp(kind, "judged-hostile") == 0)
        fixture_poison_judgement(&f, hostile);
    if (strcmp(kind, "told") == 0)
        f.judgement.mode = "compare";
    f.in.color = argc > 3;
    if (report == NULL || report->write(&f.in, &out, &err) != RIDGE_OK) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    fwrite(out.data, 1, out.n, stdout);
    ridge_buf_deinit(&out);
    ridge_arena_deinit(&f.arena);
    return 0;
}
