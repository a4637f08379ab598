"""How often is the judge wrong on this machine? Runs that can be interrupted and go on; slices of data in a folder.

    RIDGE_BUILD=build python3 campaign.py aa --minutes 40      identical code through `ridge ab`, each run also through `ridge gate`
    RIDGE_BUILD=build python3 campaign.py gate --minutes 40    identical code, `ridge run --gate` and `ridge gate` alone
    RIDGE_BUILD=build python3 campaign.py slow --minutes 40    kernels and scripted latencies that are 3, 5 and 10 % slower, as arms
    RIDGE_BUILD=build python3 campaign.py rejudge              gate.csv anew from the stored runs, by the judge as it is now
    RIDGE_BUILD=build python3 campaign.py report               the figures, as Markdown tables
    RIDGE_BUILD=build python3 campaign.py prior                the text of harness/gate/prior.h, from what `aa` and `gate` stored
"""
import argparse
import collections
import csv
import datetime
import json
import math
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.abspath(os.environ.get("RIDGE_BUILD", "build"))
DATA = os.environ.get("RIDGE_CAMPAIGN", os.path.join(HERE, "campaign"))
SUITE = os.environ.get("RIDGE_CAMPAIGN_SUITE", os.path.join(HERE, "campaign.json"))
# the runs themselves: too large to be kept in the tree, needed while a campaign lasts
FILE = os.environ.get("RIDGE_CAMPAIGN_FILE", os.path.join(tempfile.gettempdir(), "ridge-campaign.ridge"))
REBUILT = os.environ.get("RIDGE_REBUILT")  # a second build of the same source: the new side of `aa`
CELLS = ((0.05, 0.02, 95), (0.10, 0.02, 99), (0.03, 0.01, 90))  # slower by, margin, found at least, %
AB_FORKS = 10  # before more are bought
SECONDS = 60  # of measurement that a trial may take
EXTRA = "36s"  # for more forks of undecided cases: 1.8 s for each of 20
RULES = {"name": "campaign", "require_fit": False, "margin": "3 %", "memory_margin": "5 %"}
SLOW_FORKS = 20  # a run of `slow`
SLOWER = os.path.join(BUILD, "test-slower")


def ridge(*words):
    return subprocess.run([os.path.join(BUILD, "ridge"), *words], capture_output=True, text=True, check=False)


def judged(*words):
    """The verdict as a dictionary; what cannot be judged at all ends the campaign with ridge's own words."""
    done = ridge(*words, "--json")
    try:
        return json.loads(done.stdout)
    except ValueError:
        sys.exit(f"ridge {' '.join(words)} (exit {done.returncode}): {done.stderr}")


def rows_of(name):
    path = os.path.join(DATA, name)
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8", newline="") as f:
        return list(csv.reader(f))


def append(name, rows):
    os.makedirs(DATA, exist_ok=True)
    with open(os.path.join(DATA, name), "a", encoding="utf-8", newline="") as f:
        csv.writer(f, lineterminator="\n").writerows(rows)


def next_number(name):
    return 1 + max((int(r[0]) for r in rows_of(name)), default=0)


def write_json(folder, name, root):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as f:
        json.dump(root, f)
    return path


def kind_of(verdict):
    """As the judge saw it: by the margin of its kind."""
    return "null" if verdict["subject"].startswith("null:") else "memory" if verdict["margin_ratio"] > 0.04 else "compute"


def p10(values):
    values = sorted(values)
    return values[max(0, math.ceil(0.10 * len(values)) - 1)]


def fork_ratios(file):
    """(case, arm, fork) -> median over rounds of ln(arm / main), of the undisturbed pairs where there are any; 1: there are none."""
    blocks, disturbed = collections.defaultdict(list), set()
    for line in ridge("export", file, "--format", "ndjson").stdout.splitlines():
        s = json.loads(line)
        key = s["case"], s["arm"], s["fork"], s["round"]
        if not s["lead_in"]:
            blocks[key].append(s["duration_ns"] / s["inner_reps"])
        if s["block_disturbed"]:
            disturbed.add(key)
    pairs = collections.defaultdict(list)  # (case, arm, fork) -> (ratio, is disturbed)
    for key, values in blocks.items():
        case, arm, fork, number = key
        main = case, "main", fork, number
        if arm != "main" and main in blocks:
            pairs[case, arm, fork].append((math.log(p10(values) / p10(blocks[main])), key in disturbed or main in disturbed))
    quiet = {k: [d for d, is_disturbed in v if not is_disturbed] for k, v in pairs.items()}
    return {k: (statistics.median(quiet[k] or [d for d, _ in v]), int(not quiet[k])) for k, v in pairs.items()}


