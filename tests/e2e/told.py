"""The verbs around a judgement, end to end: compare, baseline, history, rejudge, bisect, and a case measured again."""
import glob
import itertools
import json
import os
import shlex
import signal
import sqlite3
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from gate import FAST, SLOWER, SUBJECTS, Gate  # noqa: E402
from kit import BUILD, RIDGE, descendants  # noqa: E402

FIVE = ["--set", "forks=5"]


class Scaled(Gate):
    def scaled_suite(self, scale, *subjects):
        """Every latency is so many times as long."""
        return self.suite({"subject": list(subjects or SUBJECTS), "backend": ["null"], "arm": ["main"]}, defaults=FAST,
                          arms={"main": {"env": {"RIDGE_NULL_SCALE": str(scale)}}})


class Compare(Scaled):
    def two_files(self):
        self.ridge("run", self.scaled_suite(1), *FIVE, "-o", "a.ridge")
        self.ridge("run", self.scaled_suite(2.5), *FIVE, "-o", "b.ridge")

    def test_two_files_and_a_comparison_never_fails(self):
        self.two_files()
        j = self.judged("compare", "a.ridge", "b.ridge")
        self.assertEqual(self.verdicts(j), ["REGRESSED", "REGRESSED"])
        for v in j["verdicts"]:
            self.assertAlmostEqual(v["ratio"], 2.5, delta=0.1)
        self.assertEqual((j["exit_code"], j["mode"]), (0, "compare"))
        self.assertTrue(j["banner"].startswith("COMPARED: 2 of 2 regressed"), j["banner"])

    def test_annotations_of_a_comparison_are_notices(self):
        self.two_files()
        _, err = self.ridge("compare", "a.ridge", "b.ridge", "--rules", "rules.json", GITHUB_ACTIONS="true")
        self.assertIn("::notice", err)
        self.assertNotIn("::error", err)

    def test_a_comparison_is_not_stored(self):
        self.two_files()
        self.ridge("compare", "a.ridge", "b.ridge", "--summary", "s.md", "--junit", "j.xml", "--report", "r.html")
        for name in ("s.md", "j.xml", "r.html"):
            self.assertTrue(os.path.exists(self.path(name)), name)
        _, err = self.ridge("export", "b.ridge", "--format", "verdict", rc=2)
        self.assertIn("never judged", err)
        self.rules({"require_fit": False, "rules": [{"metric": "p50_ns", "max": "1 us"}]})
        self.ridge("gate", "--baseline", "none", "--rules", "rules.json", "b.ridge", rc=None)
        self.ridge("compare", "a.ridge", "b.ridge")
        stored = json.loads(self.ridge("export", "b.ridge", "--format", "verdict-json")[0])
        self.assertEqual(stored["mode"], "gate")

    def test_what_answers_wrong_now_is_told(self):
        self.ridge("run", self.fixed_suite("null:latency=100us"), *FIVE)
        self.ridge("run", self.fixed_suite("null:latency=100us", "null:latency=100us,fault=wrong"), *FIVE, rc=3)
        rows = self.judged("compare", "last~1", "last")["verdicts"]
        self.assertEqual([r["kind"] for r in rows if r["verdict"] == "FAILED"], ["answer"])

    def test_two_backends_of_one_run(self):
        self.ridge("run", self.suite({"subject": ["gemm:64x64x64"], "backend": ["ridge", "ridge:ref"]}), *FIVE)
        row = self.judged("compare", "last", "--a", "backend=ridge", "--b", "backend=ridge:ref")["verdicts"][0]
        self.assertEqual((row["kind"], row["verdict"]), ("paired", "REGRESSED"))

    def test_two_values_of_an_option(self):
        suite = self.suite({"subject": ["null:latency=100us"], "backend": ["null"], "threads": [1, 2]}, compare=["threads"])
        self.ridge("run", suite, *FIVE)
        j = self.judged("compare", "last", "--a", "threads=1", "--b", "threads=2")
        self.assertEqual([v["kind"] for v in j["verdicts"]], ["paired"])
        self.assertAlmostEqual(j["verdicts"][0]["ratio"], 1, delta=0.02)

    def test_sides_of_two_runs_are_refused(self):
        self.two_files()
        _, err = self.ridge("compare", "a.ridge", "b.ridge", "--a", "threads=1", "--b", "threads=1", rc=2)
        self.assertIn("sides of one run", err)
        _, err = self.ridge("compare", "a.ridge", "--a", "threads=1", rc=2)
        self.assertIn("two sides are needed", err)


