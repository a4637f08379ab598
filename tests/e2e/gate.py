"""Judging, end to end: two builds interleaved, stored baselines, exit codes, the words that name the way out."""
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import unittest
import xml.etree.ElementTree as ElementTree

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from kit import BUILD, RIDGE, Case  # noqa: E402

SUBJECTS = ["null:latency=100us", "null:latency=150us"]
FAST = {"rounds": 3, "max_rounds": 3, "block": "2 ms", "warmup": "5 ms", "max_group_time": "120 s"}
SLOWER = ["--b-env", "RIDGE_NULL_SCALE=1.1"]


class Gate(Case):
    def setUp(self):
        super().setUp()
        # the machine may be busy with other tests: what is tested here is the logic, and the control still counts
        self.rules({"name": "e2e", "require_fit": False})

    def rules(self, root, name="rules.json"):
        with open(self.path(name), "w", encoding="utf-8") as f:
            json.dump(root, f)
        return self.path(name)

    def judged(self, *words, rc=0, **env):
        """The verdict as JSON."""
        return json.loads(self.ridge(*words, "--rules", self.path("rules.json"), "--json", rc=rc, **env)[0])

    def settled(self, want, *words, rc=0):
        """Verdicts as wanted; a machine busy with other tests may leave a case open, and is asked again. What must never
        come out is the opposite."""
        for _ in range(4):
            out, _err = self.ridge(*words, "--rules", self.path("rules.json"), "--json", rc=None)
            j = json.loads(out)
            got = self.verdicts(j)
            self.assertLessEqual(set(got), set(want) | {"INCONCLUSIVE"}, j)
            if got == want:
                break
        self.assertEqual(got, want, j)
        self.assertEqual(j["exit_code"], rc, j)
        return j

    def run_gate(self, suite, *words, **env):
        """`run --gate` with a control that can be judged. A core that is shared all the while leaves too few quiet forks; such a
        run is taken back, and made again."""
        files = [self.path("results.ridge" + end) for end in ("", "-wal", "-shm")]
        any_time = self.rules({"require_fit": False, "rules": [{"metric": "time_ns", "max": "1000 s"}]}, "any.json")
        for _ in range(4):
            kept = {}
            for name in filter(os.path.exists, files):
                with open(name, "rb") as f:
                    kept[name] = f.read()
            self.ridge("run", "--gate", suite, *words, **env)
            shutil.copy(files[0], self.path("look.ridge"))
            out, _ = self.ridge("gate", "--baseline", "none", "--rules", any_time, "--json", "look.ridge", rc=None)
            for name in filter(lambda n: n.startswith("look.ridge"), os.listdir(self.dir)):
                os.unlink(self.path(name))
            if "A/A control" not in json.loads(out)["why"]:
                return
            for name in filter(os.path.exists, files):
                os.unlink(name)
            for name, data in kept.items():
                with open(name, "wb") as f:
                    f.write(data)
        self.fail(out)

    def fixed_suite(self, *subjects, **defaults):
        return self.null_suite(*(subjects or SUBJECTS), defaults=dict(FAST, **defaults))

    def shell(self, line, program=RIDGE):
        """A line as somebody pastes it, with this program as ridge."""
        return subprocess.run(["sh", "-c", f"ridge() {{ {program} \"$@\"; }}; {line}"], cwd=self.dir, capture_output=True, timeout=240,
                              env=self.environ())

    @staticmethod
    def verdicts(judgement):
        return [v["verdict"] for v in judgement["verdicts"] if v["kind"] != "aa"]