def ab(file, suite, budget, *words):
    """One `ridge ab`: its verdict, the rows of its pairs, seconds a case."""
    begin = time.monotonic()
    result = judged("ab", suite, "-o", file, "--budget", budget, *words)
    pairs = [v for v in result["verdicts"] if v["kind"] == "paired"]
    return result, pairs, (time.monotonic() - begin) / len(pairs)


def put_forks(file, pairs, seconds):
    """Of arm b; as many of aa would say the same again. Forks that were bought were bought for what others showed: left out."""
    known = {v["case"]: v for v in pairs}
    ratios = fork_ratios(file)
    n_forks = collections.Counter(case for case, arm, _ in ratios if arm == "b")
    append("pool.csv", [[kind_of(known[case]), known[case]["subject"].replace(",", ";"), f"{seconds / n_forks[case]:.3f}",
                         f"{d:.5f}", disturbed] for (case, arm, fork), (d, disturbed) in sorted(ratios.items())
                        if case in known and arm == "b" and fork < AB_FORKS])


def run_aa(folder):
    sides = ["--b", os.path.abspath(REBUILT)] if REBUILT else []
    result, pairs, seconds = ab(FILE, SUITE, EXTRA, "--rules", write_json(folder, "rules.json", RULES), *sides)
    number = next_number("aa.csv")
    append("aa.csv", [[number, kind_of(v), v["subject"], v["verdict"], f"{v['ratio']:.5f}" if v["ratio"] else "", v["forks"],
                       f"{seconds:.2f}", result["exit_code"]] for v in pairs])
    put_forks(FILE, pairs, seconds)
    print(f"ab {number}: {seconds:.1f} s a case, {result['banner']}", flush=True)
    judge_last(folder)


def is_stored(run):
    return ridge("show", f"{FILE}:{run}").returncode == 0


def stored_logs(run):
    """member -> metric -> log of its value, of the run's arm main."""
    out = {}
    for group in json.loads(ridge("export", FILE, "--run", str(run), "--format", "json").stdout)["groups"]:
        for m in group["members"]:
            if m["arm"] == "main" and not m["yardstick"]:
                out[m["member"]] = {k: math.log(v["value"]) for k, v in m["metrics"].items() if (v.get("value") or 0) > 0}
    return out


def judge_stored(folder, run, base, number):
    """Rows of a run of FILE against those before it, as the gate would on the next day."""
    result = judged("gate", FILE, "--run", str(run), "--baseline", str(base), "--rules", write_json(folder, "rules.json", RULES))
    logs, rows = stored_logs(run), []
    for v in result["verdicts"]:
        if v["kind"] == "unpaired" and v["member"] in logs:
            mine, rate = logs[v["member"]], "peak_ratio" if kind_of(v) == "compute" else "read_ratio"
            rows.append([number, kind_of(v), v["subject"], v["verdict"], f"{v['ratio']:.5f}" if v["ratio"] else "",
                         result["exit_code"], f"{-mine.get(rate, math.nan):.5f}", f"{mine.get('time_ns', math.nan):.5f}",
                         result["run"] - 1])
    print(f"gate of run {result['run']}: {result['banner']}", flush=True)
    return rows


def judge_last(folder):
    """The first run of FILE is what the second is held against. Numbers go on where an earlier FILE was lost."""
    if is_stored("last~1"):
        append("gate.csv", judge_stored(folder, "last", "last~1", max(2, next_number("gate.csv"))))


def rejudge():
    """gate.csv anew, by the judge as it is now; every run against those before it."""
    if not is_stored(2):
        sys.exit(f"{FILE} does not hold two runs: gate.csv stays as it is. RIDGE_CAMPAIGN_FILE names the file of the campaign")
    rows, run = [], 2
    with tempfile.TemporaryDirectory(prefix="ridge-campaign-") as folder:
        while is_stored(run):
            rows += judge_stored(folder, run, run - 1, run)
            run += 1
    os.makedirs(DATA, exist_ok=True)
    path = os.path.join(DATA, "gate.csv")
    with open(path + ".new", "w", encoding="utf-8", newline="") as f:
        csv.writer(f, lineterminator="\n").writerows(rows)
    os.replace(path + ".new", path)  # the old one stays until the new one is whole


def run_gate(folder):
    ridge("run", "--gate", SUITE, "-o", FILE, "--set", "rounds=3", "--set", "max_rounds=3")
    judge_last(folder)


