"""Judging what is stored, and going on with it, end to end: sides that never met in a round, other hosts, the same build twice,
runs that were interrupted."""
import json
import os
import re
import signal
import sqlite3
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from gate import FAST, Gate  # noqa: E402
from kit import BUILD, descendants  # noqa: E402

UNPAIRED = "unpaired, drift not excluded"


class Apart(Gate):
    """Two sides of one run that are never measured in the same rounds."""
    SIDES = ("--a", "threads=1", "--b", "threads=2")

    def run_apart(self):
        suite = self.suite({"subject": ["null:latency=100us", "null:latency=150us"], "backend": ["null"], "threads": [1, 2]},
                           defaults=dict(FAST, forks=5))
        self.ridge("run", suite)

    def test_they_are_compared_unpaired(self):
        self.run_apart()
        out, _ = self.ridge("compare", "last", *self.SIDES)
        self.assertIn(UNPAIRED, out)
        self.assertIn("COMPARED: ", out)
        j = self.judged("compare", "last", *self.SIDES)
        self.assertEqual((j["mode"], j["exit_code"], j["run"]), ("compare", 0, 1))
        self.assertIn(UNPAIRED, j["baseline"])
        self.assertEqual([(v["kind"], v["metric"]) for v in j["verdicts"]], [("unpaired", "time_ns")] * 2)
        for v in j["verdicts"]:
            self.assertAlmostEqual(v["ratio"], 1, delta=0.1)
            self.assertLess(v["low"], v["ratio"])

    def test_their_command_measures_both(self):
        self.run_apart()
        lines = [v["again"] for v in self.judged("compare", "last", *self.SIDES)["verdicts"]]
        self.assertEqual(len(set(lines)), 2, lines)
        done = self.shell(lines[0])
        self.assertEqual(done.returncode, 0, (lines[0], done.stdout, done.stderr))
        self.assertIn(UNPAIRED.encode(), done.stdout)
        self.assertIn(b" of 1 regressed", done.stdout)
        members = [m for g in self.exported("again.ridge")["groups"] for m in g["members"]]
        self.assertEqual(sorted(m["options"]["threads"] for m in members), ["1", "2"])

    def test_sides_that_are_not_there(self):
        self.run_apart()
        _, err = self.ridge("compare", "last", "--a", "threads=1", "--b", "threads=4", rc=2)
        self.assertIn("no case of run 1 has both", err)


class OtherHost(Gate):
    def setUp(self):
        super().setUp()
        self.run_gate(self.fixed_suite())
        self.ridge("baseline", "set", "main", "last")
        self.run_gate(self.fixed_suite())
        db = sqlite3.connect(self.path("results.ridge"))
        db.execute("INSERT INTO host (digest, fingerprint_json, class, topology) "
                   "SELECT 'other', fingerprint_json, 'another machine', topology FROM host LIMIT 1")
        db.execute("UPDATE run SET host_id = (SELECT id FROM host WHERE digest = 'other') WHERE id = 1")
        db.commit()
        db.close()

    def test_times_are_not_judged_and_the_json_says_why(self):
        j = self.judged("gate", rc=4)
        self.assertRegex(j["why"], "run 1 was measured on another class of host .another machine. than run 2 ")
        self.assertTrue(j["banner"].startswith("CANNOT JUDGE"), j["banner"])
        self.assertEqual([v for v in j["verdicts"] if v["kind"] == "unpaired"], [])
        stored = json.loads(self.ridge("export", "results.ridge", "--format", "verdict-json")[0])
        self.assertEqual((stored["why"], stored["exit_code"]), (j["why"], 4))

    def test_what_needs_no_clock_still_fails(self):
        self.rules({"require_fit": False, "rules": [{"cases": "subject=null:latency=9*", "must_exist": True}]})
        j = self.judged("gate", rc=1)
        self.assertIn("another class of host", j["why"])
        self.assertEqual([v["kind"] for v in j["verdicts"] if v["verdict"] == "FAILED"], ["exists"])
        self.rules({"require_fit": False, "rules": [{"cases": "op=null", "must_exist": True}]})
        self.judged("gate", rc=4)

    def test_a_limit_that_is_broken_is_told_and_not_red(self):
        self.rules({"require_fit": False, "rules": [{"metric": "p50_ns", "max": "1 us"}]})
        j = self.judged("gate", rc=4)
        limits = [v for v in j["verdicts"] if v["kind"] == "limit"]
        self.assertEqual({v["verdict"] for v in limits}, {"INCONCLUSIVE"}, limits)
        self.assertIn("would be REGRESSED", limits[0]["why"])