class Ab(Gate):
    def test_ten_percent_is_regressed(self):
        j = self.settled(["REGRESSED", "REGRESSED"], "ab", *SLOWER, self.fixed_suite(), rc=1)
        for v in j["verdicts"]:
            if v["kind"] == "paired":
                self.assertAlmostEqual(v["ratio"], 1.1, delta=0.02)
                self.assertGreaterEqual(v["forks"], 5)
                self.assertIn("--filter case=" + v["case"], v["again"])
        self.assertEqual(len([v for v in j["verdicts"] if v["kind"] == "aa"]), 2)
        self.assertIn(j["aa"], (1, 2))  # a control that too few quiet forks carry does not count

    def test_the_red_line_can_be_run_again(self):
        self.settled(["REGRESSED", "REGRESSED"], "ab", *SLOWER, self.fixed_suite(), rc=1)
        out, _ = self.ridge("export", "results.ridge", "--format", "verdict")
        line = re.search(r"again: ridge (.*)", out).group(1)
        self.assertIn("--filter case=", line)
        done = subprocess.run(["sh", "-c", RIDGE + " " + line], cwd=self.dir, capture_output=True, timeout=120,
                              env=self.environ())
        self.assertIn(done.returncode, (0, 1), done.stdout + done.stderr)  # 0: the machine was too busy to say
        self.assertIn(b" of 1 regressed", done.stdout)

    def test_identical_passes(self):
        self.settled(["OK", "OK"], "ab", self.fixed_suite())

    def test_faster_is_improved(self):
        self.settled(["IMPROVED", "IMPROVED"], "ab", "--b-env", "RIDGE_NULL_SCALE=0.9", self.fixed_suite())

    def test_few_forks_cannot_judge(self):
        out, _ = self.ridge("ab", *SLOWER, self.fixed_suite(), "--forks", "2", "--budget", "0s", "--rules", "rules.json", rc=4)
        self.assertIn("2 forks", out)
        self.assertNotIn("REGRESSED", out)

    def test_a_doubtful_case_gets_forks(self):
        j = self.settled(["REGRESSED", "REGRESSED"], "ab", *SLOWER, self.fixed_suite(), "--forks", "4", rc=1)
        self.assertGreater(j["looks"], 1)

    def test_a_wrong_answer_is_red(self):
        suite = self.fixed_suite("null:latency=100us", "null:latency=100us,fault=wrong")
        out, _ = self.ridge("ab", suite, "--rules", "rules.json", rc=1)
        self.assertIn("FAILED", out)
        self.assertIn("wrong", out)

    def test_option_against_option(self):
        suite = self.suite({"subject": ["null:latency=100us"], "backend": ["null"]}, defaults=FAST)
        self.settled(["OK"], "ab", "--option", "threads=1,2", suite)
        again = self.judged("rejudge")  # its sides are in its command line
        self.assertEqual([v["kind"] for v in again["verdicts"] if v["kind"] != "aa"], ["paired"])

    def test_a_worker_that_is_not_there(self):
        _, err = self.ridge("ab", "--b", "/nowhere/ridge-worker", self.fixed_suite(), rc=None)
        self.assertIn("nowhere", err)

    def test_a_folder_is_a_side(self):
        self.settled(["OK", "OK"], "ab", "--a", BUILD, "--b", BUILD, self.fixed_suite())


