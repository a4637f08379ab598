"""End to end, at the edges: terminals, shells, output paths, arms that do not start, hostile results files, kills."""
import fcntl
import glob
import json
import os
import pty
import random
import re
import select
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import termios
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from kit import BUILD, RIDGE, SOURCE, Case, descendants, is_alive  # noqa: E402

WORKER = os.path.join(os.path.abspath(BUILD), "ridge-worker")
SGR = re.compile(r"\x1b\[[0-9;]*m")
HOSTILE = "\x1b]0;owned\x07\x1b[31m\"</script>"


def members(exported):
    return [m for g in exported["groups"] for m in g["members"] if not m.get("yardstick")]


class Terminal(Case):
    def on_terminal(self, *args, **env):
        """ridge with stdout and stderr on one pseudo terminal of 100 columns; what it wrote there."""
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
        child = subprocess.Popen([RIDGE, *args], cwd=self.dir, env=self.environ(**env), stdin=subprocess.DEVNULL,
                                 stdout=theirs, stderr=theirs)
        self.addCleanup(self.reap, child)
        os.close(theirs)
        text, end = b"", time.monotonic() + 120
        while time.monotonic() < end:
            if not select.select([ours], [], [], 1)[0]:
                continue
            try:
                piece = os.read(ours, 65536)
            except OSError:  # the other side is closed
                break
            if not piece:
                break
            text += piece
        os.close(ours)
        self.assertEqual(child.wait(timeout=20), 0, text)
        return text.decode(errors="replace")

    def test_colour_and_a_progress_line(self):
        suite = self.null_suite("null:latency=1ms", "null:latency=2ms", defaults={"rounds": 10, "max_rounds": 10})
        out = self.on_terminal("run", suite, TERM="xterm-256color")
        self.assertRegex(out, SGR)
        self.assertRegex(out, r"\r\x1b\[K +\d+ % ")
        self.assertRegex(out, r"\d:\d\d left")
        shares = [int(s) for s in re.findall(r"\r\x1b\[K +(\d+) % ", out)]
        self.assertEqual(shares, sorted(shares))
        self.assertNotRegex(out, r"\[\d+/\d+\]")  # no plain lines beside it
        self.assertNotIn("%", out.rsplit("\r\x1b[K", 1)[0].rsplit("\n", 1)[-1][-4:])

    def test_no_colour_when_told(self):
        suite = self.null_suite("null:latency=1ms")
        self.assertNotRegex(self.on_terminal("run", suite, TERM="xterm-256color", NO_COLOR="1"), SGR)
        self.assertNotRegex(self.on_terminal("run", suite, "--no-color", TERM="xterm-256color"), SGR)
        self.assertRegex(self.on_terminal("show", "last", TERM="xterm-256color"), SGR)
        self.assertNotRegex(self.on_terminal("show", "last", "--no-color", TERM="xterm-256color"), SGR)

    def test_a_dumb_terminal_gets_plain_lines(self):
        out = self.on_terminal("run", self.null_suite("null:latency=1ms"), TERM="dumb")
        self.assertNotIn("\x1b", out)
        self.assertIn("[1/1] null:", out)


