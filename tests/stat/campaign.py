"""How often is the judge wrong on this machine? Runs that can be interrupted and go on; slices of data in a folder.

    RIDGE_BUILD=build python3 campaign.py aa --minutes 30      identical code through `ridge ab`
    RIDGE_BUILD=build python3 campaign.py gate --minutes 30    identical code, `ridge run --gate` and `ridge gate`
    RIDGE_BUILD=build python3 campaign.py report               the figures, as a Markdown table
"""
import argparse
import collections
import csv
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.environ.get("RIDGE_BUILD", "build")
DATA = os.environ.get("RIDGE_CAMPAIGN", os.path.join(HERE, "campaign"))
SUITE = os.environ.get("RIDGE_CAMPAIGN_SUITE", os.path.join(HERE, "campaign.json"))
CELLS = ((0.0, 0.03), (0.05, 0.02), (0.10, 0.02), (0.03, 0.01))  # shift, margin
RULES = {"name": "campaign", "require_fit": False, "margin": "3 %", "memory_margin": "5 %"}


def ridge(*words):
    return subprocess.run([os.path.join(BUILD, "ridge"), *words], capture_output=True, text=True, check=False)


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


def kind_of(subject):
    return "memory" if subject.startswith(("gemm:m=1,", "gemm:m=2,")) else "compute"


def rules_file(folder):
    path = os.path.join(folder, "rules.json")
    with open(path, "w", encoding="utf-8") as f:
        json.dump(RULES, f)
    return path


def p10(values):
    values = sorted(values)
    return values[max(0, math.ceil(0.10 * len(values)) - 1)]


def fork_ratios(file):
    """(case, fork) -> median over rounds of ln(side / main), for b and for aa."""
    blocks = collections.defaultdict(list)
    subjects = {}
    text = ridge("export", file, "--format", "ndjson").stdout
    for line in text.splitlines():
        s = json.loads(line)
        if not s["lead_in"]:
            blocks[s["case"], s["arm"], s["fork"], s["round"]].append(s["duration_ns"] / s["inner_reps"])
            subjects[s["case"]] = s["subject"]
    pairs = collections.defaultdict(list)
    for (case, arm, fork, number), values in blocks.items():
        if arm != "main" and (case, "main", fork, number) in blocks:
            pairs[case, arm, fork].append(math.log(p10(values) / p10(blocks[case, "main", fork, number])))
    return subjects, {k: statistics.median(v) for k, v in pairs.items()}


def run_aa(folder):
    file, begin = os.path.join(folder, "aa.ridge"), time.monotonic()
    done = ridge("ab", SUITE, "-o", file, "--rules", rules_file(folder), "--budget", "0s", "--json")
    took = time.monotonic() - begin
    judged = json.loads(done.stdout)
    verdicts = [v for v in judged["verdicts"] if v["kind"] == "paired"]
    number = 1 + max((int(r[0]) for r in rows_of("aa.csv")), default=0)
    append("aa.csv", [[number, kind_of(v["subject"]), v["subject"], v["verdict"], f"{v['ratio']:.5f}" if v["ratio"] else "",
                       v["forks"], f"{took / len(verdicts):.2f}"] for v in verdicts])
    subjects, forks = fork_ratios(file)
    seconds = took / len(verdicts) / 10
    append("pool.csv", [[kind_of(subjects[case]), f"{subjects[case]}/{arm}".replace(",", ";"), f"{seconds:.3f}", f"{d:.6f}"]
                        for (case, arm, _), d in sorted(forks.items())])
    print(f"run {number}: exit {done.returncode}, {took:.0f} s, {judged['banner']}", flush=True)


