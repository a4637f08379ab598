/* The verbs as rows. --help, the man page, the completion and the parser read these tables only. */
#include "cli.h"

#define N_ROWS(t) (sizeof(t) / sizeof(t)[0])
#define HELP_ROW {"--help", 'h', NULL, NULL, "say how it is used, examples first"}
#define NO_COLOR_ROW {"--no-color", 0, NULL, NULL, "no colours (also: NO_COLOR, TERM=dumb)"}
#define JSON_ROW {"--json", 0, NULL, NULL, "print JSON instead of text"}
#define SET_ROW                                                                                    \
    {"--set", 0, "KEY=VALUE", NULL, "override a default, a setting or a matrix axis; may be repeated"}
#define FILTER_ROW                                                                                 \
    {"--filter", 0, "KEY=GLOB,...", NULL, "keep only cases whose keys all match, as backend=open*,threads=1"}

const struct ridge_cli_option ridge_cli_global_options[] = {
    HELP_ROW,
    {"--version", 0, NULL, NULL, "print the version"},
    NO_COLOR_ROW,
    {"--generate", 0, "WHAT", NULL, "print man (a page for man), completion (for bash) or schema (JSON Schema of suites)"},
};
const size_t ridge_cli_n_global_options = N_ROWS(ridge_cli_global_options);

static const struct ridge_cli_option run_options[] = {
    {"--output", 'o', "FILE.ridge", "results.ridge", "results file; a run is appended to what it holds"},
    {"--report", 0, "FILE.html", NULL, "write the HTML report too"},
    SET_ROW,
    FILTER_ROW,
    {"--resume", 0, NULL, NULL, "go on with the last unfinished run of this suite in the results file"},
    {"--require-quiet", 0, NULL, NULL, "exit 4 when the machine was not quiet enough to judge"},
    JSON_ROW,
    NO_COLOR_ROW,
    HELP_ROW,
};
static const char *const run_examples[] = {
    "ridge run", "ridge run suite.json -o results.ridge --report report.html",
    "ridge run suite.json --filter backend=open*,threads=1 --set forks=5", "ridge run suite.json --resume", NULL};

static const struct ridge_cli_option bench_options[] = {
    {"--backend", 'b', "A,B", "every usable one", "backends: name[:variant][@label]"},
    {"--threads", 't', "1,2", "1", "thread counts"},
    {"--dtype", 0, "TYPE", "f32", "element type"},
    {"--duration", 0, "TIME", "200ms", "timed time per backend and fork, as 3s"},
    {"--rounds", 0, "N", "7", "least rounds per fork"},
    {"--forks", 0, "N", "1", "fresh processes per backend"},
    {"--warmup", 0, "TIME", "500ms", "longest warm-up"},
    SET_ROW,
    FILTER_ROW,
    {"--output", 'o', "FILE.ridge", "a temporary file", "keep the results"},
    {"--report", 0, "FILE.html", NULL, "write the HTML report too"},
    {"--save-suite", 0, "FILE", NULL, "write the suite that this command line stands for"},
    {"--require-quiet", 0, NULL, NULL, "exit 4 when the machine was not quiet enough to judge"},
    JSON_ROW,
    NO_COLOR_ROW,
    HELP_ROW,
};
static const char *const bench_examples[] = {
    "ridge bench gemm:512x512x512", "ridge bench gemm:512x512x512 gemm:1x4096x4096 --backend ridge,openblas,blis,onednn",
    "ridge bench gemm:256x256x256 --threads 1,2 --duration 3s --forks 3 -o results.ridge",
    "ridge bench gemm:64x64x64 --save-suite mine.json", NULL};

static const struct ridge_cli_option plan_options[] = {SET_ROW, FILTER_ROW, JSON_ROW, NO_COLOR_ROW, HELP_ROW};
static const char *const plan_examples[] = {"ridge plan suite.json",
                                            "ridge plan suite.json --filter backend=ridge --json", NULL};