class Stored(Gate):
    def test_pass_and_baseline_words(self):
        _, err = self.ridge("gate", rc=2)
        self.assertIn("results.ridge", err)
        self.run_gate(self.fixed_suite())
        _, err = self.ridge("gate", "--rules", "rules.json", rc=2)
        self.assertIn("ridge baseline set main", err)
        self.ridge("baseline", "set", "main", "last")
        self.assertIn("main", self.ridge("baseline", "list")[0])
        _, err = self.ridge("gate", "--rules", "rules.json", rc=2)
        self.assertIn("is the baseline itself", err)
        self.run_gate(self.fixed_suite())
        out, _ = self.ridge("gate", "--rules", "rules.json", "--junit", "j.xml", "--summary", "s.md", "--report", "r.html")
        self.assertIn("more are missing", out)  # runs of this host class
        self.assertIn("ridge ab", out)
        self.assertIn("2 inconclusive", out.splitlines()[-1])
        self.assertEqual(ElementTree.parse(self.path("j.xml")).getroot().get("skipped"), "2")
        with open(self.path("s.md"), encoding="utf-8") as f:
            self.assertIn("| INCONCLUSIVE |", f.read())
        with open(self.path("r.html"), encoding="utf-8") as f:
            self.assertIn("id=verdict", f.read())

    def test_six_runs_are_enough(self):
        suite = self.fixed_suite()
        for n_runs in range(1, 10):  # a run whose cores were stolen does not count, and one more is made
            self.run_gate(suite, "--set", "forks=5")
            if n_runs < 6:
                continue
            self.ridge("baseline", "set", "main", "last~1")
            rows = [v for v in self.judged("gate", rc=None)["verdicts"] if v["kind"] == "unpaired"]
            self.assertEqual(len(rows), 2)
            if not any("undisturbed" in v["why"] or "more are missing" in v["why"] for v in rows):
                break
        for v in rows:  # whatever the noise makes of the case, the spread is known
            self.assertNotIn("more are missing", v["why"])
            self.assertRegex(v["why"], r"spread between \d+ runs [\d.]+ %")

    def test_suspects_are_measured_again(self):
        self.run_gate(self.fixed_suite())
        self.ridge("baseline", "set", "main", "last")
        self.run_gate(self.fixed_suite())
        self.assertEqual(self.verdicts(self.judged("gate")), ["INCONCLUSIVE", "INCONCLUSIVE"])
        j = self.settled(["OK", "OK"], "gate", "--run", "2", "--a", BUILD, "--b", BUILD)
        self.assertIn("A/B", j["verdicts"][0]["why"])
        self.settled(["REGRESSED", "REGRESSED"], "gate", "--run", "2", "--b", BUILD, "--b-env", "RIDGE_NULL_SCALE=1.1", rc=1)
        self.assertEqual(self.judged("gate")["run"], 2)  # the A/B runs came later, and are not what a gate judges

    def test_a_suite_may_name_its_gate_file(self):
        os.mkdir(self.path("common"))
        own = self.rules({"name": "of the suite", "require_fit": False, "rules": [{"metric": "p50_ns", "max": "50 us"}]},
                         "common/own.json")
        self.rules({"gate": "own.json"}, "common/base.json")  # relative to the file that says it
        suite = self.fixed_suite()
        with open(suite, encoding="utf-8") as f:
            root = dict(json.load(f), include=["common/base.json"])
        with open(suite, "w", encoding="utf-8") as f:
            json.dump(root, f)
        self.ridge("run", suite)  # no --gate: the suite says it
        j = json.loads(self.ridge("gate", "--baseline", "none", "--json", rc=1)[0])
        self.assertEqual((j["rules"], set(self.verdicts(j))), ("of the suite", {"REGRESSED"}))
        self.assertGreaterEqual(min(v["forks"] for v in j["verdicts"]), 5)
        self.assertTrue([v for v in j["verdicts"] if v["kind"] == "aa"])
        os.unlink(own)
        _, err = self.ridge("gate", "--baseline", "none", rc=2)
        self.assertIn("own.json", err)

    def test_without_control(self):
        self.run_gate(self.fixed_suite())
        self.ridge("baseline", "set", "main", "last")
        self.ridge("run", self.fixed_suite(forks=5))
        out, _ = self.ridge("gate", "--rules", "rules.json", rc=4)
        self.assertIn("ridge run --gate", out)
        self.ridge("run", self.fixed_suite(forks=2))
        out, _ = self.ridge("gate", "--rules", "rules.json", rc=4)
        self.assertIn("2 forks", out)
        self.assertIn("ridge run --gate", out)

    def test_limits_and_must_exist(self):
        self.run_gate(self.fixed_suite())
        alone = ("gate", "--baseline", "none")
        self.rules({"require_fit": False, "rules": [{"metric": "p50_ns", "max": "120 us", "name": "budget"}]})
        j = self.judged(*alone, rc=1)
        self.assertEqual(sorted(self.verdicts(j)), ["OK", "REGRESSED"])
        _, err = self.ridge("gate", "--rules", "rules.json", rc=2)  # a baseline that was lost is no pass
        self.assertIn("--baseline none", err)
        self.rules({"require_fit": False, "rules": [{"cases": "op=gemm", "must_exist": True}]})
        self.assertEqual(self.verdicts(self.judged(*alone, rc=1)), ["FAILED"])
        self.rules({"require_fit": False, "rules": [{"cases": "op=null", "must_exist": True}, {"cases": "op=nul", "max": "1 s"}]})
        j = self.judged(*alone)
        self.assertEqual(self.verdicts(j), ["OK"])
        self.assertIn("no case matches the rule in line 1", j["advice"])
        self.rules({"require_fit": False, "rules": [{"metric": "p50_ns", "min": "90 us", "name": "too good to be true"}]})
        self.judged(*alone)

    def test_compare_and_history_and_rejudge(self):
        self.run_gate(self.fixed_suite())
        self.run_gate(self.fixed_suite())
        out, _ = self.ridge("compare", "last~1", "last")
        self.assertIn("drift", out)
        _, err = self.ridge("compare", "last", rc=2)
        self.assertIn("--a", err)
        out, _ = self.ridge("history")
        self.assertIn("2 runs", out)
        series = json.loads(self.ridge("history", "--json", "--metric", "p50_ns")[0])
        self.assertEqual(len(series), 2)
        self.settled(["REGRESSED", "REGRESSED"], "ab", *SLOWER, self.fixed_suite(), rc=1)
        self.rules({"require_fit": False, "margin": "20 %"})
        self.assertEqual(self.verdicts(self.judged("rejudge")), ["OK", "OK"])
        self.ridge("db", "verify", "results.ridge")

    def test_gate_file_mistakes_carry_their_place(self):
        self.run_gate(self.fixed_suite())
        with open(self.path("rules.json"), "w", encoding="utf-8") as f:
            f.write('{ "margn": 3,\n  "rules": [{ "metric": "p99ns", "max": "20 ms" }] }\n')
        _, err = self.ridge("gate", "--rules", "rules.json", rc=2)
        self.assertRegex(err, r"rules\.json:1:\d+: .*did you mean margin")
        self.assertRegex(err, r"rules\.json:2:\d+: .*p99_ns")


