"""The workflows in docs/ci, without their forges: the YAML is read, every block is bash, and the script lines of the jobs run as
they stand, on the built ridge. Stand-ins: a suite of the null backend for quick.json, the commands of STAND_INS, the values of
EXPRESSIONS, and in some tests a worker or a ridge. Skipped: what a forge does itself (containers, checkout, caches, artifacts,
conditions but always(), time-outs)."""
import contextlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from kit import BUILD, SOURCE, Case  # noqa: E402

try:
    import yaml
except ImportError:
    yaml = None

EXPRESSIONS = {"github.ref": "refs/heads/main", "github.run_id": "42", "github.run_attempt": "1",
               "inputs.new_baseline": "@NEW_BASELINE@"}  # what a forge puts in for ${{ NAME }}; others are a mistake
FAST = {"forks": 1, "rounds": 3, "max_rounds": 3, "block": "2 ms", "warmup": "5 ms", "max_group_time": "120 s"}
# cmake -B DIR leaves the tested build there; whatever else is installed or built is there already
STAND_INS = {"apt-get": "exit 0", "dpkg-query": "exit 0", "sudo": "exit 0",
             "cmake": 'while [ $# -gt 0 ]; do if [ "$1" = -B ]; then ln -sfn "$STAND_IN_BUILD" "$2"; fi; shift; done'}


def scalar(value):
    return str(value).lower() if isinstance(value, bool) else str(value)