class SameBuild(Gate):
    def two_runs(self, now=1):
        suite = self.fixed_suite("null:latency=100us")
        self.run_gate(suite)
        self.ridge("baseline", "set", "main", "last")
        self.run_gate(suite, RIDGE_NULL_SCALE=str(now))

    def test_a_build_is_not_held_against_itself(self):
        self.two_runs(now=2)
        os.symlink(os.path.abspath(BUILD), self.path("new"))
        for b in (BUILD, os.path.join(BUILD, "ridge-worker"), "new"):
            out, err = self.ridge("gate", "--rules", "rules.json", "--b", b, rc=2)
            self.assertEqual(out, "")
            self.assertRegex(err, r"--b \S+ is the worker beside this ridge, .* name the old build with --a")
        self.assertEqual(self.exported()["run"]["id"], 2)  # nothing was measured
        _, err = self.ridge("export", "results.ridge", "--format", "verdict", rc=2)
        self.assertIn("never judged", err)

    def test_without_suspects_it_does_not_matter(self):
        self.two_runs()
        rules = self.rules({"require_fit": False, "margin": "500 %", "memory_margin": "500 %"}, "wide.json")
        out, _ = self.ridge("gate", "--rules", rules, "--b", BUILD)
        self.assertIn("PASS", out)
        self.assertEqual(self.exported()["run"]["id"], 2)

    def test_another_environment_is_another_build(self):
        self.two_runs(now=2)
        out, _ = self.ridge("gate", "--rules", "rules.json", "--b", BUILD, "--b-env", "RIDGE_NULL_SCALE=2", rc=None)
        self.assertIn("measured again as A/B", out + self.ridge("export", "results.ridge", "--run", "2", "--format", "verdict-json")[0])


class Interrupted(Gate):
    LONG = {"forks": 5, "rounds": 20, "max_rounds": 20, "block": "10 ms", "warmup": "5 ms", "max_group_time": "60 s"}

    def interrupt(self, *words):
        """Started, interrupted while its first forks run; what it said."""
        n = self.n_runs()
        child = self.start("run", *words)
        self.assertTrue(self.wait_until(lambda: self.n_runs() > n))
        self.assertTrue(self.wait_until(lambda: len(descendants(child.pid)) > 1))
        time.sleep(1)
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=60)
        self.assertEqual(child.returncode, 130, out + err)
        return err.decode()

    def n_runs(self):
        if not os.path.exists(self.path("results.ridge")):
            return 0
        try:
            db = sqlite3.connect(self.path("results.ridge"))
            n = db.execute("SELECT count(*) FROM run").fetchone()[0]
            db.close()
        except sqlite3.OperationalError:  # it is being made
            return 0
        return n

    def runs(self):
        db = sqlite3.connect(self.path("results.ridge"))
        rows = db.execute("SELECT id, status FROM run ORDER BY id").fetchall()
        db.close()
        return rows

    def test_a_run_goes_on_with_its_own_members_only(self):
        suite = self.null_suite("null:latency=1ms", defaults=self.LONG)
        said = self.interrupt("--gate", suite)
        line = re.search(r"and (ridge run --resume .*) goes on", said)
        self.assertIsNotNone(line, said)
        self.assertEqual(line.group(1), f"ridge run --resume --gate {suite}")
        _, err = self.ridge("run", suite, "--resume", "--set", "forks=1", rc=None)
        self.assertIn("nothing to resume", err)
        _, err = self.ridge("run", suite, "--resume")
        self.assertIn("nothing to resume", err)
        self.assertEqual(self.runs()[0], (1, "interrupted"))
        done = self.shell(line.group(1))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(b"resuming run 1", done.stderr)
        self.assertEqual({status for _, status in self.runs()}, {"complete"})
        arms = {m["arm"] for g in self.exported("results.ridge", "--run", "1")["groups"] for m in g["members"]}
        self.assertEqual(arms, {"main", "aa"})

    def test_a_later_unfinished_run_of_other_members_is_not_in_the_way(self):
        suite = self.null_suite("null:latency=1ms", defaults=self.LONG)
        self.interrupt("--gate", suite)
        self.interrupt(suite)
        _, err = self.ridge("run", "--gate", suite, "--resume")
        self.assertIn("resuming run 1", err)
        self.assertEqual(self.runs(), [(1, "complete"), (2, "interrupted")])

    def test_a_line_with_two_dashes_goes_on(self):
        suite = self.null_suite("null:latency=1ms", defaults=self.LONG)
        said = self.interrupt("--", suite)
        line = re.search(r"and (ridge run .*) goes on", said).group(1)
        done = self.shell(line)
        self.assertIn(b"resuming run 1", done.stderr, line)
        self.assertEqual(self.runs(), [(1, "complete")])


class ThreeValues(Gate):
    def test_three_values_are_no_two_sides(self):
        suite = self.fixed_suite()
        for option in ("threads=1,2,4", "threads=1", "threads=1,", "threads=,2", "=1,2", "threads"):
            _, err = self.ridge("ab", "--option", option, suite, rc=2)
            self.assertIn("--option KEY=A,B stands alone and names two values", err)
        self.assertFalse(os.path.exists(self.path("results.ridge")))


if __name__ == "__main__":
    unittest.main()