class Unjudged(Gate):
    """What must not pass in silence."""

    def two_runs(self):
        self.run_gate(self.fixed_suite())
        self.ridge("baseline", "set", "main", "last")
        self.run_gate(self.fixed_suite())

    def sql(self, *statements):
        db = sqlite3.connect(self.path("results.ridge"))
        for statement in statements:
            db.execute(statement)
        db.commit()
        db.close()

    def test_a_part_of_a_run(self):
        self.two_runs()
        self.sql("UPDATE run SET status = 'interrupted' WHERE id = 2")
        out, _ = self.ridge("gate", "--rules", "rules.json", rc=4)
        self.assertIn("ridge run --resume", out)

    def test_the_baseline_itself(self):
        self.two_runs()
        self.ridge("baseline", "set", "main", "1", "2")
        _, err = self.ridge("gate", "--rules", "rules.json", rc=2)
        self.assertIn("the baseline itself", err)

    def test_cases_under_other_names(self):
        self.run_gate(self.fixed_suite())
        self.ridge("baseline", "set", "main", "last")
        self.run_gate(self.fixed_suite("null:latency=120us"))
        out, _ = self.ridge("gate", "--rules", "rules.json", rc=4)
        self.assertIn("no case of the baseline was measured in this run", out)

    def test_one_suspect_of_a_large_suite_has_a_control(self):
        suite = self.fixed_suite(*(f"null:latency={100 + i}us" for i in range(200)))
        one = (suite, "--filter", "subject=null:latency=100us")
        self.run_gate(*one)
        self.ridge("baseline", "set", "main", "last")
        self.run_gate(*one)
        worker = os.path.join(BUILD, "ridge-worker")
        j = self.settled(["REGRESSED"], "gate", "--b", worker, "--b-env", "RIDGE_NULL_SCALE=2", rc=1)
        self.assertIn("measured again as A/B", j["verdicts"][0]["why"])

    def test_words_that_would_do_nothing(self):
        suite = self.fixed_suite()
        for words, said in ((("ab", suite, "--set", "forks=3"), "--forks"), (("ab", "--b", "", suite), "--b is empty")):
            _, err = self.ridge(*words, rc=2)
            self.assertIn(said, err)
        self.run_gate(suite)
        _, err = self.ridge("gate", "--a", "build", rc=2)
        self.assertIn("--b CMD", err)
        self.rules({"margin": 3})
        _, err = self.ridge("gate", "--rules", "rules.json", rc=2)
        self.assertIn('"3 %"', err)

    def test_a_worker_of_another_wire_is_refused_before_anything_is_measured(self):
        with open(self.path("other"), "w", encoding="utf-8") as f:
            f.write("#!/usr/bin/env python3\nimport json, sys\nsys.stdin.readline()\n"
                    "print(json.dumps({'type': 'hello', 'wire': 9, 'worker': 'other', 'version': '9'}), flush=True)\n"
                    "sys.stdin.readline()\n")
        os.chmod(self.path("other"), 0o755)
        _, err = self.ridge("ab", "--b", self.path("other"), self.fixed_suite(), rc=None)
        self.assertIn("it chose wire version 9", err)
        self.assertFalse(os.path.exists(self.path("results.ridge")))

    def test_a_tail_from_few_forks(self):
        self.rules({"require_fit": False, "rules": [{"metric": "p50_ns", "margin": "5 %"}]})
        out, _ = self.ridge("ab", "--forks", "6", "--budget", "0s", "--b-env", "RIDGE_NULL_SCALE=1.5", self.fixed_suite(), "--rules",
                            "rules.json", "--json", rc=None)
        rows = [v for v in json.loads(out)["verdicts"] if v["metric"] == "p50_ns"]
        self.assertEqual({v["verdict"] for v in rows}, {"INCONCLUSIVE"})
        self.assertIn("6 forks carry no p", rows[0]["why"])


