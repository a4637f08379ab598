"""Drives a worker by JSON lines: drive.py WORKER TEST_PLUGINS PYTHON_DIR PART"""
import json
import os
import resource
import signal
import subprocess
import sys

WORKER, PLUGINS, PYTHON, PART = sys.argv[1:5]
C_ARGV, PY_ARGV = [WORKER], [sys.executable, "-m", "ridge_worker"]
SANITIZED = b"__asan_init" in open(WORKER, "rb").read()
failures = 0


def check(cond, what):
    global failures
    if not cond:
        failures += 1
        print("not true:", what, file=sys.stderr)


class Worker:
    def __init__(self, argv=C_ARGV, limit=None):
        env = {**os.environ, "RIDGE_PLUGIN_PATH": PLUGINS, "PYTHONPATH": PYTHON, "PYTHONDONTWRITEBYTECODE": "1"}
        pre = (lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit))) if limit else None
        self.p = subprocess.Popen(argv, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL, preexec_fn=pre, start_new_session=True)

    def ask(self, **m):
        m["type"] = m.pop("t")
        self.p.stdin.write(json.dumps(m).encode() + b"\n")
        self.p.stdin.flush()
        line = self.p.stdout.readline()
        return json.loads(line) if line else None

    def load(self, op="null", backend="null", options=None, **shape):
        return self.ask(t="load", op=op, backend=backend, shape=shape, options=options or {}, seed=7, cpus=[],
                        heap_pad=4096, buffer_offset=192, warmup_ns=20_000_000, block_ns=5_000_000)

    def go(self, **over):
        return self.ask(**{**dict(t="go", fork=0, round=2, order=1, block_ns=5_000_000, lead_in_ns=1_000_000,
                                  lead_in_runs=3, max_samples=1000), **over})

    def end(self):
        answer = self.ask(t="bye")
        check(answer == {"type": "bye"}, f"bye answered: {answer}")
        check(self.p.wait(20) == 0, "exit code 0")


def check_samples(s, what):
    check(s is not None and s["type"] == "samples", f"{what}: samples, got {s}")
    if s is None or s["type"] != "samples":
        return
    check(all(len(c) == s["n"] for c in s["columns"].values()), f"{what}: columns agree with n")
    check(0 < s["n_lead_in"] < s["n"], f"{what}: lead-in {s['n_lead_in']} of {s['n']}")
    check((s["fork"], s["round"], s["order"]) == (0, 2, 1), f"{what}: echoes the block")


def road(w, what, **load):
    loaded = w.load(**load)
    check(loaded["verdict"] == "ok", f"{what}: {loaded}")
    s = w.go()
    check_samples(s, what)
    checked = w.ask(t="check")
    check(checked["verdict"] == "ok" and checked["facts"]["peak_memory_bytes"] > 0, f"{what}: {checked}")
    return loaded, s


def describe():
    for argv in (C_ARGV, PY_ARGV):
        w = Worker(argv)
        hello = w.ask(t="hello", min=1, max=9)
        check(hello["wire"] == 1 and hello["boot_id"], "hello")
        check(w.ask(t="hello", min=7, max=9)["type"] == "error", "a version from the future is refused")
        check(os.readlink(f"/proc/{w.p.pid}/fd/0") == os.devnull, "what a library reads on stdin is not the wire")
        cat = w.ask(t="describe")
        check(any(o["name"] == "null" for o in cat["operators"]), "operator null")
        check({o["key"] for o in cat["options"]} >= {"threads", "cache", "scenario"}, "case options")
        check(len(cat["digest"]) == 64, "digest")
        costs = w.ask(t="cost", cases=[{"op": "null", "shape": {"flop": "5", "bytes": "7"}}, {"op": "nope", "shape": {}}])
        check(costs["costs"][0]["flop"] == 5 and costs["costs"][0]["bytes"] == 7, f"cost {costs}")
        check("nope" in costs["costs"][1]["reason"], "cost reason")
        check(w.ask(t="surprise")["type"] == "error", "unknown type")
        check(w.go()["type"] == "error", "go before load")
        w.end()
    w = Worker()
    backends = {b["name"]: b for b in w.ask(t="describe")["backends"]}
    check(backends["null"]["usable"] and backends["fakedev"]["usable"], "null and fakedev are usable")
    check(not backends["badabi"]["usable"] and "999" in backends["badabi"]["reason"], f"badabi: {backends['badabi']}")
    check(w.load(backend="badabi")["verdict"] == "unsupported", "badabi cannot be loaded")
    check(not backends["badcrash"]["usable"] and "its probe crashed (signal 4)" in backends["badcrash"]["reason"],
          f"badcrash: {backends['badcrash']}")
    check(w.load(backend="badcrash")["verdict"] == "unsupported", "badcrash cannot be loaded after describe")
    w.end()


def durations(s):
    return [d / s["inner_reps"] for d in s["columns"]["duration_ns"][s["n_lead_in"]:]]


