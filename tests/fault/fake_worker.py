#!/usr/bin/env python3
"""A worker that misbehaves as its backend's name says. Speaks the wire of harness/wire/WIRE.md."""
import json
import os
import signal
import sys
import time

OUT = sys.stdout


def say(**message):
    OUT.write(json.dumps(message) + "\n")
    OUT.flush()


def samples(go, duration_ns=1000, **changes):
    n = 13
    message = dict(type="samples", fork=go["fork"], round=go["round"], order=go["order"], n=n, n_lead_in=3,
                   inner_reps=1, columns={"start_ns": [i * 2000 for i in range(n)],
                                          "duration_ns": [duration_ns + i % 3 for i in range(n)],
                                          "cpu_changed": [0] * n})
    message.update(changes)
    say(**message)


def escape(go):
    """A grandchild in a session of its own that outlives the worker."""
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for fd in range(3):
                os.close(fd)
            with open(os.environ["ESCAPED"], "w") as f:
                f.write(str(os.getpid()))
            time.sleep(300)
        os._exit(0)
    while not os.path.exists(os.environ["ESCAPED"]) or not open(os.environ["ESCAPED"]).read():
        time.sleep(0.01)
    os._exit(3)


def hang(go):
    time.sleep(300)


def hang_term(go):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(300)


def crash(go):
    sys.stderr.write("about to crash\n")
    sys.stderr.flush()
    os.kill(os.getpid(), signal.SIGSEGV)


def garbage(go):
    OUT.write("Hello from a library that prints\n")
    OUT.flush()
    time.sleep(5)


def flood(go):
    line = "x" * 1023 + "\n"
    for _ in range(20000):
        sys.stderr.write(line)
    sys.stderr.write("end of flood\n")
    sys.stderr.flush()
    samples(go)


def huge(go):
    block = "y" * (1 << 20)
    for _ in range(66):
        OUT.write(block)
    OUT.flush()
    time.sleep(5)


def close_out(go):
    os.close(1)
    time.sleep(300)


def oom(go):
    keep = []
    while True:
        keep.append(b"x" * (64 << 20))  # touched, not only reserved


def slow(go):
    time.sleep(0.2)
    samples(go)


def whole_block(go):
    time.sleep(go["block_ns"] * 1e-9)
    samples(go)


def noisy(go):
    samples(go, duration_ns=1000 * (1 + go["round"] * 7 % 5))


def late_crash(go):
    if go["round"] == 1:
        os.abort()
    samples(go)


SEEN = set()


def neighbour(go):
    """From the fourth round on somebody has a part of the core, until the block is measured again."""
    first = (go["fork"], go["round"]) not in SEEN
    SEEN.add((go["fork"], go["round"]))
    samples(go, duration_ns=2000 if first and go["round"] > 2 else 1000, loads_per_step=1.9 if first and go["round"] > 2 else 2.5)


def tenant(go):
    """A neighbour that was there before the run began; the worker waits for it as it is told."""
    samples(go, duration_ns=1000 + 5 * (go["least_loads"] > 2) + 10 * (go["quiet_wait_ns"] > 0), loads_per_step=1.9)


FAULTS = {
    "escape": escape, "hang": hang, "hang_term": hang_term, "crash": crash, "late_crash": late_crash,
    "garbage": garbage, "flood": flood, "huge": huge, "close_out": close_out, "oom": oom, "slow": slow,
    "whole_block": whole_block, "noisy": noisy, "neighbour": neighbour, "tenant": tenant,
    "lodger": lambda go: samples(go, loads_per_step=1.9 if go["round"] > 2 else 2.5),
    "exit0": lambda go: os._exit(0),
    "kill9": lambda go: os.kill(os.getpid(), signal.SIGKILL),
    "lie_n": lambda go: samples(go, n=14),
    "lie_lead_in": lambda go: samples(go, n_lead_in=99),
    "stale": lambda go: samples(go, round=go["round"] + 1),
    "no_field": lambda go: say(type="samples", n=0),
    "error": lambda go: say(type="error", verdict="unsupported", text="not today"),
    "chatty": lambda go: (say(type="log", text="hi\x1b[31m"), say(type="news", x=1), samples(go)),
    "twice": lambda go: (samples(go), samples(go)),
    "fast": lambda go: samples(go, 500),
}


def serve(message, state):
    kind = message["type"]
    if kind == "hello":
        say(type="hello", wire=1, worker="fake", version="1", boot_id="b", pid=os.getpid(), host={"cpu.model": "x"},
            host_class="h", topology="")
    elif kind == "describe":
        say(type="catalogue", worker="fake", backends=[{"name": "fake", "usable": True}], operators=[{"name": "gemm"}])
    elif kind == "cost":
        say(type="costs", costs=[{"flop": 2.0 * int(c["shape"]["m"]), "bytes": 8.0} for c in message["cases"]])
    elif kind == "load":
        state["backend"] = message["backend"]
        if message["backend"] == "slow_warmup":
            time.sleep(message["warmup_ns"] * 1e-9)
        if message["backend"] == "unsupported":
            say(type="loaded", verdict="unsupported", reason="this worker does not know weights=prepacked")
            return
        say(type="loaded", verdict="ok", phases={"load": 5}, warm="warm", inner_reps=1, facts={"packed_bytes": 64},
            conditions={"pad": str(len(os.environ.get("RIDGE_LAYOUT_PAD", ""))), "cpus": str(message["cpus"]),
                        "env": ",".join(sorted(os.environ))},
            clock={"name": "clock_gettime", "cost_ns": 20, "resolution_ns": 1})
    elif kind == "go":
        FAULTS.get(state["backend"], samples)(message)
    elif kind == "check":
        wrong = state["backend"] == "wrong"
        say(type="checked", verdict="wrong" if wrong else "ok", reason="element 3 is 7" if wrong else "",
            facts={"error_ratio": 1e-7})
    elif kind == "bye":
        say(type="bye")
        sys.exit(0)


def main():
    if os.environ.get("FAULT") == "no_hello":
        time.sleep(300)
    state = {}
    for line in sys.stdin:
        serve(json.loads(line), state)


main()