class Forge(Case):
    FILE = ""

    def setUp(self):
        super().setUp()
        if yaml is None:
            self.skipTest("no python3-yaml")
        with open(os.path.join(SOURCE, "docs", "ci", self.FILE), encoding="utf-8") as f:
            self.text = f.read()
        self.tree = self.path("checkout/tree")
        os.makedirs(self.tree + "/configs/suites")
        os.mkdir(self.path("bin"))
        for name in ("scripts", "packages.txt"):
            os.symlink(os.path.join(os.path.abspath(SOURCE), name), os.path.join(self.tree, name))
        for name, text in STAND_INS.items():
            self.program("bin/" + name, text)
        self.quick("null:latency=100us", "null:latency=150us")
        self.rules()

    @staticmethod
    def write(path, text):
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)

    def quick(self, *subjects):
        suite = {"name": "quick", "defaults": FAST, "matrix": {"subject": list(subjects), "backend": ["null"]}}
        self.write(self.tree + "/configs/suites/quick.json", json.dumps(suite))

    def rules(self, *rules):
        root = {"require_fit": False, "rules": list(rules)}  # other tests keep the machine busy
        self.write(self.tree + "/gate.json", json.dumps(root))

    def workflow(self, new_baseline="false"):
        def put(match):
            self.assertIn(match.group(1), EXPRESSIONS, "an expression that this test does not know")
            return EXPRESSIONS[match.group(1)].replace("@NEW_BASELINE@", new_baseline)
        return yaml.safe_load(re.sub(r"\$\{\{ *(.*?) *\}\}", put, self.text))

    def bash(self, script, build=BUILD, **env):
        env = self.environ(PATH=self.path("bin") + ":" + os.environ["PATH"], STAND_IN_BUILD=os.path.abspath(build), HOME=self.dir, **env)
        done = subprocess.run(["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script], cwd=self.tree, env=env,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=120)
        self.said += done.stdout.decode() + done.stderr.decode()
        return done.returncode

    def slower(self):
        """A build twice as slow."""
        os.mkdir(self.path("slow"))
        shutil.copy(os.path.join(BUILD, "ridge"), self.path("slow"))
        worker = os.path.join(os.path.abspath(BUILD), "ridge-worker")
        self.program("slow/ridge-worker", f'RIDGE_NULL_SCALE=2 exec {worker} "$@"')
        return self.path("slow")

    def broken(self):
        """A build whose worker does not start."""
        os.mkdir(self.path("broken"))
        shutil.copy(os.path.join(BUILD, "ridge"), self.path("broken"))
        self.program("broken/ridge-worker", "exit 1")
        return self.path("broken")

    def program(self, name, text):
        self.write(self.path(name), f"#!/bin/sh\n{text}\n")
        os.chmod(self.path(name), 0o755)

    def baselines(self):
        out, _ = self.ridge("baseline", "list", "--json", "--file", self.tree + "/results.ridge")
        return [(row["baseline"], int(row["run"])) for row in json.loads(out)]

    def move_to_another_host(self):
        """What was measured so far comes from another class of host, as in a pool of mixed machines."""
        with contextlib.closing(sqlite3.connect(self.tree + "/results.ridge")) as db, db:
            db.execute("UPDATE host SET class = 'another', digest = 'another'")
            db.execute("UPDATE baseline SET name = 'main-00000000'")
        return self.baselines()[0]

    def until(self, want, run):
        """A busy machine may leave a run unfit or a case open (0, or 4 where nothing can be judged); then it is asked again."""
        for _ in range(5):
            rc = run()
            if rc == want:
                return
            self.assertIn(rc, (0, 4), self.said)
        self.assertEqual(rc, want, self.said)

    def repository(self):
        """The tree as git has it: the commit before, and the change."""
        git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org"]
        for words in (["init", "-q"], ["add", "configs", "scripts", "packages.txt", "gate.json"], ["commit", "-q", "-m", "old"],
                      ["commit", "-q", "--allow-empty", "-m", "new"]):
            subprocess.run(git + words, cwd=self.tree, check=True, capture_output=True)

    def check_blocks(self, blocks):
        self.assertGreater(len(blocks), 8)
        for block in blocks:
            done = subprocess.run(["bash", "-n", "-c", block], capture_output=True)
            self.assertEqual((done.returncode, done.stderr), (0, b""), block)

    def makes_baseline(self, n, *words, **env):
        rc = self.stored(*words, **env)
        return rc if rc != 0 or len(self.baselines()) == n else 4  # 4: the run was not fit to be one

    def check_stored(self):
        os.unlink(self.tree + "/gate.json")  # the first day of a project that has no rules
        self.until(0, lambda: self.makes_baseline(1))
        other = self.move_to_another_host()
        self.rules()
        self.until(0, lambda: self.makes_baseline(2))
        name, run = next(b for b in self.baselines() if b != other)  # every class of host has its own
        self.assertRegex(name, "^main-[0-9a-f]{8}$")
        self.until(0, self.stored)
        self.assertTrue(os.path.exists(self.tree + "/verdicts.xml"))
        slow = self.slower()
        self.until(1, lambda: self.stored(build=slow))
        self.assertIn("REGRESSED", self.said)
        self.assertCountEqual(self.baselines(), [other, (name, run)])  # neither a green run nor a red one moves it
        self.until(0, lambda: self.makes_baseline(1, "true", build=slow))
        (new_name, new_run), = self.baselines()
        self.assertEqual(new_name, name)
        self.assertGreater(new_run, run)
        self.until(0, lambda: self.stored(build=slow))  # what was accepted is green

    def check_failed(self):
        """A wrong answer: red with and without a baseline, and never a baseline itself."""
        wrong = "null:latency=100us", "null:latency=150us,fault=wrong"
        self.quick(*wrong)
        self.assertEqual(self.stored(), 3, self.said)  # nothing judges it, so the run's own word counts
        self.rules({"cases": "op=null", "must_exist": True})
        self.assertEqual(self.stored(), 1, self.said)
        self.assertIn("against limits only", self.said)
        self.assertEqual(self.baselines(), [])
        self.quick("null:latency=100us", "null:latency=150us")
        self.until(0, lambda: self.makes_baseline(1))
        self.quick(*wrong)
        self.assertEqual(self.stored(), 1, self.said)
        self.assertIn("FAILED", self.said)
        self.assertIn("against main-", self.said)
        self.assertEqual(self.stored(build=self.broken()), 3, self.said)
        self.assertNotIn("against main-", self.said)  # an older run is not judged in its place

    def check_limits(self):
        """A first run that breaks a limit is red and no baseline."""
        self.rules({"metric": "p50_ns", "max": "10 us"})
        self.until(1, self.stored)
        self.assertIn("REGRESSED", self.said)
        self.assertTrue(os.path.exists(self.tree + "/summary.md"))
        self.assertEqual(self.baselines(), [])
        self.rules({"metric": "p50_ns", "max": "1 s"})
        self.until(0, lambda: self.makes_baseline(1))

    def check_ab(self):
        self.repository()
        self.until(0, lambda: self.ab())
        for name in ("report.html", "verdicts.xml", "summary.md", "results.ridge"):
            self.assertTrue(os.path.exists(os.path.join(self.tree, name)), name)
        os.mkdir(self.path("fake"))
        self.program("fake/ridge", "exit $FAKE_RC")
        # a runner that is kept has the other work tree already
        return {rc: self.ab(build=self.path("fake"), FAKE_RC=str(rc)) for rc in (0, 1, 2, 4, 5)}


class GitHub(Forge):
    FILE = "github.yml"

    def job(self, name, new_baseline="false", **env):
        workflow, failed, self.said = self.workflow(new_baseline), 0, ""
        for step in workflow["jobs"][name]["steps"]:
            if "run" not in step or (failed and step.get("if") != "always()"):
                continue
            given = {k: scalar(v) for k, v in step.get("env", {}).items()}
            rc = self.bash(step["run"], GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=self.path("step.md"), **given, **env)
            failed = failed or rc
            if "cmake" in step["run"]:
                self.assertEqual(failed, 0, self.said)
        return failed

    def stored(self, new_baseline="false", **env):
        return self.job("stored", new_baseline, **env)

    def ab(self, **env):
        return self.job("ab", **env)

    def test_every_block_is_bash(self):
        jobs = self.workflow()["jobs"].values()
        self.check_blocks([step["run"] for job in jobs for step in job["steps"] if "run" in step])
        for job in jobs:
            self.assertIn("timeout-minutes", job)
            self.assertIn("concurrency", job)
            self.assertTrue(all(set(step) & {"run", "uses"} for step in job["steps"]))
            self.assertTrue(all(re.search(r"@v\d+$", step["uses"]) for step in job["steps"] if "uses" in step))

    def test_a_red_run_is_stored_too(self):
        steps = self.workflow()["jobs"]["stored"]["steps"]
        restore, save = (next(s for s in steps if s.get("uses", "").startswith("actions/cache/" + word)) for word in ("restore", "save"))
        self.assertEqual(save["if"], "always()")
        self.assertEqual(save["with"]["path"], restore["with"]["path"])
        self.assertTrue(save["with"]["key"].startswith(restore["with"]["restore-keys"]))
        self.assertEqual(save["with"]["key"], "ridge-42-1")  # a second attempt saves under a key of its own

    def test_artifacts_do_not_pile_up(self):
        for name, job in self.workflow()["jobs"].items():
            kept = next(s["with"] for s in job["steps"] if s.get("uses", "").startswith("actions/upload-artifact@"))
            self.assertLessEqual(kept["retention-days"], 14)
            self.assertEqual("results.ridge" in kept["path"].split(), name == "ab")  # what is stored is in the cache

    def test_stored(self):
        self.check_stored()

    def test_a_case_that_failed_is_red(self):
        self.check_failed()

    def test_limits_hold_from_the_first_run_on(self):
        self.check_limits()

    def test_ab_and_what_is_red(self):
        self.assertEqual(self.check_ab(), {0: 0, 1: 1, 2: 2, 4: 0, 5: 5})
        self.assertTrue(os.path.exists(self.path("step.md")))


class GitLab(Forge):
    FILE = "gitlab.yml"

    def jobs(self):
        """The jobs with what they extend put in, maps joined."""
        found = self.workflow()

        def whole(job):
            base = whole(found[job["extends"]]) if "extends" in job else {}
            for key, value in job.items():
                base[key] = {**base[key], **value} if isinstance(value, dict) and key in base else value
            return base
        return {name: whole(job) for name, job in found.items() if not name.startswith(".")}

    def job(self, name, **env):
        job, self.said = self.jobs()[name], ""
        variables = {k: scalar(v) for k, v in job.get("variables", {}).items()}
        rc = self.bash("\n".join(job["before_script"] + job["script"]), **{**variables, **env})
        self.last_allowed = rc in job["allow_failure"]["exit_codes"]
        return rc

    def stored(self, new_baseline="false", **env):
        return self.job("ridge-new-baseline" if new_baseline == "true" else "ridge-stored", **env)

    def ab(self, **env):
        head = subprocess.run(["git", "rev-parse", "HEAD^"], cwd=self.tree, capture_output=True, check=True).stdout.decode()
        return self.job("ridge-ab", CI_MERGE_REQUEST_DIFF_BASE_SHA=head.strip(), **env)

    def test_every_block_is_bash(self):
        jobs = self.jobs().values()
        self.check_blocks([block for job in jobs for block in job["before_script"] + job["script"]])
        for job in jobs:
            self.assertIn("timeout", job)
            self.assertEqual(job["artifacts"]["when"], "always")
            self.assertEqual(job["artifacts"]["expire_in"], "2 weeks")
            self.assertEqual("results.ridge" in job["artifacts"]["paths"], "cache" not in job)  # what is stored is in the cache

    def test_stored(self):
        self.check_stored()

    def test_a_case_that_failed_is_red(self):
        self.check_failed()

    def test_limits_hold_from_the_first_run_on(self):
        self.check_limits()

    def test_ab_and_what_is_red(self):
        self.assertEqual(self.check_ab(), {0: 0, 1: 1, 2: 2, 4: 4, 5: 5})
        self.ab(build=self.path("fake"), FAKE_RC="4")
        self.assertTrue(self.last_allowed)


if __name__ == "__main__":
    unittest.main()