def null():
    for argv, backend in ((C_ARGV, "null"), (PY_ARGV, "pynull")):
        w = Worker(argv)
        _, s = road(w, backend, backend=backend, latency="50us")
        d = sorted(durations(s))
        check(50_000 <= d[0] < 80_000, f"{backend}: fastest of 50 us is {d[0]}")
        _, s = road(w, backend + " list", backend=backend, pattern="list", list="100us;300us")
        d = sorted(durations(s))
        check(d[0] < 200_000 < 300_000 <= d[-1], f"list: {d[0]} to {d[-1]}")
        for kv in ({"weights": "prepacked"}, {"cache": "tepid"}, {"scenario": "sometimes"}):
            got = w.load(backend=backend, options=kv)
            (key, value), = kv.items()
            check(got["verdict"] == "unsupported" and f"this worker does not know {key}={value}" in got["reason"], f"{got}")
        check(w.go()["type"] == "error", "go after a refused load")
        w.end()
    w = Worker()
    loaded, s = road(w, "fast", latency="0 ns")
    check(loaded["inner_reps"] > 1, f"inner reps of an empty run: {loaded['inner_reps']}")
    loaded, s = road(w, "cold", latency="10 us", options={"cache": "cold", "threads": "2"})
    check(s["inner_reps"] == 1, "cold is one run a sample")
    check(w.load(options={"scenario": "depth(4)"})["verdict"] == "unsupported", "null has no submit")
    for scenario in ("offline", "open(500,constant)"):
        _, s = road(w, scenario, latency="100us", options={"scenario": scenario})
        check(s["completed"] > 0 and s["span_ns"] > 0, f"{scenario}: {s['completed']} in {s['span_ns']} ns")
    w.end()


def fakedev():
    w = Worker()
    road(w, "single", op="fakeadd", backend="fakedev", n="1000")
    loaded, _ = road(w, "cold", op="fakeadd", backend="fakedev", n="4000000", options={"cache": "cold"})
    check(int(loaded["conditions"]["n_input_sets"]) >= 2, "several sets")
    _, s = road(w, "depth", op="fakeadd", backend="fakedev", n="20000", options={"scenario": "depth(8)"})
    check({"due_ns", "enqueue_ns", "h2d_ns", "compute_ns", "d2h_ns"} <= set(s["columns"]), "spans")
    ends = [a + b for a, b in zip(s["columns"]["start_ns"], s["columns"]["duration_ns"])]
    check(ends != sorted(ends), "completions out of order")
    check(0 < s["completed"] and 0 < s["span_ns"], "completions are counted")
    _, s = road(w, "deep", op="fakeadd", backend="fakedev", n="20000", options={"scenario": "depth(32)"})
    ends = [a + b for a, b in zip(s["columns"]["start_ns"], s["columns"]["duration_ns"])]
    by_end = sorted(range(s["n"]), key=lambda i: ends[i])
    overtaken = max(rank - i for rank, i in enumerate(by_end))
    check(overtaken <= 40, f"no request waits for ever: one was overtaken by {overtaken}")
    w.end()


def python():
    w = Worker(PY_ARGV)
    road(w, "two modes", backend="pynull", pattern="two_modes", latency="20us", second_latency="200us", share="0.2")
    loaded = w.load(backend="pynull", fault="lie", fault_at="1")
    s = w.go()
    check(loaded["verdict"] == "ok" and s["n"] == len(s["columns"]["duration_ns"]) + 1, "lie")
    w.load(backend="pynull", fault="broken_line", fault_at="1")
    try:
        w.go()
        check(False, "broken_line is not JSON")
    except json.JSONDecodeError:
        pass
    check(w.load(backend="pynull", fault="wrong")["verdict"] == "wrong", "wrong")
    check(w.load(backend="pynull", pattern="drift")["verdict"] == "unsupported", "drift is not here")
    for fault in ("print_stdout", "flood_stderr"):
        road(w, fault, backend="pynull", fault=fault)
    w.end()


def faults():
    def verdict(fault, limit=None):
        w = Worker(limit=limit)
        got = w.load(fault=fault)
        w.end()
        return got["verdict"]
    for fault, want in (("fail", "failed"), ("wrong", "wrong"), ("lie", "unsupported"), ("broken_line", "unsupported")):
        check(verdict(fault) == want, f"{fault} -> {want}")
    if not SANITIZED:  # the sanitizer's shadow does not fit under a limit
        check(verdict("alloc", limit=1 << 30) == "oom", "alloc -> oom")
    w = Worker()
    for fault in ("print_stdout", "flood_stderr"):
        road(w, fault, fault=fault)
    w.load(fault="fail", fault_at="100000000", latency="10us")
    check(w.go()["type"] == "samples", "a fault in the far future")
    w.end()
    for fault, code in (("crash", -signal.SIGSEGV), ("exit", 7)):
        w = Worker()
        check(w.load(fault=fault) is None and w.p.wait(20) == code, f"{fault} -> {w.p.returncode}")
    w = Worker()
    w.p.stdin.write(b"this is not json\n")
    w.p.stdin.flush()
    check(json.loads(w.p.stdout.readline())["type"] == "error", "a broken request is answered")
    w.end()
    w = Worker()
    w.p.stdin.write(json.dumps({"type": "load", "op": "null", "backend": "null", "shape": {"fault": "hang"}, "seed": 1,
                                "warmup_ns": 0, "block_ns": 1}).encode() + b"\n")
    w.p.stdin.flush()
    try:
        w.p.wait(1)
    except subprocess.TimeoutExpired:
        pass
    w.p.terminate()
    try:
        w.p.wait(1)
        check(False, "hang ignores TERM")
    except subprocess.TimeoutExpired:
        w.p.kill()
    check(w.p.wait(20) == -signal.SIGKILL, "KILL ends a hang")


{"describe": describe, "null": null, "fakedev": fakedev, "python": python, "faults": faults}[PART]()
sys.exit(1 if failures else 0)