def slow_suite(kind):
    """Every share as an arm of the same rounds. All arms run through the same wrapper, so that its own cost is on all."""
    arms = {}
    for share in (0, *(share for share, _, _ in CELLS)):
        arms[f"slow{share}" if share else "main"] = {"env": {"RIDGE_NULL_SCALE": str(1 + share)} if kind == "null" else {
            "RIDGE_PLUGIN_PATH": SLOWER, "RIDGE_SLOWER_SHARE": str(share or 1e-9)}}
    if kind == "null":
        cases = {"backend": ["null"], "subject": [f"null:latency={us}us" for us in (20, 40, 60, 80, 100, 150, 200, 300, 400, 500)]}
    else:
        with open(SUITE, encoding="utf-8") as f:
            cases = json.load(f)["matrix"][0]  # the compute-bound ones
    return {"name": f"campaign-slow-{kind}", "compare": ["arm"], "arms": arms, "matrix": dict(cases, arm=list(arms)), "defaults": {
        "block": "3 ms", "warmup": "5 ms", "max_group_time": "60 s", "forks": SLOW_FORKS, "rounds": 3, "max_rounds": 3}}


def run_slow(folder):
    """The time of a fork is that of all its arms, which is more than `ab` would take."""
    number = next_number("slow.csv")
    kind = "null" if number % 2 == 0 else "compute"
    file, begin = os.path.join(folder, "slow.ridge"), time.monotonic()
    done = ridge("run", write_json(folder, "slow.json", slow_suite(kind)), "-o", file)
    if done.returncode != 0:
        sys.exit(f"ridge run (exit {done.returncode}): {done.stderr}")
    forks = fork_ratios(file)
    cases = sorted({case for case, _, _ in forks})
    seconds = (time.monotonic() - begin) / len(cases)
    append("slow.csv", [[number, arm[len("slow"):], kind, cases.index(case), f"{seconds / SLOW_FORKS:.3f}", f"{d:.5f}", disturbed]
                        for (case, arm, fork), (d, disturbed) in sorted(forks.items()) if arm.startswith("slow")])
    print(f"slow {number}: {kind}, {seconds:.1f} s a case", flush=True)


def upper_by_run(per_run):
    """95 % upper bound of a rate whose trials come in clusters, and its rule: Student's t over the runs' rates. Where none was red
    the runs say nothing of their spread; then it is the rule of three, 3 / trials, as if trials were independent."""
    n, total = len(per_run), sum(m for _, m in per_run)
    mean = sum(k for k, _ in per_run) / total
    if n < 2:
        return 1, "one run"
    t = 1.645 + 1.6 / (n - 1)  # 95 %, good to 1 % from 9 degrees on
    by_run, least = mean + t * statistics.stdev(k / m for k, m in per_run) / math.sqrt(n), 3 / total
    return (min(1, by_run), "by run") if by_run > least else (min(1, least), "3 / cases")


def longest(flags):
    best = now = 0
    for flag in flags:
        now = now + 1 if flag else 0
        best = max(best, now)
    return best


def report_runs(rows, title, i_exit):
    for kind in ("compute", "memory"):
        mine = [r for r in rows if r[1] == kind]
        runs = collections.defaultdict(list)
        for r in mine:
            runs[r[0]].append(r)
        if not mine:
            continue
        red = [(sum(r[3] == "REGRESSED" for r in v), len(v)) for v in runs.values()]
        share = {word: 100 * sum(r[3] == word for r in mine) / len(mine) for word in ("OK", "INCONCLUSIVE")}
        passes = longest(v[0][i_exit] == "0" and sum(r[3] == "OK" for r in v) >= 0.9 * len(v) for v in runs.values())
        n_red, (bound, rule) = sum(k for k, _ in red), upper_by_run(red)
        print(f"| {title} | {kind} | {len(runs)} x {len(mine) // len(runs)} | {n_red} "
              f"({100 * n_red / len(mine):.2f} %, below {100 * bound:.2f} %, {rule}) | "
              f"{sum(k > 0 for k, _ in red)} | {share['INCONCLUSIVE']:.1f} % | {share['OK']:.1f} % | {passes} |")


def passes_of_all(rows, i_exit):
    """Compute- and memory-bound cases together, as a rebuild that changed nothing would see them."""
    runs = collections.defaultdict(list)
    for r in rows:
        runs[r[0]].append(r)
    flags = [v[0][i_exit] == "0" and sum(r[3] == "OK" for r in v) >= 0.9 * len(v) for v in runs.values()]
    return f"Of {len(flags)} runs {sum(flags)} passed with 90 % of their cases OK, {longest(flags)} in a row."


def pool_cell(rows, shift, margin, words):
    """rows: kind, name, seconds, d. Trials from disjoint stretches of each case's forks."""
    tool = os.path.join(BUILD, "tests", "stat", "stat_pool")
    with tempfile.NamedTemporaryFile("w", suffix=".csv", encoding="utf-8") as f:
        csv.writer(f, lineterminator="\n").writerows(sorted(rows, key=lambda r: (r[0], r[1])))  # stable: time order stays
        f.flush()
        out = subprocess.run([tool, f.name, str(shift), str(margin), str(SECONDS)], capture_output=True, text=True, check=True)
    for line in out.stdout.splitlines():
        kind, trials, ok, _improved, undecided, red = line.split(",")
        print(words.format(kind=kind, trials=trials, found=100 * int(red) / int(trials), ok=100 * int(ok) / int(trials),
                           undecided=100 * int(undecided) / int(trials)))