class Baselines(Gate):
    def test_drop_forgets_what_is_there_and_nothing_else(self):
        self.ridge("run", self.fixed_suite())
        self.ridge("baseline", "set", "main", "last")
        _, err = self.ridge("baseline", "drop", "mian", rc=2)
        self.assertIn("no baseline 'mian'; did you mean main?", err)
        self.assertIn("main", self.ridge("baseline", "list")[0])
        _, err = self.ridge("baseline", "drop", "main")
        self.assertIn("forgotten", err)
        self.assertIn("no baseline", self.ridge("baseline", "list")[0])

    def test_the_old_side_of_an_ab_is_no_baseline(self):
        self.ridge("ab", "--a", BUILD, self.fixed_suite("null:latency=100us"), "--forks", "1", "--budget", "0s", rc=4)
        _, err = self.ridge("baseline", "set", "main", "last", rc=2)
        self.assertIn("A/B of two builds", err)
        self.assertIn("no baseline", self.ridge("baseline", "list")[0])

    def test_a_file_that_is_not_there(self):
        for words in (("set", "main", "last"), ("list",), ("drop", "main")):
            _, err = self.ridge("baseline", *words, "--file", "./gone.ridge", rc=2)
            self.assertIn("./gone.ridge: no such results file", err)


class History(Scaled):
    def fitness(self, run, fitness):
        with sqlite3.connect(self.path("results.ridge")) as db:
            db.execute("UPDATE run SET fitness = 'quiet'")
            db.execute("UPDATE run SET fitness = ? WHERE id = ?", (fitness, run))
        db.close()

    def test_the_change_is_named_and_unfit_runs_are_marked(self):
        for i in range(16):  # to and fro by 1 %: what is left of a series must not look like a trend of its own
            scale = (1 if i < 8 else 1.5) * (1.01 if i % 2 else 0.99)
            self.ridge("run", self.scaled_suite(scale, "null:latency=100us", "null:latency=1ms"))
        self.fitness(1, "quiet")
        out, _ = self.ridge("history")
        self.assertEqual(out.count("16 runs"), 2)
        self.assertEqual(out.count("worse at run 9: "), 2, out)
        self.assertRegex(out, r"\(\+(49|50|51)\.\d %\)")
        self.assertIn("8 runs since", out)
        self.assertNotIn("unfit", out)
        one, _ = self.ridge("history", "--filter", "latency=1000000ns")
        self.assertEqual(one.count("16 runs"), 1)
        self.assertIn("null:latency=1000000ns", one)
        _, err = self.ridge("history", "--filter", "latency=7000000ns", rc=2)
        self.assertIn("no stored case", err)
        self.fitness(9, "unfit")
        out, _ = self.ridge("history")
        self.assertIn("measured on a machine unfit to judge: run 9\n", out)
        self.assertIn("worse at run 9 (unfit): ", out)
        points = json.loads(self.ridge("history", "--json", "--filter", "latency=1000000ns")[0])[0]["points"]
        self.assertEqual([p["run"] for p in points if p["fitness"] == "unfit"], [9])

    def test_a_metric_that_is_not_there(self):
        self.ridge("run", self.fixed_suite())
        _, err = self.ridge("history", "--metric", "p99ns", rc=2)
        self.assertIn("did you mean p99_ns", err)


class Rejudge(Gate):
    def test_a_gated_run_under_other_rules(self):
        self.run_gate(self.fixed_suite())
        self.ridge("baseline", "set", "main", "last")
        self.run_gate(self.fixed_suite())
        self.judged("gate")
        self.rules({"require_fit": False, "rules": [{"metric": "p50_ns", "max": "120 us"}]})
        j = self.judged("rejudge", rc=1)
        self.assertEqual((j["mode"], j["run"], j["baseline"]), ("rejudge", 2, "main (run 1)"))
        self.assertEqual(sorted(v["kind"] for v in j["verdicts"] if v["kind"] != "aa"), ["limit", "limit", "unpaired", "unpaired"])
        self.assertEqual([v["kind"] for v in j["verdicts"] if v["verdict"] == "REGRESSED"], ["limit"])

    def test_it_measures_nothing(self):
        _, err = self.ridge("rejudge", "--b", BUILD, rc=2)
        self.assertIn("unknown option '--b'", err)
        self.assertNotIn("--a-env", self.ridge("rejudge", "--help")[0])


