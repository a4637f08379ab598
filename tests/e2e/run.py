"""End to end: suite file -> workers -> samples -> results file -> reports, through the built programs."""
import glob
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from kit import BUILD, SOURCE, Case, descendants, is_alive, pids_of  # noqa: E402


def members(exported):
    return [m for g in exported["groups"] for m in g["members"] if not m.get("yardstick")]


def is_sanitized():
    with open(os.path.join(BUILD, "ridge"), "rb") as f:
        return b"__asan_init" in f.read()


class Numbers(Case):
    def test_known_p99_is_printed(self):
        # every 20th run takes 5 ms: the 99th percentile is a spike, the median is not
        suite = self.null_suite("null:pattern=spikes,latency=1ms,second_latency=5ms,share=0.05",
                                defaults={"rounds": 20, "max_rounds": 20, "block": "30 ms"})
        out, _ = self.ridge("run", suite)
        m = members(self.exported())[0]
        self.assertGreaterEqual(m["metrics"]["n_samples"]["value"], 299, out)
        p99, p50 = (m["metrics"][k]["value"] for k in ("p99_ns", "p50_ns"))
        # what is printed is what the stored samples say, by the nearest-rank rule; a busy machine may add to it
        text, _ = self.ridge("export", "results.ridge", "--format", "ndjson")
        rows = [json.loads(line) for line in text.splitlines()]
        times = sorted(r["duration_ns"] / r["inner_reps"] for r in rows if not r["lead_in"])
        self.assertEqual(p99, times[-(-99 * len(times) // 100) - 1])
        self.assertEqual(p50, times[-(-len(times) // 2) - 1])
        self.assertGreaterEqual(p99, 5.0e6)
        self.assertGreaterEqual(p50, 1.0e6)
        self.assertIn(f"{p99 / 1e6:.2f} ms" if p99 < 1e7 else f"{p99 / 1e6:.1f} ms", out)

    def test_p99_from_few_samples_is_refused(self):
        self.ridge("run", self.null_suite("null:pattern=constant,latency=1ms"))
        p99 = members(self.exported())[0]["metrics"]["p99_ns"]
        self.assertNotIn("value", p99)
        self.assertIn("299", p99["refused"])

    def test_ratio_of_two_latencies(self):
        suite = self.suite({"subject": ["null:latency=1ms", "null:latency=2ms"], "backend": ["null"]})
        self.ridge("run", suite)
        times = sorted(m["metrics"]["time_ns"]["value"] for m in members(self.exported()))
        self.assertAlmostEqual(times[1] / times[0], 2.0, delta=0.2)

    def test_ridge_measures_itself(self):
        subjects = [f"self:task={task},n={n}" for task, n in (("plan", 100), ("store", 1000), ("report", 20), ("judge", 20))]
        self.ridge("run", self.suite({"subject": subjects, "backend": ["self"]}))
        self.assertEqual([m["verdict"] for m in members(self.exported())], ["ok"] * 4)

    def test_own_gemm_runs_and_is_right(self):
        suite = self.suite({"subject": ["gemm:64x64x64"], "backend": ["ridge", "ridge:ref"]})
        self.ridge("run", suite, "--report", "report.html")
        exported = self.exported()
        for m in members(exported):
            self.assertEqual(m["verdict"], "ok", m)
            self.assertGreater(m["metrics"]["flop_per_s"]["value"], 0)
        self.assertEqual(len(exported["groups"][0]["comparisons"]), 1)
        with open(self.path("report.html"), encoding="utf-8") as f:
            self.assertIn("</html>", f.read())


class Auto(Case):
    def test_the_choice_is_measured_once_and_kept(self):
        suite = self.suite({"subject": ["conv:ic16ih14oc16kh3ph1"], "backend": ["ridge"]},
                           defaults={"layout": "nhwc", "algorithm": "auto", "forks": 2})
        def conditions():
            self.ridge("run", suite, XDG_CACHE_HOME=self.dir)
            text, _ = self.ridge("show", members(self.exported())[0]["case"], "--json")
            return json.loads(text)["members"][0]["conditions"]
        first = conditions()
        kept = glob.glob(self.path("ridge/choices/*"))
        self.assertEqual(len(kept), 1)
        self.assertGreater(first["auto_candidates"].count(" us"), 1, first)
        # the kept file decides, not a new measurement: name another kernel in it
        with open(kept[0], encoding="utf-8") as f:
            key, name, _ = f.read().splitlines()
        self.assertIn(name, first["kernel"])
        other = re.sub(r"_conv_[a-z0-9_]+?_f32", "_conv_window_f32", name)
        self.assertNotEqual(other, name, "the plain window should not win")
        with open(kept[0], "w", encoding="utf-8") as f:
            f.write(f"{key}\n{other}\nwindow 1 us\n")
        self.assertIn(other, conditions()["kernel"])


class Requests(Case):
    """Scenarios open and offline on a backend that serves one request at a time and takes 1 ms for it."""

    def measure(self, scenario, rc=0):
        suite = self.suite({"subject": ["null:latency=1ms"], "backend": ["null"], "scenario": [scenario]},
                           defaults={"request_block": "200 ms", "request_rounds": 3, "forks": 1})
        out, err = self.ridge("run", suite, rc=rc)
        return members(self.exported())[0], out + err

    def test_open_counts_the_queue(self):
        # constant arrivals every 4 ms never queue; a Poisson process at 70 % load does (M/D/1: mean wait 1.2 ms)
        calm, _ = self.measure("open(250,constant)")
        busy, _ = self.measure("open(700,poisson)")
        self.assertGreaterEqual(calm["metrics"]["p50_ns"]["value"], 1.0e6)
        self.assertLess(calm["metrics"]["p10_ns"]["value"], 1.5e6)
        self.assertGreater(busy["metrics"]["mean_ns"]["value"], 1.3e6)
        self.assertAlmostEqual(busy["metrics"]["throughput_per_s"]["value"], 700, delta=200)

    def test_too_many_requests_are_a_failed_case(self):
        m, text = self.measure("open(5000,constant)", rc=3)
        self.assertEqual(m["verdict"], "failed")
        self.assertIn("cannot keep up with scenario=open(5000,constant)", text)

    def test_offline_tells_throughput(self):
        m, _ = self.measure("offline")
        self.assertEqual(m["verdict"], "ok")
        self.assertLessEqual(m["metrics"]["throughput_per_s"]["value"], 1000)
        self.assertGreater(m["metrics"]["throughput_per_s"]["value"], 500)


class Faults(Case):
    def verdict(self, fault, want, rc=3, at=40, **settings):
        """The broken case gets its verdict, the one beside it is measured."""
        suite = self.null_suite(f"null:latency=100us,fault={fault},fault_at={at}", "null:latency=200us", defaults=settings)
        _, err = self.ridge("run", suite, rc=rc)
        broken, good = sorted(members(self.exported()), key=lambda m: m["shape"].get("fault", "none") == "none")
        self.assertEqual(broken["verdict"], want, f"{broken}\n{err}")
        self.assertEqual(good["verdict"], "ok", good)
        if want != "ok":
            self.assertTrue(broken["reason"], broken)
            self.assertNotIn("time_ns", broken["metrics"])
        return broken

    def test_crash(self):
        self.assertRegex(self.verdict("crash", "crashed")["reason"], r"(?i)SIG|signal")

    def test_exit(self):
        self.verdict("exit", "failed")

    def test_hang(self):
        self.verdict("hang", "timeout", silence_timeout="2 s")

    def test_flood_of_stderr_is_no_failure(self):
        self.verdict("flood_stderr", "ok", rc=0)

    def test_stdout_is_not_the_wire(self):
        self.verdict("print_stdout", "ok", rc=0)

    def test_failing_run(self):
        self.verdict("fail", "failed")

    def test_escaped_grandchild_dies_too(self):
        before = set(pids_of("ridge-worker"))
        self.verdict("escape", "crashed")
        self.assertTrue(self.wait_until(lambda: not set(pids_of("ridge-worker")) - before))

    def test_wrong_answer(self):
        self.verdict("wrong", "wrong")

    def test_alloc_without_end(self):
        if is_sanitized():
            self.skipTest("an address space limit and AddressSanitizer's shadow do not go together")
        self.verdict("alloc", "oom", max_memory="1 GiB")


class Killed(Case):
    LONG = {"forks": 2, "rounds": 20, "max_rounds": 20, "block": "50 ms", "max_group_time": "60 s", "width": 1}  # no fork is bought

    def running(self, *more):
        suite = self.null_suite("null:latency=1ms", "null:latency=2ms", "null:latency=3ms", defaults=self.LONG)
        child = self.start("run", suite, *more)
        self.assertTrue(self.wait_until(lambda: os.path.exists(self.path("results.ridge"))))
        self.assertTrue(self.wait_until(lambda: len(descendants(child.pid)) > 1))
        time.sleep(1.5)
        return child, suite

    def test_kill_9_leaves_no_worker_and_a_sound_file(self):
        child, _ = self.running()
        before = descendants(child.pid)
        self.assertTrue(before)
        child.kill()
        child.wait()
        self.assertTrue(self.wait_until(lambda: not any(map(is_alive, before))),
                        "a worker outlived ridge")
        self.ridge("db", "verify", "results.ridge")

    def test_ctrl_c_stores_and_exits_130_and_resume_goes_on(self):
        child, suite = self.running()
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=60)
        self.assertEqual(child.returncode, 130, out + err)
        self.ridge("db", "verify", "results.ridge")
        first = self.exported()
        self.assertEqual(first["run"]["status"], "interrupted")
        self.ridge("run", suite, "--resume")
        second = self.exported()
        self.assertEqual(second["run"]["id"], first["run"]["id"])
        self.assertEqual(second["run"]["status"], "complete")
        for m in members(second):
            self.assertEqual(m["verdict"], "ok")
            self.assertEqual(m["forks"], 2)
            self.assertIn("time_ns", m["metrics"])

    def test_resume_after_kill_9(self):
        child, suite = self.running()
        child.kill()
        child.wait()
        _, err = self.ridge("run", suite, "--resume")
        self.assertIn("resuming", err)
        self.assertEqual(self.exported()["run"]["status"], "complete")


class Files(Case):
    def test_two_runs_on_one_file_at_once(self):
        suite = self.null_suite("null:latency=1ms")
        children = [self.start("run", suite) for _ in range(2)]
        for child in children:
            out, err = child.communicate(timeout=120)
            self.assertEqual(child.returncode, 0, out + err)
        self.ridge("db", "verify", "results.ridge")
        ids = {self.exported("results.ridge", "--run", r)["run"]["id"] for r in ("last", "last~1")}
        self.assertEqual(len(ids), 2)

    def test_foreign_file_is_refused(self):
        with open(self.path("notes.ridge"), "w", encoding="utf-8") as f:
            f.write("not a database " * 100)
        suite = self.null_suite("null:latency=1ms")
        _, err = self.ridge("run", suite, "-o", "notes.ridge", rc=5)
        self.assertIn("notes.ridge", err)

    def test_every_export_reads(self):
        self.ridge("run", self.null_suite("null:latency=1ms"))
        json.loads(self.ridge("export", "results.ridge")[0])
        json.loads(self.ridge("export", "results.ridge", "--format", "gbench")[0])
        lines = self.ridge("export", "results.ridge", "--format", "ndjson")[0].splitlines()
        self.assertGreater(len(lines), 10)
        for line in lines:
            json.loads(line)
        self.assertIn("null", self.ridge("export", "results.ridge", "--format", "csv")[0])
        self.assertIn("|", self.ridge("export", "results.ridge", "--format", "markdown")[0])

    def test_show_a_case_and_run_it_again(self):
        self.ridge("run", self.null_suite("null:latency=1ms"))
        case = members(self.exported())[0]["case"]
        out, _ = self.ridge("show", case)
        line = re.search(r"run it again: ridge (.*)", out).group(1)
        done = subprocess.run(["sh", "-c", os.path.join(BUILD, "ridge") + " " + line + " --rounds 3 -o again.ridge"],
                              cwd=self.dir, capture_output=True, timeout=120)
        self.assertEqual(done.returncode, 0, line + done.stderr.decode())
        self.assertEqual(members(self.exported("again.ridge"))[0]["case"], case)

    def test_hostile_suite_name(self):
        name = "</script><script>alert(1)</script>\"'=cmd()\x1b[31m\n|" + "x" * 4096
        suite = self.null_suite("null:latency=1ms", name="suite.json")
        with open(suite, encoding="utf-8") as f:
            root = json.load(f)
        root["name"] = name
        with open(suite, "w", encoding="utf-8") as f:
            json.dump(root, f)
        out, err = self.ridge("run", suite, "--report", "r.html", rc=None)
        self.assertNotIn("\x1b[31m", out + err)
        if not os.path.exists(self.path("r.html")):
            self.assertIn("name", err)  # refused in words is harmless too
            return
        with open(self.path("r.html"), encoding="utf-8") as f:
            self.assertNotIn("<script>alert(1)", f.read())
        for form in ("csv", "markdown", "json", "gbench"):
            text, _ = self.ridge("export", "results.ridge", "--format", form)
            self.assertNotIn("\x1b", text)
            self.assertNotRegex(text, r"(?m)^=cmd")


class Words(Case):
    def test_help_opens_with_examples(self):
        out, _ = self.ridge("--help")
        self.assertTrue(out.startswith("Examples:"))
        for verb in ("run", "bench", "plan", "report", "show", "export", "list", "doctor", "db"):
            self.assertIn(f"\n  {verb} ", out)
            self.assertTrue(self.ridge(verb, "--help")[0].startswith("Examples:"))

    def test_generated(self):
        self.assertTrue(self.ridge("--generate", "man")[0].startswith(".TH RIDGE 1"))
        self.assertIn("complete ", self.ridge("--generate", "completion")[0])
        schema = json.loads(self.ridge("--generate", "schema")[0])
        self.assertIn("2020-12", schema["$schema"])

    def test_usage_errors(self):
        for words, near in ((["rnu"], "run"), (["run", "--reprot", "x"], "--report"), (["list", "backend"], "backends"),
                            (["export", "x.ridge", "--format", "jsn"], "json"), (["report"], "FILE.ridge"),
                            (["bench", "gem:1x2x3"], "gemm")):
            _, err = self.ridge(*words, rc=2)
            self.assertIn(near, err)

    def test_suite_errors_carry_their_place(self):
        with open(self.path("bad.json"), "w", encoding="utf-8") as f:
            f.write('{ "name": "x",\n  "defautls": {},\n  "matrix": { "subject": ["null:latency=1ms"],'
                    ' "backend": ["nul"] } }\n')
        _, err = self.ridge("plan", "bad.json", rc=2)
        self.assertRegex(err, r"bad\.json:2:\d+: ")
        self.assertIn("defaults", err)
        self.assertRegex(err, r"bad\.json:3:\d+: ")
        self.assertIn("null", err)

    def test_missing_files(self):
        self.ridge("run", "absent.json", rc=2)
        self.ridge("report", "absent.ridge", rc=2)

    def test_lists_and_doctor(self):
        for what in ("backends", "runners", "operators", "kernels", "profilers", "metrics", "options"):
            self.ridge("list", what)
            self.assertIsInstance(json.loads(self.ridge("list", what, "--json")[0]), list)
        names = {b["backend"] for b in json.loads(self.ridge("list", "backends", "--json")[0])}
        self.assertLessEqual({"ridge", "null", "openblas", "blis", "onednn"}, names)
        self.assertIn("openblas", self.ridge("doctor")[0])
        json.loads(self.ridge("doctor", "--json")[0])

    def test_plan_of_many_cases(self):
        many = [f"null:latency={i}us" for i in range(1, 50001)]
        suite = self.suite({"subject": many, "backend": ["null"], "threads": [1, 2]})
        begin = time.monotonic()
        out, _ = self.ridge("plan", suite, "--json")
        self.assertEqual(json.loads(out)["n_cases"], 100000)
        self.assertLess(time.monotonic() - begin, 120)
        suite = self.suite({"subject": many + ["null:latency=1s"], "backend": ["null"], "threads": [1, 2]})
        _, err = self.ridge("plan", suite, rc=2)
        self.assertRegex(err, "100,?000")

    def test_bench_without_a_file(self):
        out, err = self.ridge("bench", "null:latency=1ms", "--backend", "null", "--rounds", "3", "--save-suite", "s.json")
        self.assertIn("null", out)
        self.assertEqual(sorted(os.listdir(self.dir)), ["s.json"])
        self.ridge("plan", "s.json")

    def test_json_goes_to_stdout_alone(self):
        out, err = self.ridge("run", self.null_suite("null:latency=1ms"), "--json")
        json.loads(out)
        self.assertIn("null", err)  # one plain line per finished case

    def test_colours_only_on_terminals(self):
        out, err = self.ridge("run", self.null_suite("null:latency=1ms"), TERM="xterm-256color")
        self.assertNotIn("\x1b", out + err)


class Workers(Case):
    def test_python_worker(self):
        folder = os.path.join(SOURCE, "runners", "python")
        if not os.path.isdir(os.path.join(folder, "ridge_worker")):
            self.skipTest("no python worker in this tree")
        suite = self.suite({"subject": ["null:latency=1ms"], "backend": ["pynull"], "arm": ["one", "two"]},
                           compare=["arm"], arms={name: {"program": [sys.executable, "-m", "ridge_worker"],
                                                         "env": {"PYTHONPATH": folder}} for name in ("one", "two")})
        self.ridge("run", suite, "--report", "r.html")
        found = members(self.exported())
        self.assertEqual({m["arm"] for m in found}, {"one", "two"})
        self.assertEqual({m["verdict"] for m in found}, {"ok"}, found)

    def test_fakedev(self):
        folder = os.path.join(BUILD, "test-plugins")
        if not glob.glob(os.path.join(folder, "*fakedev*.so")):
            self.skipTest("no fakedev plug-in in this build")
        env = {"RIDGE_PLUGIN_PATH": folder}
        names = {b["backend"] for b in json.loads(self.ridge("list", "backends", "--json", **env)[0])}
        self.assertIn("fakedev", names)
        suite = self.suite({"subject": ["fakeadd:n=4096"], "backend": ["fakedev"], "scenario": ["single", "depth(4)", "open(500,poisson)", "offline"],
                            "cache": ["hot", "cold"]}, defaults={"request_block": "200 ms"})
        self.ridge("run", suite, "--report", "r.html", **env)
        found = members(self.exported())
        self.assertEqual({m["options"]["scenario"] for m in found}, {"single", "depth(4)", "open(500,poisson)", "offline"})
        self.assertEqual({m["verdict"] for m in found}, {"ok"}, found)
        self.assertTrue(os.path.exists(self.path("r.html")))


class Rerun(Case):
    def test_a_plan_tells_compared_members_apart(self):
        suite = self.suite({"subject": ["gemm:8x8x8"], "backend": ["ridge:ref"], "threads": [1, 2]}, compare=["threads"])
        out, _ = self.ridge("plan", suite)
        self.assertIn("ridge:ref/1 ridge:ref/2", out)

    def test_the_printed_line_measures_that_case_again(self):
        suite = self.suite({"subject": ["null:latency=100us", "null:latency=200us"], "backend": ["null"], "arm": ["one", "two"]},
                           compare=["arm"], arms={"one": {}, "two": {"env": {"RIDGE_E2E": "2"}}})
        self.ridge("run", suite)
        first = members(self.exported())[0]
        shown = json.loads(self.ridge("show", first["case"], "--json")[0])["members"][0]
        words = shlex.split(shown["rerun"])
        self.assertEqual(words[:2], ["ridge", "run"])
        self.ridge(*words[1:], "-o", "again.ridge")
        again = members(self.exported("again.ridge"))
        self.assertEqual([(m["case"], m["arm"]) for m in again], [(first["case"], shown["arm"])])


class Tree(Case):
    def test_published_schema_is_the_generated_one(self):
        made, _ = self.ridge("--generate", "schema")
        with open(os.path.join(SOURCE, "configs/schema/suite.schema.json"), encoding="utf-8") as f:
            self.assertEqual(json.loads(made), json.load(f), "run: ridge --generate schema > configs/schema/suite.schema.json")

    def test_installed_tree_can_be_moved(self):
        prefix = self.path("first")
        subprocess.run(["cmake", "--install", BUILD, "--prefix", prefix], check=True, capture_output=True)
        os.rename(prefix, self.path("second"))
        ridge = os.path.join(self.path("second"), "bin", "ridge")
        for words in (["list", "backends"], ["bench", "gemm:64x64x64", "--backend", "ridge", "--rounds", "3"]):
            done = subprocess.run([ridge, *words], cwd="/", capture_output=True, timeout=120)
            self.assertEqual(done.returncode, 0, done.stderr.decode())
        self.assertTrue(os.path.exists(self.path("second/share/ridge/suites/quick.json")))


if __name__ == "__main__":
    if shutil.which("cmake") is None:
        del Tree
    unittest.main()