def n_before(row):
    """Stored runs that a row of gate.csv was held against; older rows are numbered by their run in one file."""
    return int(row[8]) if len(row) > 8 else int(row[0]) - 1


def report():
    aa, gate = rows_of("aa.csv"), rows_of("gate.csv")
    print("| what | cases | runs x cases | false REGRESSED (95 % bound by run, 3 / cases at least) | runs with any | "
          "INCONCLUSIVE | OK | passes in a row with 90 % OK |\n|:--|:--|--:|--:|--:|--:|--:|--:|")
    report_runs(aa, "A/A, `ab`", 7)
    report_runs([r for r in gate if n_before(r) >= 20], "A/A, `gate`, 20 or more stored runs", 5)
    report_runs([r for r in gate if n_before(r) < 20], "A/A, `gate`, fewer stored runs", 5)
    print("\nA bound of 3 / cases, as where none was red, takes the cases of a run for independent, which they are not quite; "
          "taken by runs, fewer than 3 / runs have any.")
    if aa:
        seconds = sorted(float(r[6]) for r in aa)
        print(f"\n`ab` took {statistics.median(seconds):.1f} s a case, {seconds[-1]:.1f} s in the longest run. {passes_of_all(aa, 7)}")
    print("\n| slower by | margin | how | cases | trials | found | bound | OK | INCONCLUSIVE |\n|--:|--:|:--|:--|--:|--:|--:|--:|--:|")
    slow, pool = rows_of("slow.csv"), rows_of("pool.csv")
    for share, margin, least in CELLS:
        for how, rows, shift in (("measured", [r[2:] for r in slow if float(r[1]) == share], 0), ("added to A/A forks", pool, share)):
            if rows:
                pool_cell(rows, shift, margin, f"| +{100 * share:g} % | {100 * margin:g} % | {how} | {{kind}} | {{trials}} | "
                          f"{{found:.1f}} % | {least} % | {{ok:.1f}} % | {{undecided:.1f}} % |")


def spread(values):
    """As harness/stat/between.c: by successive differences, so that one step is no spread."""
    return math.sqrt(sum((b - a) ** 2 for a, b in zip(values, values[1:])) / (2 * (len(values) - 1)))


def prior():
    series = collections.defaultdict(list)
    for name in ("gate.csv", "gate_shared.csv"):
        for r in rows_of(name):
            series[r[1], r[2], name].append((float(r[6]), float(r[7])))
    series = {k: v for k, v in series.items() if len(v) >= 10 and not any(math.isnan(x) for x, _ in v)}
    if not series:
        sys.exit("a prior needs 10 stored runs: campaign.py aa or gate makes them")

    def worst(kind, i):  # also from shared cores, which a gate would not judge: a campaign sees one host and few days
        return max((spread([x[i] for x in v]) for k, v in series.items() if kind in ("", k[0])), default=math.nan)
    longest_of = {name: max(len(v) for (_, _, file), v in series.items() if file == name) for _, _, name in series}
    source = (f"largest of {len({case for _, case, _ in series})} cases over {sum(longest_of.values())} runs, shared cores included; "
              f"{platform.machine()}, {datetime.date.today():%d %B %Y}").replace(" 0", " ")
    with open(os.path.join(HERE, "..", "..", "harness", "gate", "prior.h"), encoding="utf-8") as f:
        lines = f.read().splitlines()
    values = {"COMPUTE": worst("compute", 0), "MEMORY": worst("memory", 0), "NONE": worst("", 1)}
    for line in lines:
        words = line.split()
        name = words[1].rsplit("_", 1)[-1] if len(words) > 2 and words[0] == "#define" else ""
        value = values.get(name)
        print(f"{words[0]} {words[1]} {value:.3f}" if value is not None else
              f'{words[0]} {words[1]} "{source}"' if name == "SOURCE" else line)


def main():
    verbs = {"aa": run_aa, "gate": run_gate, "slow": run_slow, "rejudge": rejudge, "report": report, "prior": prior}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=tuple(verbs))
    parser.add_argument("--minutes", type=float, default=40)
    args = parser.parse_args()
    if args.what in ("rejudge", "report", "prior"):
        return verbs[args.what]()
    end, longest_s = time.monotonic() + 60 * args.minutes, 0.0
    while time.monotonic() + longest_s < end:  # a slice ends before its time, not after
        begin = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="ridge-campaign-") as folder:
            verbs[args.what](folder)
        longest_s = max(longest_s, time.monotonic() - begin)
    return None


if __name__ == "__main__":
    sys.exit(main())