class Again(Gate):
    def again(self, run="results.ridge"):
        """The arms of the first case with the line that measures each again."""
        case = next(m["case"] for g in self.exported(run)["groups"] for m in g["members"])
        return {m["arm"]: m["rerun"] for m in json.loads(self.ridge("show", case, "--json")[0])["members"]}

    def measured(self, line, rc):
        done = subprocess.run([RIDGE, *shlex.split(line)[1:]], cwd=self.dir, capture_output=True, timeout=120, env=self.environ(),
                              check=False)
        self.assertIn(done.returncode, rc, line + done.stdout.decode() + done.stderr.decode())
        return done.stdout.decode()

    def test_a_case_of_two_builds_keeps_both(self):
        self.ridge("ab", *SLOWER, "--rules", "rules.json", "--budget", "0s", "--", self.fixed_suite(), rc=None)
        lines = self.again()
        self.assertEqual(set(lines), {"main", "b", "aa"})
        self.assertEqual(len(set(lines.values())), 1, lines)
        line = lines["main"]
        self.assertIn("RIDGE_NULL_SCALE=1.1", line)
        self.assertIn(" of 1 regressed", self.measured(line, (0, 1)))  # 0: the machine was too busy to say
        arms = {m["arm"] for g in self.exported("again.ridge")["groups"] for m in g["members"]}
        self.assertEqual(arms, {"main", "b", "aa"})

    def test_a_limit_between_two_values_of_an_option(self):
        rules = self.rules({"require_fit": False, "rules": [{"metric": "p50_ns", "max": "50 us"}]})
        self.ridge("ab", "--option", "threads=1,2", self.fixed_suite("null:latency=100us"), "--rules", rules, "--budget", "0s", rc=None)
        rows = json.loads(self.ridge("export", "results.ridge", "--format", "verdict-json")[0])["verdicts"]
        line = next(r["again"] for r in rows if r["kind"] == "limit")
        self.assertIn("p50_ns", self.measured(line, (1, 4)))

    def test_a_control_is_main_again(self):
        self.run_gate(self.fixed_suite())
        lines = self.again()
        self.assertEqual(lines["aa"], lines["main"])
        self.measured(lines["aa"], (0,))


