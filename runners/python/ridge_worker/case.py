"""One loaded case: warm-up, lead-in and the timed block. The block appends to preallocated lists only."""
import gc
import os
import resource
import statistics
import time

from . import clock, options, pynull
from .errors import CaseError, unsupported

BACKENDS = {pynull.PyNull.name: pynull.PyNull}
LONG_RUN_NS = 10_000_000
MAX_LEAD_IN_SAMPLES = 4096
MIN_WINDOW, MAX_WINDOW = 2, 5


def window_of(max_ns, point_ns):
    """Points per window: two windows must fit into the warm-up, also when one run takes long."""
    return int(min(max(max_ns / (2 * max(point_ns, 1)), MIN_WINDOW), MAX_WINDOW))


def steady(points, window):
    if len(points) < 2 * window:
        return False
    now, before = statistics.median(points[-window:]), statistics.median(points[-2 * window:-window])
    return abs(now - before) <= 0.02 * before


class Case:
    def __init__(self, message):
        self.clock = clock.calibrate()
        self.phases = {}
        self.facts = {}
        self.conditions = {"clock": "perf_counter_ns: the clock of Python", "page_bytes": str(resource.getpagesize()),
                           "heap_pad_bytes": str(message.get("heap_pad", 0)),
                           "buffer_offset_bytes": "0"}
        self.heap_pad = bytearray(message.get("heap_pad", 0))
        self.inner_reps = 1
        self.run_ns = 0.0
        self.warm = "too_few_runs"
        backend = BACKENDS.get(message["backend"])
        if backend is None:
            raise unsupported(f"this worker does not know backend={message['backend']}")
        operator = next((o for o in backend.operators if o["name"] == message["op"]), None)
        if operator is None:
            raise unsupported(f"backend {message['backend']} does not know operator {message['op']}")
        if message.get("variant"):
            raise unsupported(f"this worker does not know {message['backend']}:{message['variant']}")
        values = options.fill(operator["fields"] + options.CASE_ROWS,
                              {**message.get("shape", {}), **message.get("options", {})})
        for key, known in (("scenario", "single"), ("cache", "hot"), ("threads", 1)):
            if values[key] != known:
                raise unsupported(f"this worker does not know {key}={values[key]}: it knows {key}={known}")
        self.pin(message.get("cpus", []))
        self.runner = self.phase("load", lambda: backend(values))
        self.facts["load_ns"] = self.phases["load"]

    def pin(self, cpus):
        self.conditions["pinned"] = "no"
        if cpus and hasattr(os, "sched_setaffinity"):
            try:
                os.sched_setaffinity(0, cpus)
                self.conditions["pinned"] = "yes"
            except OSError as why:
                raise CaseError("failed", f"cannot be pinned to {cpus}: {why}") from None

    def phase(self, name, fn):
        begin = time.perf_counter_ns()
        result = fn()
        self.phases[name] = time.perf_counter_ns() - begin
        return result

    def prepare(self, warmup_ns):
        self.phase("first_run", self.runner.run)
        self.facts["first_run_ns"] = self.phases["first_run"]
        self.phase("check", self.runner.check)
        self.phase("warmup", lambda: self.warm_up(warmup_ns))
        self.facts["warmup_ns"] = self.phases["warmup"]

    def warm_up(self, max_ns):
        points, begin = [], time.perf_counter_ns()
        self.run_ns = float(self.phases["first_run"])
        while time.perf_counter_ns() - begin < max_ns:
            n = max(1, int(1_000_000 / max(self.run_ns, 1.0)))
            a = time.perf_counter_ns()
            for _ in range(n):
                self.runner.run()
            point_ns = time.perf_counter_ns() - a
            self.run_ns = point_ns / n
            points.append(self.run_ns)
            window = window_of(max_ns, point_ns)
            if len(points) >= 2 * window:
                self.warm = "not_steady"
            if steady(points, window):
                self.warm = "warm"
                break
        enough = 100 * self.clock["cost_ns"]
        if self.run_ns < enough:
            self.inner_reps = int(enough / max(self.run_ns, 1.0)) + 1

    def block(self, go):
        cap = min(max(go["max_samples"], 1), 1_000_000) + MAX_LEAD_IN_SAMPLES
        start, duration = [0] * cap, [0] * cap
        run, now, reps = self.runner.run, time.perf_counter_ns, self.inner_reps
        before = resource.getrusage(resource.RUSAGE_SELF)
        gc.collect()
        gc.disable()
        try:
            n = n_lead_in = 0
            zero = now()
            while n < MAX_LEAD_IN_SAMPLES:
                enough = n * reps >= go["lead_in_runs"] and now() - zero >= go["lead_in_ns"]
                if enough or (n > 0 and self.run_ns > LONG_RUN_NS):
                    break
                a = now()
                for _ in range(reps):
                    run()
                start[n], duration[n] = a - zero, now() - a
                n += 1
            n_lead_in, begin = n, now()
            while True:
                a = now()
                for _ in range(reps):
                    run()
                b = now()
                start[n], duration[n] = a - zero, b - a
                n += 1
                if n >= cap or n - n_lead_in >= go["max_samples"] or b - begin >= go["block_ns"]:
                    break
        finally:
            gc.enable()
        after = resource.getrusage(resource.RUSAGE_SELF)
        return {"type": "samples", "fork": go["fork"], "round": go["round"], "order": go["order"], "n": n,
                "n_lead_in": n_lead_in, "inner_reps": reps,
                "columns": {"start_ns": start[:n], "duration_ns": duration[:n]},
                "voluntary": after.ru_nvcsw - before.ru_nvcsw, "involuntary": after.ru_nivcsw - before.ru_nivcsw}

    def answer(self, type_):
        return {"type": type_, "verdict": "ok", "reason": "", "phases": self.phases, "warm": self.warm,
                "clock": self.clock, "inner_reps": self.inner_reps, "conditions": self.conditions,
                "facts": self.facts}