def run_gate(folder):
    """All runs lie in one results file beside the data; only the verdicts are kept in the tree."""
    os.makedirs(DATA, exist_ok=True)
    file = os.path.join(os.environ.get("RIDGE_CAMPAIGN_FILE", os.path.join(tempfile.gettempdir(), "campaign-gate.ridge")))
    ridge("run", "--gate", SUITE, "-o", file, "--set", "rounds=3", "--set", "max_rounds=3")
    if ridge("show", f"{file}:last~1").returncode != 0:
        return  # the first run is what the second is held against
    done = ridge("gate", file, "--baseline", "last~1", "--rules", rules_file(folder), "--json")
    judged = json.loads(done.stdout)
    append("gate.csv", [[judged["run"], kind_of(v["subject"]), v["subject"], v["verdict"], f"{v['ratio']:.5f}"]
                        for v in judged["verdicts"] if v["kind"] == "unpaired" and v["ratio"]])
    print(f"run {judged['run']}: exit {done.returncode}, {judged['banner']}", flush=True)


def upper_by_run(per_run):
    """95 % upper bound of a rate whose trials come in clusters: t over the runs' rates, at least the rule of three."""
    n, rates = len(per_run), [k / m for k, m in per_run]
    total = sum(m for _, m in per_run)
    mean = sum(k for k, _ in per_run) / total
    spread = statistics.stdev(rates) / math.sqrt(n) if n > 1 else 1
    return min(1, max(mean + 1.68 * spread, 3 / total if mean == 0 else 0))


def report_runs(name, title):
    rows = rows_of(name)
    for kind in ("compute", "memory"):
        mine = [r for r in rows if r[1] == kind]
        if not mine:
            continue
        runs = collections.defaultdict(list)
        for r in mine:
            runs[r[0]].append(r[3])
        red = [(v.count("REGRESSED"), len(v)) for v in runs.values()]
        open_ = sum(v.count("INCONCLUSIVE") for v in runs.values())
        print(f"| {title} | {kind} | {len(runs)} x {len(mine) // len(runs)} | {sum(k for k, _ in red)} "
              f"({100 * sum(k for k, _ in red) / len(mine):.2f} %, below {100 * upper_by_run(red):.2f} %) | {100 * open_ / len(mine):.1f} % |")


def report():
    print("| what | cases | runs x cases | false REGRESSED | INCONCLUSIVE |\n|:--|:--|--:|--:|--:|")
    report_runs("aa.csv", "A/A, `ab`, no extra forks")
    report_runs("gate.csv", "A/A, `gate` against the run before")
    print("\n| injected | margin | cases | trials | found | OK | INCONCLUSIVE |\n|--:|--:|:--|--:|--:|--:|--:|")
    tool, pool = os.path.join(BUILD, "tests", "stat", "stat_pool"), os.path.join(DATA, "pool.csv")
    if not os.path.exists(pool):
        return
    lines = sorted(rows_of("pool.csv"), key=lambda r: (r[0], r[1]))  # stable: time order stays within a case
    with tempfile.NamedTemporaryFile("w", suffix=".csv", encoding="utf-8") as f:
        csv.writer(f, lineterminator="\n").writerows(lines)
        f.flush()
        for shift, margin in CELLS:
            out = subprocess.run([tool, f.name, str(shift), str(margin), "60"], capture_output=True, text=True, check=True)
            for line in out.stdout.splitlines():
                kind, trials, ok, improved, undecided, red = line.split(",")
                print(f"| {100 * shift:+.0f} % | {100 * margin:.0f} % | {kind} | {trials} | {100 * int(red) / int(trials):.1f} % "
                      f"| {100 * int(ok) / int(trials):.1f} % | {100 * int(undecided) / int(trials):.1f} % |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("aa", "gate", "report"))
    parser.add_argument("--minutes", type=float, default=30)
    args = parser.parse_args()
    if args.what == "report":
        return report()
    end = time.monotonic() + 60 * args.minutes
    while time.monotonic() < end:
        with tempfile.TemporaryDirectory(prefix="ridge-campaign-") as folder:
            (run_aa if args.what == "aa" else run_gate)(folder)
    return None


if __name__ == "__main__":
    sys.exit(main())
