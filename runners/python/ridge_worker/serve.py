"""The message loop and the description."""
import hashlib
import json
import os
import pathlib
import platform
import resource
import sys

from . import VERSION, WIRE, options, pynull
from .case import BACKENDS, Case
from .errors import CaseError

MAX_LINE_BYTES = 64 << 20


def digest():
    h = hashlib.sha256(sys.version.encode())
    for path in sorted(pathlib.Path(__file__).parent.glob("*.py")):
        h.update(path.read_bytes())
    return h.hexdigest()


def boot_id():
    try:
        return pathlib.Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


class Worker:
    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer
        self.case = None

    def serve(self):
        while True:
            line = self.reader.readline(MAX_LINE_BYTES + 1)
            if not line:
                return 0
            try:
                message = json.loads(line)
                handler = getattr(self, "on_" + str(message["type"]), None)
                if handler is None:
                    raise CaseError("unsupported", "this worker does not know messages of that type")
                answer = handler(message)
            except CaseError as why:
                answer = {"type": "error", "verdict": why.verdict, "text": why.text}
            except MemoryError:
                answer = {"type": "error", "verdict": "oom", "text": "out of memory"}
            except (KeyError, TypeError, ValueError, AttributeError) as why:
                answer = {"type": "error", "verdict": "failed", "text": f"{type(why).__name__}: {why}"}
            self.send(answer)
            if answer["type"] == "bye":
                return 0

    def send(self, message):
        fault = self.case.runner.wire_fault if self.case and message["type"] == "samples" else None
        if fault == "lie":
            message["n"] += 1
        data = json.dumps(message, separators=(",", ":")).encode() + b"\n"
        if fault == "broken_line":
            data = data[: len(data) // 2] + b"\n"
        view = memoryview(data)
        while view:
            view = view[self.writer.write(view):]

    def on_hello(self, m):
        wire = min(m["max"], WIRE)
        if wire < m["min"]:
            raise CaseError("unsupported", f"this worker knows wire versions {WIRE} to {WIRE}, not {m['min']} to {m['max']}")
        host = {"kernel": platform.release(), "boot_id": boot_id(), "python": platform.python_version()}
        return {"type": "hello", "wire": wire, "worker": "ridge_worker.py", "version": VERSION, "boot_id": boot_id(),
                "pid": os.getpid(), "host": host, "host_class": "", "topology": ""}

    def on_describe(self, _):
        backends = [{"name": b.name, "doc": b.doc, "runner": "ridge_worker.py", "variants": [],
                     "operators": [o["name"] for o in b.operators], "options": [], "usable": True, "reason": "",
                     "version": platform.python_version(), "plugin_path": str(pathlib.Path(__file__).parent),
                     "plugin_sha256": digest(), "variant_probes": []} for b in BACKENDS.values()]
        return {"type": "catalogue", "worker": "ridge_worker.py", "version": VERSION, "digest": digest(),
                "operators": [pynull.OPERATOR], "backends": backends, "kernels": [], "profilers": [],
                "options": options.CASE_ROWS}

    def on_cost(self, m):
        def one(item):
            if item["op"] != pynull.OPERATOR["name"]:
                return {"reason": f"this worker does not know operator {item['op']}"}
            known = {r["key"] for r in pynull.ROWS}
            texts = {**item.get("shape", {}), **item.get("options", {})}
            try:
                return pynull.cost(options.fill(pynull.ROWS, {k: v for k, v in texts.items() if k in known}))
            except CaseError as why:
                return {"reason": why.text}
        return {"type": "costs", "costs": [one(item) for item in m["cases"]]}

    def on_load(self, m):
        self.case = None
        try:
            case = Case(m)
            case.prepare(m["warmup_ns"])
        except CaseError as why:
            return {"type": "loaded", "verdict": why.verdict, "reason": why.text}
        self.case = case
        return case.answer("loaded")

    def on_go(self, m):
        if self.case is None:
            raise CaseError("failed", "go before a successful load")
        return self.case.block(m)

    def on_check(self, _):
        if self.case is None:
            raise CaseError("failed", "check before a successful load")
        self.case.facts = {"peak_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}
        answer = self.case.answer("checked")
        try:
            self.case.runner.run()
            self.case.runner.check()
        except CaseError as why:
            answer.update(verdict=why.verdict, reason=why.text)
        return answer

    def on_bye(self, _):
        return {"type": "bye"}