class Shell(Case):
    def complete(self, *words):
        """What bash offers after the words; the last one is being typed."""
        path = self.path("completion")
        with open(path, "w", encoding="utf-8") as f:
            f.write(self.ridge("--generate", "completion")[0])
        script = 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _ridge; printf "%s\\n" "${COMPREPLY[@]}"'
        done = subprocess.run(["bash", "-eu", "-c", script, "bash", path, os.path.abspath(RIDGE), *words],
                              capture_output=True, env=self.environ(), cwd=self.dir, timeout=60, check=True)
        self.assertEqual(done.stderr, b"")
        return done.stdout.decode().split()

    def test_completion(self):
        text, _ = self.ridge("--generate", "completion")
        subprocess.run(["bash", "-n"], input=text.encode(), check=True)
        self.assertEqual(self.complete("expo"), ["export"])
        self.assertIn("--resume", self.complete("run", "--"))
        self.assertEqual(self.complete("list", "back"), ["backends"])
        self.assertEqual(self.complete("export", "--format", "")[:5], ["json", "ndjson", "csv", "markdown", "gbench"])
        self.assertEqual(self.complete("export", "-f", "g"), ["gbench"])
        self.assertEqual(self.complete("export", "--format", "=", "c"), ["csv"])
        self.assertEqual(self.complete("bench", "gemm:8x8x8", "--backend", "nu"), ["null"])
        self.assertEqual(self.complete("bench", "gemm:8x8x8", "-b", "ridge,nu"), ["ridge,null"])
        self.assertEqual(self.complete("run", "--report", ""), [])  # bash goes on with file names

    def test_pages_are_installed(self):
        prefix = self.path("prefix")
        subprocess.run(["cmake", "--install", BUILD, "--prefix", prefix], check=True, capture_output=True)
        with open(os.path.join(prefix, "share/man/man1/ridge.1"), encoding="utf-8") as f:
            self.assertEqual(f.read(), self.ridge("--generate", "man")[0])
        path = os.path.join(prefix, "share/bash-completion/completions/ridge")
        with open(path, encoding="utf-8") as f:
            self.assertEqual(f.read(), self.ridge("--generate", "completion")[0])

    def test_help_names_the_settings_own_defaults(self):
        out, _ = self.ridge("bench", "--help")
        rows = {r["option"]: r for r in json.loads(self.ridge("list", "options", "--json")[0])}
        for flag, key in (("--rounds", "rounds"), ("--warmup", "warmup"), ("--duration", "duration")):
            line = next(line for line in out.splitlines() if line.strip().startswith(flag))
            self.assertIn(f"(default: {rows[key]['default']})", line)


class Outputs(Case):
    def test_a_report_that_cannot_be_written_is_told_before_the_run(self):
        suite = self.null_suite("null:latency=1ms")
        os.mkdir(self.path("folder"))
        for path in ("/nonexistent/x.html", "folder", "results.ridge", "suite.json", "./suite.json"):
            _, err = self.ridge("run", "suite.json", "--report", path, rc=2)
            self.assertIn(path, err)
            self.assertFalse(os.path.exists(self.path("results.ridge")))
        self.ridge("plan", suite)
        for words in (["ab", "suite.json", "--junit", "/nonexistent/x.xml"], ["ab", "suite.json", "--summary", "folder"],
                      ["bench", "null:latency=1ms", "--save-suite", "/nonexistent/s.json"]):
            self.assertIn("ridge: " + words[-1], self.ridge(*words, rc=2)[1])

    def test_an_export_does_not_destroy_what_it_reads(self):
        self.ridge("run", self.null_suite("null:latency=1ms"))
        os.link(self.path("results.ridge"), self.path("same.ridge"))
        for words in (["export", "results.ridge", "-o", "results.ridge"], ["export", "results.ridge", "-o", "same.ridge"],
                      ["report", "results.ridge", "-o", "./results.ridge"]):
            _, err = self.ridge(*words, rc=2)
            self.assertIn("would be lost", err)
        self.ridge("db", "verify", "results.ridge")

    def test_export_of_many_samples_equals_itself(self):
        self.ridge("run", self.null_suite("null:latency=10us", defaults={"rounds": 10, "max_rounds": 10, "block": "20 ms"}))
        printed, _ = self.ridge("export", "results.ridge", "--format", "ndjson")
        self.ridge("export", "results.ridge", "--format", "ndjson", "-o", "s.ndjson")
        with open(self.path("s.ndjson"), encoding="utf-8") as f:
            self.assertEqual(f.read(), printed)
        self.assertEqual([p for p in os.listdir(self.dir) if "tmp" in p], [])
        done = subprocess.run(["sh", "-c", f"{os.path.abspath(RIDGE)} export results.ridge --format ndjson | head -1"],
                              cwd=self.dir, capture_output=True, timeout=60)
        self.assertEqual((done.returncode, done.stderr), (0, b""))

    def test_bench_names_no_file_that_is_gone(self):
        self.ridge("bench", "null:latency=1ms", "--backend", "null", "--rounds", "3", "--report", "b.html")
        with open(self.path("b.html"), encoding="utf-8") as f:
            page = f.read()
        self.assertNotIn("ridge export", page)
        self.assertNotIn("ridge-bench-", page)

    def quickstart(self, ridge, *args):
        """quickstart in a tree of its own whose ridge is the given shell script."""
        root, here = self.path("root"), self.path("here")
        for folder in ("build", "scripts", "bin"):
            os.makedirs(os.path.join(root, folder), exist_ok=True)
        os.makedirs(here, exist_ok=True)
        shutil.copy(os.path.join(SOURCE, "quickstart"), root)
        for path, text in (("scripts/packages.sh", "ridge_packages() { :; }\n"), ("build/build.ninja", ""),
                           ("bin/cmake", "#!/bin/sh\n"), ("build/ridge", "#!/bin/sh\n" + ridge)):
            with open(os.path.join(root, path), "w", encoding="utf-8") as f:
                f.write(text)
            os.chmod(os.path.join(root, path), 0o755)
        env = self.environ(PATH=os.path.join(root, "bin") + ":" + os.environ["PATH"])
        done = subprocess.run([os.path.join(root, "quickstart"), *args], cwd=here, env=env, capture_output=True, timeout=60)
        return done.returncode, done.stdout.decode(), here

    def test_quickstart_names_the_report_of_this_run(self):
        rc, out, here = self.quickstart("touch report.html; exit 0")
        self.assertEqual(rc, 0)
        self.assertIn(f"{here}/report.html", out)
        rc, out, here = self.quickstart("exit 2")  # the old report still lies there
        self.assertEqual(rc, 2)
        self.assertNotIn("Read the report", out)
        rc, out, here = self.quickstart("touch mine.html; exit 3", "--report", "mine.html", "--output=mine.ridge")
        self.assertEqual(rc, 3)
        self.assertIn("mine.html", out)
        self.assertIn("mine.ridge", out)
        self.assertNotIn("report.html", out)


