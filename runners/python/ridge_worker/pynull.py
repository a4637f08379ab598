"""Backend pynull: operator null (constant, list, two_modes) and the faults that happen on the wire."""
import os
import signal
import time

from .errors import CaseError, unsupported
from .options import parse, row

PATTERNS = ["constant", "list", "two_modes", "drift", "spikes"]
FAULTS = ["none", "crash", "hang", "exit", "flood_stderr", "print_stdout", "alloc", "lie", "broken_line", "escape",
          "fail", "wrong"]
KNOWN_PATTERNS = PATTERNS[:3]
KNOWN_FAULTS = ["none", "crash", "hang", "exit", "flood_stderr", "print_stdout", "lie", "broken_line", "fail", "wrong"]
ROWS = [
    row("pattern", "enum", "constant", "how latencies follow each other", names=PATTERNS),
    row("latency", "duration_ns", "100 us", "latency of a run", unit="ns"),
    row("second_latency", "duration_ns", "1 ms", "the other mode, the spike, or where the drift ends", unit="ns"),
    row("share", "real", "0.01", "share of the second latency; drift: way per run", low=0, high=1),
    row("list", "string", "", "pattern=list: latencies in turn, 1ms;2ms;3ms"),
    row("flop", "real", "0", "FLOPs that a run claims", low=0, high=1e18),
    row("bytes", "real", "0", "compulsory bytes that a run claims", low=0, high=1e18),
    row("fault", "enum", "none", "what goes wrong", names=FAULTS),
    row("fault_at", "int", "1", "at which run of the process, from 1", low=1, high=1e15),
]
OPERATOR = {"name": "null", "doc": "no work: latencies and faults from a script, to test the harness",
            "fields": ROWS, "short_form": [], "yardsticks": []}
GOLDEN = 0.6180339887498949
WIRE_FAULTS = ("lie", "broken_line")


class PyNull:
    name = "pynull"
    doc = "scripted latencies and wire faults, in Python"
    operators = [OPERATOR]

    def __init__(self, values):
        if values["pattern"] not in KNOWN_PATTERNS:
            raise unsupported(f"this worker does not know pattern={values['pattern']}")
        if values["fault"] not in KNOWN_FAULTS:
            raise unsupported(f"this worker does not know fault={values['fault']}")
        duration = row("list", "duration_ns", "", "")
        try:
            self.list = [parse(duration, t) for t in values["list"].split(";") if t]
        except ValueError as why:
            raise CaseError("failed", f"list: '{values['list']}': {why}") from None
        if values["pattern"] == "list" and not self.list:
            raise CaseError("failed", "pattern=list needs list=1ms;2ms;...")
        self.values = values
        self.n_runs = 0
        self.wire_fault = None  # due: acts on the next samples line

    def latency_ns(self, i):
        v = self.values
        if v["pattern"] == "list":
            return self.list[i % len(self.list)]
        if v["pattern"] == "two_modes" and (i * GOLDEN) % 1.0 < v["share"]:
            return v["second_latency"]
        return v["latency"]

    def run(self):
        i = self.n_runs
        self.n_runs += 1
        wait(self.latency_ns(i))
        if i + 1 == self.values["fault_at"]:
            self.fault(self.values["fault"])

    def check(self):
        if self.values["fault"] == "wrong":
            raise CaseError("wrong", "the script says that the answer is wrong")

    def fault(self, name):
        if name in WIRE_FAULTS:
            self.wire_fault = name
        elif name == "fail":
            raise CaseError("failed", "the script says that this run fails")
        elif name == "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        elif name == "exit":
            os._exit(7)
        elif name == "hang":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            while True:
                time.sleep(3600)
        elif name == "flood_stderr":
            for _ in range(50 * 1024):
                os.write(2, b"x" * 1023 + b"\n")
        elif name == "print_stdout":
            print('{"type":"samples","n":-1}\n{"type":"loa', end="", flush=True)


def wait(ns):
    end = time.perf_counter_ns() + ns
    if ns >= 1_000_000:
        time.sleep((ns - 200_000) / 1e9)
    while time.perf_counter_ns() < end:
        pass


def cost(values):
    return {"flop": values["flop"], "bytes": values["bytes"]}