HOSTILE = "<b>&\"']]>\x01\x1b[31m\uffff\ufffe\u202e\n::error::x%0A|`"


class Surfaces(Gate):
    """What a verdict is read from: lines to run again, annotations, JUnit, summaries."""
    def setUp(self):
        super().setUp()
        self.slow = self.path("slow/ridge")  # a build three times slower
        os.mkdir(self.path("slow"))
        shutil.copy(RIDGE, self.slow)
        with open(self.path("slow/ridge-worker"), "w", encoding="utf-8") as f:
            f.write(f'#!/bin/sh\nRIDGE_NULL_SCALE=3 exec {BUILD}/ridge-worker "$@"\n')
        os.chmod(self.path("slow/ridge-worker"), 0o755)

    def red_gate(self, *words):
        """A run three times slower than its baseline, judged; the console's text."""
        suite = self.fixed_suite()
        self.run_gate(suite)
        self.ridge("baseline", "set", "main", "last")
        for _ in range(4):  # a run on a busy machine may leave a case open
            self.shell(f"ridge run --gate {suite} --report run.html", self.slow)
            out, err = self.ridge("gate", "--rules", "rules.json", *words, rc=None)
            if "2 of 2 regressed" in out:
                return out, err
        self.fail(out)

    def files(self):
        """Every file of the folder with its content, but for what the results file's reader leaves beside it."""
        found = {}
        for name in filter(lambda n: os.path.isfile(self.path(n)), os.listdir(self.dir)):
            with open(self.path(name), "rb") as f:
                found[name] = f.read()
        return {name: data for name, data in found.items() if not name.endswith(("-shm", "-wal", ".lock"))}

    def run_again(self, out, program=RIDGE):
        """The command of the first red line, run as it is printed; what it says. It touches nothing that was there."""
        self.assertIn("again: ridge ", out)
        line = re.search(r"again: (ridge .*)", out).group(1)
        before = self.files()
        done = self.shell(line, program)
        after = self.files()
        self.assertEqual(set(after) - set(before) - {"again.ridge"}, set(), line)
        self.assertEqual([name for name in before if before[name] != after[name]], [], line)
        return done.returncode, done.stdout.decode() + done.stderr.decode(), line

    def test_the_red_line_of_a_gate_judges_again(self):
        out, _ = self.red_gate("--junit", "j.xml", "--summary", "s.md", "--report", "r.html", "--json")
        out, _ = self.ridge("export", "results.ridge", "--format", "verdict")
        rc, said, line = self.run_again(out, self.slow)
        self.assertIn("ridge gate --baseline results.ridge:main --rules rules.json again.ridge", line)
        self.assertIn(rc, (1, 4), said)  # 4: the machine was too busy to say
        self.assertIn("against results.ridge:main (run 1), rules e2e", said)
        self.assertRegex(said, r" of 2 regressed, .* [12] inconclusive")  # the other case is not in that run
        with open(self.path("s.md"), encoding="utf-8") as f:
            self.assertEqual(f.read().count("again: <code>ridge run --gate "), 2)

    def test_the_red_line_of_builds_at_hand_is_an_ab(self):
        self.run_gate(self.fixed_suite())
        self.ridge("baseline", "set", "main", "last")
        self.run_gate(self.fixed_suite())
        for _ in range(4):
            out, _ = self.ridge("gate", "--run", "2", "--b", BUILD, "--b-env", "RIDGE_NULL_SCALE=3", "--rules", "rules.json", rc=None)
            if "again: " in out:
                break
        self.assertRegex(self.exported()["run"]["command"], "^ridge ab --b .* --rules rules.json .*suite.json$")
        rc, said, line = self.run_again(out)
        self.assertTrue(line.startswith("ridge ab "), line)
        self.assertIn(rc, (0, 1, 4), said)  # 0, 4: the machine was too busy to say
        self.assertIn(" of 1 regressed", said)

    def test_the_red_line_of_a_rejudged_run_has_its_rules(self):
        self.ridge("ab", *SLOWER, self.fixed_suite(), "--rules", self.rules({"require_fit": False, "margin": "30 %"}, "mild.json"))
        out, _ = self.ridge("rejudge", "--rules", "rules.json", rc=1)
        rc, said, line = self.run_again(out)
        self.assertIn("--rules rules.json", line)
        self.assertNotIn("mild.json", line)
        self.assertIn(rc, (0, 1), said)  # 0: the machine was too busy to say
        self.assertIn(" of 1 regressed", said)

    def test_a_case_that_must_exist_is_asked_for_by_its_pattern(self):
        self.run_gate(self.fixed_suite())
        self.rules({"require_fit": False, "rules": [{"cases": "subject=null:latency=9*", "must_exist": True}]})
        out, _ = self.ridge("gate", "--baseline", "none", "--rules", "rules.json", rc=1)
        self.assertRegex(out, r"again: ridge run --gate .*--filter 'subject=null:latency=9\*' .* --baseline none ")
        rc, said, _ = self.run_again(out)
        self.assertEqual(rc, 2, said)
        self.assertIn("no case is left: the filter", said)

    def test_a_forge_reads_what_is_red_and_how_to_see_it_again(self):
        _, err = self.red_gate()
        self.assertNotIn("::error", err)
        _, err = self.ridge("gate", "--rules", "rules.json", rc=1, GITHUB_ACTIONS="true")
        lines = [line for line in err.splitlines() if line.startswith("::")]
        self.assertEqual(len(lines), 2, err)
        self.assertRegex(lines[0], r"^::error title=null[^:]*::null .* REGRESSED: time_ns x .* Again: ridge run --gate .* && ridge gate ")
        _, err = self.ridge("compare", "last~1", "last", "--rules", "rules.json", GITHUB_ACTIONS="true")
        self.assertIn("::notice title=", err)
        self.assertNotRegex(err, "::(error|warning)")

    def test_junit_of_hostile_names_is_xml(self):
        self.run_gate(self.fixed_suite())
        limits = [{"metric": "p50_ns", "max": "120 us", "name": HOSTILE}, {"metric": "p50_ns", "max": "90 us"},
                  {"metric": "time_ns", "max": "1 s"}]
        self.rules({"require_fit": False, "rules": limits})
        self.ridge("gate", "--baseline", "none", "--rules", "rules.json", "--junit", "j.xml", rc=None)
        root = ElementTree.parse(self.path("j.xml")).getroot()
        cases = [(c.get("classname"), c.get("name")) for c in root.iter("testcase")]
        self.assertEqual(len(cases), len(set(cases)), cases)
        self.assertEqual(len(cases), int(root.get("tests")))
        messages = [f.get("message") for f in root.iter("failure")]
        self.assertTrue(any("<b>&\"']]>" in m and "of the limit" in m for m in messages), messages)
        self.assertTrue(all(f.text.startswith("ridge run --gate ") for f in root.iter("failure")))


if __name__ == "__main__":
    unittest.main()
