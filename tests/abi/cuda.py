"""The CUDA backends by JSON lines: cuda.py WORKER PLUGINS FAKE_DRIVER.

Without a GPU each case says why; with one it must be right. The fake driver shows the runner at work either way."""
import glob
import json
import os
import re
import subprocess
import sys

WORKER, PLUGINS, FAKE = sys.argv[1:4]
WORDS = (r"built without CUDA: CMake found no nvcc", r"no libcuda\.so\.1: no NVIDIA driver on this machine",
         r"the NVIDIA driver finds no GPU: ", r"compute capability 8\.0 or later is needed",
         r"cannot open libcublasLt\.so")
failures = 0


def check(cond, what):
    global failures
    if not cond:
        failures += 1
        print("not true:", what, file=sys.stderr)


class Worker:
    def __init__(self):
        env = {**os.environ, "RIDGE_PLUGIN_PATH": PLUGINS}
        self.p = subprocess.Popen([WORKER], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL)

    def ask(self, **m):
        m["type"] = m.pop("t")
        self.p.stdin.write(json.dumps(m).encode() + b"\n")
        self.p.stdin.flush()
        return json.loads(self.p.stdout.readline())

    def load(self, backend, fields, path="", **options):
        shape = {"m": "130", "n": "70", "k": "33", **fields}
        return self.ask(t="load", op="gemm", backend=backend, library_path=path, shape=shape, options=options, seed=7,
                        cpus=[], heap_pad=0, buffer_offset=0, warmup_ns=1_000_000, block_ns=1_000_000)

    def go(self):
        return self.ask(t="go", fork=0, round=0, order=0, block_ns=5_000_000, lead_in_ns=100_000, lead_in_runs=1,
                        max_samples=200)


def links_no_cuda():
    for f in [WORKER, *glob.glob(f"{PLUGINS}/ridge-backend-*.so")]:
        needed = subprocess.run(["readelf", "-d", f], capture_output=True, text=True).stdout
        check(not re.search(r"NEEDED.*(cuda|cublas|nvidia)", needed, re.I), f"{f} links a CUDA library:\n{needed}")


def runner_works_on_a_fake_driver(w):
    for fields in ({"dtype": "f32"}, {"dtype": "f16"}, {"dtype": "bf16"}, {"m": "1", "n": "300", "k": "0"}, {"m": "0"}):
        got = w.load("cuda", fields, FAKE)
        check(got["verdict"] == "ok" and "fake GPU 0" in got["conditions"]["gpu"], f"fake {fields}: {got}")
        check(w.go()["type"] == "samples" and w.ask(t="check")["verdict"] == "ok", f"fake {fields}: run and check")
    got = w.load("cuda", {"dtype": "bf16"}, FAKE, scenario="depth(8)")
    check(got["verdict"] == "ok" and got["conditions"]["n_input_sets"] == "8", f"depth: {got}")
    s = w.go()
    check(s["type"] == "samples" and min(s["columns"]["compute_ns"]) > 0, f"depth: {s}")
    check(set(s["columns"]["h2d_ns"]) == {0} and min(s["columns"]["enqueue_ns"]) > 0, "depth: the other spans")
    check(w.ask(t="check")["verdict"] == "ok", "depth: check")
    for fields, words in (({"weights": "prepacked"}, "B as given"), ({"trans_b": "true"}, "no transposes"),
                          ({"n": "9000000", "m": "1", "k": "1"}, "columns of one grid")):
        got = w.load("cuda", fields, FAKE)
        check(got["verdict"] == "unsupported" and words in got["reason"], f"{fields}: {got}")


def main():
    links_no_cuda()
    w = Worker()
    backends = {b["name"]: b for b in w.ask(t="describe")["backends"]}
    for name in ("cuda", "cublaslt"):
        b = backends[name]
        check(b["operators"] == ["gemm"], f"{name} knows gemm")
        if not b["usable"]:
            print(f"       {name}: {b['reason']}")
            check(any(re.search(x, b["reason"]) for x in WORDS), f"{name}: {b['reason']}")
        for dtype in ("f32", "f16", "bf16"):
            got = w.load(name, {"dtype": dtype})
            if b["usable"]:
                check(got["verdict"] == "ok", f"{name} {dtype}: {got}")
                check(w.ask(t="check")["verdict"] == "ok", f"{name} {dtype}: check")
            else:
                check(got["verdict"] == "unsupported" and b["reason"] in got["reason"], f"{name} {dtype}: {got}")
    stub = "/usr/local/cuda/lib64/stubs/libcuda.so"
    if "built without" not in backends["cuda"].get("reason", "") and os.path.exists(stub):
        got = w.load("cuda", {}, stub)
        check(got["verdict"] == "unsupported" and "the NVIDIA driver finds no GPU" in got["reason"], f"stub: {got}")
    if "built without" not in backends["cuda"].get("reason", ""):
        runner_works_on_a_fake_driver(w)
    check(w.ask(t="bye") == {"type": "bye"} and w.p.wait(20) == 0, "bye")


main()
sys.exit(1 if failures else 0)