class Bisect(Gate):
    SCALE = "#!/bin/sh\nRIDGE_NULL_SCALE={} exec %s/ridge-worker \"$@\"\n" % BUILD
    FINE, SLOW, BROKEN = SCALE.format("1"), SCALE.format("1.2"), SCALE.format("none")

    def setUp(self):
        super().setUp()
        os.mkdir(self.path("tree"))
        os.mkdir(self.path("tmp"))
        self.rules({"name": "e2e", "require_fit": False, "looks": 1, "budget": "0s"}, "tree/rules.json")
        self.bench = self.fixed_suite("null:latency=100us")

    def git(self, *words):
        return subprocess.run(["git", "-c", "user.name=t", "-c", "user.email=t@example.org", *words], cwd=self.path("tree"),
                              check=True, capture_output=True).stdout.decode()

    def commits(self, *workers):
        """One commit a worker; None: one that does not build."""
        self.git("init", "-q", "-b", "main")
        for i, worker in enumerate(workers):
            with open(self.path("tree/worker.in"), "w", encoding="utf-8") as f:
                f.write(worker if worker is not None else "")
                f.write(f"# {i}\n")
            self.git("add", "worker.in")
            self.git("commit", "-q", "-m", f"step {i}")

    def words(self, good, bad):
        build = "grep -q exec worker.in && cp worker.in worker && chmod +x worker"
        return [RIDGE, "bisect", "--good", good, "--bad", bad, "--suite", self.bench, "--worker", "worker", "--rules", "rules.json",
                "--", "sh", "-c", build]

    def bisect(self, good, bad="HEAD", rc=0):
        done = subprocess.run(self.words(good, bad), cwd=self.path("tree"), capture_output=True, timeout=300,
                              env=self.environ(TMPDIR=self.path("tmp")), check=False)
        out = done.stdout.decode() + done.stderr.decode()
        self.assertEqual(done.returncode, rc, out)
        return out

    def clean(self):
        self.assertEqual(self.git("worktree", "list").count("\n"), 1)
        self.assertEqual(glob.glob(self.path("tmp/*/good")) + glob.glob(self.path("tmp/*/tree")), [])

    def test_the_commit_is_named_whatever_is_checked_out(self):
        self.commits(*[self.FINE] * 3, *[self.SLOW] * 3)
        self.git("checkout", "-q", "--detach", "HEAD~1")
        out = self.bisect("HEAD~4", "main")
        self.assertIn("is the first bad commit", out)
        self.assertIn("step 3", out)
        self.clean()
        self.assertEqual(glob.glob(self.path("tmp/*/*")), glob.glob(self.path("tmp/*/bisect.ridge")))
        self.assertIn("measurements: ", out)

    def test_only_what_is_slower_at_the_bad_end_decides(self):
        self.bench = self.fixed_suite("null:latency=100us", "null:latency=150us,fault=wrong")  # wrong at every revision
        limit = {"metric": "p50_ns", "max": "50 us"}  # broken at every revision
        self.rules({"require_fit": False, "looks": 1, "budget": "0s", "rules": [limit]}, "tree/rules.json")
        self.commits(*[self.FINE] * 3, *[self.SLOW] * 2)
        out = self.bisect("HEAD~4")
        self.assertIn("step 3", out)
        self.assertIn("is not slower", out)

    def test_the_commands_that_it_leaves_can_be_run(self):
        self.commits(self.FINE, self.FINE, self.SLOW)
        out = self.bisect("HEAD~2")
        self.assertNotIn("again: ridge", out)  # the builds are gone
        lines = out[out.index("to measure it again:\n"):].split("\n")[1:]
        script = "\n".join(itertools.takewhile(lambda line: line.startswith("  "), lines))
        self.assertIn(self.git("rev-parse", "HEAD").strip(), script)
        done = subprocess.run(["sh", "-ec", script], cwd=self.path("tree"), capture_output=True, timeout=120, check=False,
                              env=self.environ(PATH=BUILD + ":" + os.environ["PATH"]))
        self.assertIn(done.returncode, (0, 1, 4), done.stdout + done.stderr)  # as busy as the machine is
        self.assertIn(b" of 1 regressed", done.stdout)

    def undecided(self, worker, words):
        self.commits(self.FINE, self.FINE, worker, self.FINE, self.SLOW)
        out = self.bisect("HEAD~4")
        self.assertIn(words, out)  # the middle one is asked first
        self.assertIn("is the first bad commit", out)
        self.assertIn("step 4", out)
        self.clean()

    def test_a_revision_that_fails_is_skipped(self):
        self.undecided(self.BROKEN, "is undecided: skipped")

    def test_a_revision_without_a_verdict_is_skipped(self):
        starts = self.path("starts")  # every second process is slower
        scale = f"$([ $(($(wc -l <{starts}) % 2)) = 0 ] && echo 1 || echo 1.2)"
        self.undecided(f"#!/bin/sh\necho x >>{starts}\nRIDGE_NULL_SCALE={scale} exec {BUILD}/ridge-worker \"$@\"\n",
                       "is undecided: skipped")

    def test_a_revision_that_does_not_build_is_skipped(self):
        self.undecided(None, "is not to be built: skipped")

    def test_ends_that_do_not_differ_blame_nobody(self):
        self.commits(self.FINE, self.FINE)
        out = self.bisect("HEAD~1", rc=4)
        self.assertIn("--bad HEAD is not slower than --good HEAD~1: nothing to bisect", out)
        self.assertNotIn("first bad commit", out)
        self.clean()

    def test_an_end_that_does_not_build(self):
        self.commits(self.FINE, None)
        out = self.bisect("HEAD~1", rc=2)
        self.assertIn("HEAD does not build", out)
        self.assertNotIn("measurements", out)
        self.clean()
        self.assertEqual(os.listdir(self.path("tmp")), [])

    def test_outside_git(self):
        out = self.bisect("HEAD~1", rc=2)
        self.assertIn("inside a git work tree", out)
        self.assertEqual(os.listdir(self.path("tmp")), [])

    def test_an_interrupt_leaves_nothing_behind(self):
        self.commits(self.FINE, self.SLOW, self.SLOW)
        for whole_group in (True, False):  # as a terminal does, as kill does
            child = subprocess.Popen(self.words("HEAD~2", "HEAD"), cwd=self.path("tree"), start_new_session=True,
                                     stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                     env=self.environ(TMPDIR=self.path("tmp")))
            self.addCleanup(self.reap, child)
            before = set(glob.glob(self.path("tmp/*/bisect.ridge")))
            self.assertTrue(self.wait_until(lambda b=before: set(glob.glob(self.path("tmp/*/bisect.ridge"))) - b))
            started = descendants(child.pid)
            if whole_group:
                os.killpg(child.pid, signal.SIGINT)
            else:
                child.terminate()
            out = child.communicate(timeout=60)[0].decode()
            self.assertEqual(child.returncode, 130, out)
            self.assertNotIn("first bad commit", out)
            self.assertTrue(started and self.wait_until(lambda s=started: not any(os.path.exists(f"/proc/{p}") for p in s)))
            self.clean()


if __name__ == "__main__":
    unittest.main()
