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
    {"--gate", 0, NULL, NULL, "make a run that ridge gate can judge: 5 forks or more, and an A/A control"},
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
    {"--duration", 0, "TIME", "@duration", "timed time per backend and fork, as 3s; 0 s: rounds times the block's length"},
    {"--rounds", 0, "N", "@rounds", "least rounds per fork"},
    {"--forks", 0, "N", "1", "fresh processes per backend"},
    {"--warmup", 0, "TIME", "@warmup", "longest warm-up"},
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
static const char *const plan_examples[] = {"ridge plan", "ridge plan suite.json",
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
static const char *const show_examples[] = {"ridge show last", "ridge show results.ridge:last~1", "ridge show results.ridge:",
                                            "ridge show results.ridge:3f2a", NULL};

static const struct ridge_cli_option export_options[] = {
    {"--format", 'f', "FORMAT", "json", "json, ndjson (every raw sample), csv, markdown, gbench (Google Benchmark's JSON); "
     "of what was judged: verdict, verdict-json, summary (one piece, however long), annotations, junit"},
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

#define JUDGE_ROWS                                                                                 \
    {"--rules", 0, "FILE.json", "margins of 3 and 5 %", "gate file: margins, limits, what must exist"},  \
    {"--junit", 0, "FILE.xml", NULL, "write the verdicts as JUnit XML"},                           \
    {"--summary", 0, "FILE.md", NULL, "write the verdicts as Markdown for a job summary, in parts of 1000 KiB"},         \
    {"--report", 0, "FILE.html", NULL, "write the HTML report too"},                               \
    JSON_ROW, NO_COLOR_ROW, HELP_ROW
static const struct ridge_cli_option compare_options[] = {
    {"--a", 0, "KEY=GLOB,...", NULL, "inside one run: the old side, as backend=openblas"},
    {"--b", 0, "KEY=GLOB,...", NULL, "inside one run: the new side"},
    JUDGE_ROWS,
};
static const char *const compare_examples[] = {
    "ridge compare last~1 last", "ridge compare yesterday.ridge today.ridge",
    "ridge compare last --a backend=openblas --b backend=ridge", "ridge compare last --a threads=1 --b threads=2", NULL};
static const struct ridge_cli_option ab_options[] = {
    {"--a", 0, "CMD", "the worker beside ridge", "old side: a worker command, or a build folder that holds ridge-worker"},
    {"--b", 0, "CMD", "the worker beside ridge", "new side"},
    {"--a-env", 0, "KEY=VALUE", NULL, "environment of the old side; may be repeated"},
    {"--b-env", 0, "KEY=VALUE", NULL, "environment of the new side; may be repeated"},
    {"--option", 0, "KEY=A,B", NULL, "two values of one option instead of two builds, as threads=1,2"},
    {"--forks", 0, "N", "10", "fresh processes per side; undecided cases get more"},
    {"--rounds", 0, "N", "3", "rounds per fork"},
    {"--budget", 0, "TIME", "5 min", "most time for more forks; 0s: none"},
    {"--instructions", 0, NULL, NULL, "count the instructions of a call of each side too, with valgrind; seconds a case"},
    {"--output", 'o', "FILE.ridge", "results.ridge", "results file; a run is appended to what it holds"},
    SET_ROW,
    FILTER_ROW,
    JUDGE_ROWS,
};
static const char *const ab_examples[] = {"ridge ab --a build-main --b build-new suite.json",
                                          "ridge ab --b-env OPENBLAS_CORETYPE=Haswell suite.json --filter backend=openblas",
                                          "ridge ab --a build-main --b build-new suite.json --summary summary.md --junit verdicts.xml",
                                          NULL};
static const struct ridge_cli_option gate_options[] = {
    {"--baseline", 0, "NAME", "main", "what to hold the run against: a baseline's name, a RUN, FILE.ridge:NAME, or none"},
    {"--run", 0, "RUN", "last", "last, last~N, an id or a name"},
    {"--a", 0, "CMD", "the worker beside ridge", "with --b: the old build, to measure suspects again"},
    {"--b", 0, "CMD", NULL, "the new build: what is REGRESSED or INCONCLUSIVE against the stored run is measured again as A/B"},
    {"--a-env", 0, "KEY=VALUE", NULL, "environment of the old side; may be repeated"},
    {"--b-env", 0, "KEY=VALUE", NULL, "environment of the new side; may be repeated"},
    JUDGE_ROWS,
};
static const char *const gate_examples[] = {"ridge run --gate suite.json && ridge gate",
                                            "ridge gate --baseline main --rules gate.json results.ridge",
                                            "ridge gate --baseline cached.ridge:main --summary summary.md", NULL};
static const struct ridge_cli_option rejudge_options[] = {
    {"--baseline", 0, "NAME", "main", "of a run that is no A/B: a baseline's name, a RUN, FILE.ridge:NAME, or none"},
    {"--run", 0, "RUN", "last", "last, last~N, an id or a name"},
    JUDGE_ROWS,
};
static const char *const rejudge_examples[] = {"ridge rejudge --rules stricter.json results.ridge",
                                               "ridge rejudge --rules gate.json --run last~3", NULL};
static const struct ridge_cli_option baseline_options[] = {
    {"--file", 0, "FILE.ridge", "results.ridge", "results file"}, JSON_ROW, NO_COLOR_ROW, HELP_ROW};
static const char *const baseline_choices[] = {"set", "list", "drop", NULL};
static const char *const baseline_examples[] = {"ridge baseline set main last", "ridge baseline set main last~2 last~1 last",
                                                "ridge baseline list --file results.ridge", "ridge baseline drop main", NULL};
static const struct ridge_cli_option history_options[] = {
    {"--metric", 0, "NAME", "time_ns", "which metric; peak_ratio does not follow the clock"}, FILTER_ROW, JSON_ROW, NO_COLOR_ROW,
    HELP_ROW};
static const char *const history_examples[] = {"ridge history results.ridge",
                                               "ridge history results.ridge --metric peak_ratio --filter op=gemm,threads=1", NULL};
static const struct ridge_cli_option bisect_options[] = {
    {"--good", 0, "REV", NULL, "a revision that was fast enough"},
    {"--bad", 0, "REV", NULL, "a revision that is slower"},
    {"--suite", 0, "FILE", NULL, "what to measure"},
    {"--worker", 0, "FILE", "build/ridge-worker", "what the build leaves behind, from the top of the tree"},
    {"--rules", 0, "FILE.json", "margins of 3 and 5 %", "gate file"},
    FILTER_ROW,
    NO_COLOR_ROW,
    HELP_ROW,
};
static const char *const bisect_examples[] = {
    "ridge bisect --good v1.0 --bad HEAD --suite suite.json -- sh -c 'cmake -B build && cmake --build build'", NULL};

const struct ridge_cli_verb ridge_cli_verbs[] = {
    {"run", "run a suite, store every sample, print the table (no SUITE: the quick one)", "[SUITE]", run_examples,
     run_options, N_ROWS(run_options), NULL, 0, 1, ridge_cli_run},
    {"bench", "measure subjects from one line, no suite file and no results file needed", "SUBJECT...",
     bench_examples, bench_options, N_ROWS(bench_options), NULL, 1, RIDGE_CLI_MAX_VALUES, ridge_cli_bench},
    {"plan", "say what a suite would run and how long it would take (no SUITE: the quick one)", "[SUITE]", plan_examples,
     plan_options, N_ROWS(plan_options), NULL, 0, 1, ridge_cli_plan},
    {"report", "write the HTML report of a stored run", "FILE.ridge", report_examples, report_options,
     N_ROWS(report_options), NULL, 1, 1, ridge_cli_report},
    {"show", "print a stored run, one case with the command that re-runs it, or (FILE:) the list of runs", "[FILE:]RUN|CASE", show_examples,
     show_options, N_ROWS(show_options), NULL, 1, 1, ridge_cli_show},
    {"export", "write a stored run as json, ndjson, csv, markdown or gbench", "FILE.ridge", export_examples,
     export_options, N_ROWS(export_options), NULL, 1, 1, ridge_cli_export},
    {"ab", "measure two builds now, interleaved, and say what got slower", "SUITE", ab_examples, ab_options,
     N_ROWS(ab_options), NULL, 1, 1, ridge_cli_ab},
    {"compare", "compare two stored runs, or two sides of one: tells, and neither passes nor fails", "[FILE:]RUN [[FILE:]RUN]",
     compare_examples, compare_options, N_ROWS(compare_options), NULL, 1, 2, ridge_cli_compare},
    {"gate", "judge a stored run against a baseline: exit 0 pass, 1 regression, 4 unfit to judge", "[FILE.ridge]",
     gate_examples, gate_options, N_ROWS(gate_options), NULL, 0, 1, ridge_cli_gate},
    {"baseline", "name the runs that others are held against", "set|list|drop [NAME [RUN...]]", baseline_examples,
     baseline_options, N_ROWS(baseline_options), baseline_choices, 1, RIDGE_CLI_MAX_VALUES, ridge_cli_baseline},
    {"rejudge", "judge a stored run again under other rules", "[FILE.ridge]", rejudge_examples,
     rejudge_options, N_ROWS(rejudge_options), NULL, 0, 1, ridge_cli_rejudge},
    {"history", "series of stored runs with their change points", "[FILE.ridge]", history_examples, history_options,
     N_ROWS(history_options), NULL, 0, 1, ridge_cli_history},
    {"bisect", "find the commit that made it slower, with git bisect and ab", "-- BUILD_CMD...", bisect_examples,
     bisect_options, N_ROWS(bisect_options), NULL, 1, RIDGE_CLI_MAX_VALUES, ridge_cli_bisect},
    {"list", "list what the worker has", "WHAT", list_examples, plain_options, N_ROWS(plain_options), list_choices, 1,
     1, ridge_cli_list},
    {"doctor", "say what this machine can measure, and for all it cannot, why and how to get it", "", doctor_examples,
     plain_options, N_ROWS(plain_options), NULL, 0, 0, ridge_cli_doctor},
    {"db", "check a results file", "verify FILE.ridge", db_examples, plain_options, N_ROWS(plain_options), db_choices,
     2, 2, ridge_cli_db},
};
const size_t ridge_cli_n_verbs = N_ROWS(ridge_cli_verbs);