class Arms(Case):
    def test_an_arm_that_cannot_start_costs_its_cases_only(self):
        suite = self.suite({"subject": ["null:latency=1ms"], "backend": ["null"], "arm": ["main", "broken"]},
                           compare=["arm"], arms={"main": {}, "broken": {"program": ["/nonexistent/worker"]}})
        _, err = self.ridge("plan", suite)
        self.assertIn("warning: arm broken", err)
        self.ridge("run", suite, rc=3)
        verdicts = {m["arm"]: m for m in members(self.exported())}
        self.assertEqual(verdicts["main"]["verdict"], "ok")
        self.assertEqual(verdicts["broken"]["verdict"], "failed")
        self.assertIn("/nonexistent/worker", verdicts["broken"]["reason"] + verdicts["broken"]["stderr_tail"])

    def test_a_backend_that_stays_unknown_is_refused(self):
        suite = self.suite({"subject": ["null:latency=1ms"], "backend": ["pynull"], "arm": ["only"]},
                           arms={"only": {"program": ["/nonexistent/worker"]}})
        _, err = self.ridge("run", suite, rc=2)
        self.assertIn("warning: arm only", err)
        self.assertIn('unknown backend "pynull"', err)

    def test_arms_of_an_included_file_are_asked(self):
        folder = os.path.join(SOURCE, "runners", "python")
        with open(self.path("arms.json"), "w", encoding="utf-8") as f:
            json.dump({"arms": {"py": {"program": [sys.executable, "-m", "ridge_worker"], "env": {"PYTHONPATH": folder}}}}, f)
        suite = self.suite({"subject": ["null:latency=1ms"], "backend": ["pynull"], "arm": ["py"]}, include=["arms.json"])
        out, _ = self.ridge("plan", suite)
        self.assertIn("pynull", out)

    def test_a_suite_from_a_pipe(self):
        self.null_suite("null:latency=1ms")
        done = subprocess.run(["bash", "-c", f"{os.path.abspath(RIDGE)} plan <(cat suite.json)"], cwd=self.dir,
                              capture_output=True, env=self.environ(), timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(b"1 groups, 1 cases", done.stdout)

    def planned(self, name):
        """Exit code, stderr and peak memory in KiB of a plan."""
        child = self.start("plan", name)
        err = child.stderr.read()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        return child.returncode, err.decode(), usage.ru_maxrss

    def test_a_huge_suite_is_refused_in_little_memory(self):
        self.null_suite("null:latency=1ms")
        with open(self.path("huge.json"), "wb") as f:
            f.write(b'{"arms": [' + b"1," * (16 << 20) + b"1]}")
        rc, err, small_kib = self.planned("suite.json")
        self.assertEqual(rc, 0, err)
        rc, err, huge_kib = self.planned("huge.json")
        self.assertEqual(rc, 2, err)
        self.assertIn("huge.json", err)
        self.assertLess(huge_kib, small_kib + (64 << 10))

    def test_seventeen_arms_are_an_error(self):
        suite = self.suite({"subject": ["null:latency=1ms"], "backend": ["null"]},
                           arms={f"a{i}": {"program": [WORKER]} for i in range(17)})
        _, err = self.ridge("plan", suite, rc=2)
        self.assertIn("more than 16 arms", err)


class Shown(Case):
    def two_arms(self):
        self.ridge("run", self.suite({"subject": ["null:latency=1ms"], "backend": ["null"], "arm": ["one", "two"]},
                                     compare=["arm"], arms={"one": {}, "two": {"env": {"X": "1"}}}))
        return members(self.exported())[0]["case"]

    def test_every_arm_is_shown_with_all_that_is_known(self):
        case = self.two_arms()
        out, _ = self.ridge("show", case)
        self.assertIn("arm: one", out)
        self.assertIn("arm: two", out)
        shown = json.loads(self.ridge("show", case, "--json")[0])
        self.assertEqual(shown["case"], case)
        self.assertEqual({m["arm"] for m in shown["members"]}, {"one", "two"})
        for m in shown["members"]:
            self.assertLessEqual({"options", "conditions", "stderr", "rerun", "metrics"}, set(m))
            self.assertIn("threads", m["options"])
            self.assertTrue(m["conditions"])

    def test_runs_go_before_cases_and_unknown_words_say_what_there_is(self):
        case = self.two_arms()
        suite = self.null_suite("null:latency=2ms")
        with open(suite, encoding="utf-8") as f:
            root = json.load(f)
        with open(suite, "w", encoding="utf-8") as f:
            json.dump(dict(root, name=case[:6]), f)
        self.ridge("run", suite)
        self.assertNotIn("run it again", self.ridge("show", case[:6])[0])  # a run's name
        self.assertIn("run it again", self.ridge("show", case[:7])[0])
        _, err = self.ridge("show", "absent", rc=2)
        self.assertRegex(err, rf"2 \({case[:6]}, \d{{4}}-\d\d-\d\d")
        self.assertIn("1 (e2e, ", err)
        self.assertNotIn("ridge runs", err)
        out, _ = self.ridge("show", "results.ridge:")
        self.assertRegex(out, r"(?m)^1 +e2e +\d{4}-")
        runs = json.loads(self.ridge("show", "results.ridge:", "--json")[0])
        self.assertEqual([r["run"] for r in runs], ["1", "2"])
        _, err = self.ridge("show", "absent.ridge:last", rc=2)
        self.assertIn("absent.ridge", err)
        self.assertIn("no such results file", err)

    def test_an_ambiguous_prefix_is_refused_with_the_list(self):
        many = [f"null:latency={i}us" for i in range(1, 101)]
        plan = json.loads(self.ridge("plan", self.suite({"subject": many, "backend": ["null"]}), "--json")[0])
        ids = sorted(m["id"] for g in plan["groups"] for m in g["members"])
        subjects = {m["id"]: m["subject"] for g in plan["groups"] for m in g["members"]}
        pair = next((a, b) for a, b in zip(ids, ids[1:]) if a[:3] == b[:3] or a == ids[-2])
        if pair[0][:3] != pair[1][:3]:
            self.skipTest("no two of these ids share three digits")
        self.ridge("run", self.null_suite(*(subjects[i] for i in pair)))
        _, err = self.ridge("show", pair[0][:3], rc=2)
        self.assertIn(pair[0], err)
        self.assertIn(pair[1], err)

    def test_a_hostile_results_file_is_harmless(self):
        self.ridge("run", self.null_suite("null:latency=1ms"))
        case = members(self.exported())[0]["case"]
        with sqlite3.connect(self.path("results.ridge")) as db:
            db.execute("PRAGMA foreign_keys=OFF")
            db.execute("UPDATE metric SET unit = ?1, source = ?1, rule = ?1", (HOSTILE,))
            db.execute("UPDATE metric_def SET name = name || ?1 WHERE name LIKE 'p%'", (HOSTILE,))
            db.execute(f'CREATE TABLE "t{HOSTILE.replace(chr(34), "")}" (id INTEGER REFERENCES run (id))')
            db.execute(f'INSERT INTO "t{HOSTILE.replace(chr(34), "")}" VALUES (999)')
        db.close()
        out, err = self.ridge("show", case)
        self.assertIn("owned", out)
        self.assertNotRegex(out + err, r"[\x07\x1b]")
        text, err = self.ridge("show", case, "--json")
        self.assertNotRegex(text + err, r"[\x07\x1b]")
        self.assertIn("owned", json.dumps(json.loads(text)))
        out, err = self.ridge("db", "verify", "results.ridge", rc=5)
        self.assertIn("owned", out)
        self.assertNotRegex(out + err, r"[\x07\x1b]")
        text, err = self.ridge("db", "verify", "results.ridge", "--json", rc=5)
        self.assertNotRegex(text + err, r"[\x07\x1b]")
        self.assertFalse(json.loads(text)["ok"])

    def test_db_verify_json(self):
        self.ridge("run", self.null_suite("null:latency=1ms"))
        said = json.loads(self.ridge("db", "verify", "results.ridge", "--json")[0])
        self.assertEqual((said["file"], said["ok"]), ("results.ridge", True))
        self.assertIn("0 faults", said["report"])


class Words(Case):
    def test_set_and_filter(self):
        suite = self.suite({"subject": ["null:latency=1ms", "null:latency=2ms"], "backend": ["null"], "threads": [1]})
        plan = json.loads(self.ridge("plan", suite, "--json", "--set", "threads=1,2", "--set", "name=mine")[0])
        self.assertEqual((plan["name"], plan["n_cases"]), ("mine", 4))
        plan = json.loads(self.ridge("plan", suite, "--json", "--set", "threads=1,2", "--filter", "threads=2")[0])
        self.assertEqual(plan["n_cases"], 2)
        self.ridge("run", suite, "--set", "forks=2", "--set", "rounds=4", "--set", "max_rounds=4", "--set", "width=1",
                   "--filter", "subject=*1000000ns*")
        exported = self.exported()
        self.assertEqual((exported["run"]["forks"], exported["run"]["rounds"]), (2, 4))
        self.assertEqual([m["forks"] for m in members(exported)], [2])
        _, err = self.ridge("plan", suite, "--filter", "backend=absent", rc=2)
        self.assertIn("no case is left", err)
        _, err = self.ridge("plan", suite, "--set", "fork=2", rc=2)
        self.assertIn("forks", err)

    def test_plan_without_a_suite_is_the_quick_one(self):
        quick = json.loads(self.ridge("plan", "--json")[0])
        named = json.loads(self.ridge("plan", os.path.join(SOURCE, "configs/suites/quick.json"), "--json")[0])
        self.assertEqual(quick["groups"], named["groups"])

    def test_every_suite_of_the_docs_can_be_planned(self):
        os.mkdir(self.path("suites"))
        os.symlink(os.path.join(os.path.abspath(SOURCE), "configs/shapes"), self.path("shapes"))
        n = 0
        for page in [*glob.glob(os.path.join(SOURCE, "docs/*.md")), *glob.glob(os.path.join(SOURCE, "**/README.md"), recursive=True)]:
            with open(page, encoding="utf-8") as f:
                text = f.read()
            suites = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", text, flags=re.S)]
            suites = [suite for suite in suites if "matrix" in suite]
            for key, example in re.findall(r"(?m)^\| `(arms|targets)` \|.*?`(\{.*?\})`", text):
                suites.append({"name": key, key: json.loads(example), "matrix": {"subject": ["null:latency=1ms"], "backend": ["null"]}})
            for suite in suites:
                n += 1
                with open(self.path("suites/example.json"), "w", encoding="utf-8") as f:
                    json.dump(suite, f)
                done = subprocess.run([RIDGE, "plan", "suites/example.json"], cwd=self.dir, capture_output=True,
                                      env=self.environ(), timeout=60)
                self.assertEqual(done.returncode, 0, f"{page}: {json.dumps(suite)}\n{done.stderr.decode()}")
        self.assertGreaterEqual(n, 3)


class Quiet(Case):
    def test_a_machine_that_is_not_quiet_exits_4(self):
        """Two busy loops on every CPU beside the run: whatever is asked, the time of others is seen."""
        busy = [subprocess.Popen([sys.executable, "-c", "import os, sys\nos.sched_setaffinity(0, {int(sys.argv[1])})\nwhile True: pass",
                                  str(cpu)]) for cpu in sorted(os.sched_getaffinity(0)) * 2]
        try:
            suite = self.null_suite("null:latency=1ms", defaults={"rounds": 10, "max_rounds": 10, "block": "50 ms",
                                                                  "max_group_time": "60 s"})
            self.ridge("run", suite, rc=0)
            self.ridge("run", suite, "--require-quiet", rc=4)
            self.ridge("run", suite, "--set", "require_quiet=true", rc=4)
            with open(suite, encoding="utf-8") as f:
                root = json.load(f)
            root["defaults"]["require_quiet"] = True
            with open(suite, "w", encoding="utf-8") as f:
                json.dump(root, f)
            self.ridge("run", suite, rc=4)
            self.assertNotEqual(self.exported()["run"]["fitness"], "quiet")
        finally:
            for child in busy:
                child.kill()
                child.wait()


class Kills(Case):
    """kill -9 at several moments, with a grandchild that left the worker's session."""
    LONG = {"forks": 3, "rounds": 20, "max_rounds": 20, "block": "30 ms", "max_group_time": "60 s", "width": 1}

    def rounds(self):
        """(group, fork, round) -> blocks that the file holds; {} while there is no file yet."""
        try:
            with sqlite3.connect(f"file:{self.path('results.ridge')}?mode=ro", uri=True, timeout=5) as db:
                rows = db.execute("SELECT i_group, fork, round, count(*) FROM chunk JOIN chunk_blob ON chunk_id = id "
                                  "WHERE attempt = 0 GROUP BY 1, 2, 3").fetchall()
            db.close()
        except sqlite3.Error:
            return {}
        return {row[:3]: row[3] for row in rows}

    def escaped(self):
        found = []
        for entry in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{entry}/cmdline", "rb") as f:
                    if f.read().startswith(self.path("escapee").encode()) and is_alive(entry):
                        found.append(int(entry))
            except OSError:
                continue
        return found

    def test_kill_9_at_any_moment(self):
        shutil.copy(shutil.which("sleep"), self.path("escapee"))
        wrapped = ["sh", "-c", f"setsid {self.path('escapee')} 600 </dev/null >/dev/null 2>&1 & exec {WORKER}"]
        suite = self.suite({"subject": ["null:latency=1ms", "null:latency=2ms"], "backend": ["null"], "arm": ["one", "two"]},
                           compare=["arm"], arms={"one": {"program": wrapped}, "two": {}}, defaults=self.LONG)
        moments = random.Random(7)
        for n_least in (0, 1, 3, 8, 15):
            for leftover in glob.glob(self.path("results.ridge*")):
                os.unlink(leftover)
            child = self.start("run", suite)
            self.assertTrue(self.wait_until(lambda: len(self.rounds()) >= n_least and self.escaped(), 60), n_least)
            time.sleep(moments.uniform(0, 0.2))
            family, finished = descendants(child.pid) | set(self.escaped()), self.rounds()
            child.send_signal(signal.SIGKILL)
            child.wait()
            self.assertTrue(self.wait_until(lambda: not any(map(is_alive, family)) and not self.escaped()), "somebody outlived ridge")
            if finished or os.path.exists(self.path("results.ridge")):  # else killed while the arms were asked what they have
                self.ridge("db", "verify", "results.ridge")
            stored = self.rounds()
            self.assertLessEqual(set(finished), set(stored))
            self.assertEqual(set(stored.values()) - {2}, set(), "half a round is stored")
        self.ridge("run", suite, "--resume", timeout=300)
        self.assertEqual(self.exported()["run"]["status"], "complete")
        self.assertEqual({(m["verdict"], m["forks"]) for m in members(self.exported())}, {("ok", 3)})


if __name__ == "__main__":
    unittest.main()