static const struct ridge_cli_option report_options[] = {
    {"--output", 'o', "report.html", "report.html", "the file to write"},
    {"--run", 0, "RUN", "last", "last, last~N, an id or a name"},
    NO_COLOR_ROW,
    HELP_ROW,
};
static const char *const report_examples[] = {"ridge report results.ridge",
                                              "ridge report results.ridge --run last~1 -o yesterday.html", NULL};

static const struct ridge_cli_option show_options[] = {JSON_ROW, NO_COLOR_ROW, HELP_ROW};
static const char *const show_examples[] = {"ridge show last", "ridge show results.ridge:last~1",
                                            "ridge show results.ridge:3f2a", NULL};

static const struct ridge_cli_option export_options[] = {
    {"--format", 'f', "FORMAT", "json", "json, ndjson (every raw sample), csv, markdown or gbench (Google Benchmark's JSON)"},
    {"--run", 0, "RUN", "last", "last, last~N, an id or a name"},
    {"--output", 'o', "FILE", "standard output", "the file to write"},
    NO_COLOR_ROW,
    HELP_ROW,
};
static const char *const export_examples[] = {
    "ridge export results.ridge --format csv -o results.csv", "ridge export results.ridge --format ndjson | wc -l",
    "ridge export results.ridge --format gbench -o bench.json", NULL};

static const struct ridge_cli_option plain_options[] = {JSON_ROW, NO_COLOR_ROW, HELP_ROW};
static const char *const list_choices[] = {"backends",  "runners", "operators", "kernels",
                                           "profilers", "metrics", "options",   NULL};
static const char *const list_examples[] = {"ridge list backends", "ridge list kernels --json", NULL};
static const char *const doctor_examples[] = {"ridge doctor", "ridge doctor --json", NULL};
static const char *const db_choices[] = {"verify", NULL};
static const char *const db_examples[] = {"ridge db verify results.ridge", NULL};

const struct ridge_cli_verb ridge_cli_verbs[] = {
    {"run", "run a suite, store every sample, print the table (no SUITE: the quick one)", "[SUITE]", run_examples,
     run_options, N_ROWS(run_options), NULL, 0, 1, ridge_cli_run},
    {"bench", "measure subjects from one line, no suite file and no results file needed", "SUBJECT...",
     bench_examples, bench_options, N_ROWS(bench_options), NULL, 1, RIDGE_CLI_MAX_VALUES, ridge_cli_bench},
    {"plan", "say what a suite would run and how long it would take", "SUITE", plan_examples, plan_options,
     N_ROWS(plan_options), NULL, 1, 1, ridge_cli_plan},
    {"report", "write the HTML report of a stored run", "FILE.ridge", report_examples, report_options,
     N_ROWS(report_options), NULL, 1, 1, ridge_cli_report},
    {"show", "print a stored run, or one case with the command that re-runs it", "[FILE:]RUN|CASE", show_examples,
     show_options, N_ROWS(show_options), NULL, 1, 1, ridge_cli_show},
    {"export", "write a stored run as json, ndjson, csv, markdown or gbench", "FILE.ridge", export_examples,
     export_options, N_ROWS(export_options), NULL, 1, 1, ridge_cli_export},
    {"list", "list what the worker has", "WHAT", list_examples, plain_options, N_ROWS(plain_options), list_choices, 1,
     1, ridge_cli_list},
    {"doctor", "say what this machine can measure, and for all it cannot, why and how to get it", "", doctor_examples,
     plain_options, N_ROWS(plain_options), NULL, 0, 0, ridge_cli_doctor},
    {"db", "check a results file", "verify FILE.ridge", db_examples, plain_options, N_ROWS(plain_options), db_choices,
     2, 2, ridge_cli_db},
};
const size_t ridge_cli_n_verbs = N_ROWS(ridge_cli_verbs);
