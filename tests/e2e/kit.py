"""What the end-to-end tests share: a folder per test, running ridge, reading its JSON, finding processes."""
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

BUILD = os.environ.get("RIDGE_BUILD", "build")
SOURCE = os.environ.get("RIDGE_SOURCE", os.path.join(os.path.dirname(__file__), "..", ".."))
RIDGE = os.path.join(BUILD, "ridge")
FAST = {"forks": 1, "rounds": 3, "max_rounds": 3, "block": "5 ms", "warmup": "20 ms", "max_group_time": "20 s"}


def descendants(pid):
    """Pids of all living children, their children, and so on."""
    parents = {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/stat", "rb") as f:
                state, parent = f.read().rsplit(b")", 1)[1].split()[:2]
        except OSError:
            continue
        if state != b"Z":
            parents[int(entry)] = int(parent)
    found, grown = {pid}, True
    while grown:
        more = {p for p, parent in parents.items() if parent in found} - found
        found |= more
        grown = bool(more)
    return found - {pid}


def pids_of(name):
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/comm", encoding="utf-8") as f:
                if f.read().strip() == name and is_alive(entry):
                    found.append(int(entry))
        except OSError:
            continue
    return found


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat", "rb") as f:
            return f.read().rsplit(b")", 1)[1].split()[0] != b"Z"
    except OSError:
        return False


class Case(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="ridge-e2e-")
        self.addCleanup(shutil.rmtree, self.dir, True)
        self.addCleanup(lambda: os.path.exists(self.dir + ".lock") and os.unlink(self.dir + ".lock"))

    def path(self, name):
        return os.path.join(self.dir, name)

    def environ(self, **more):
        env = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "TERM")}
        env["RIDGE_LOCK_FILE"] = self.dir + ".lock"  # not the machine's: other tests run beside this one
        env.update(more)
        return env

    def ridge(self, *args, rc=0, timeout=180, **env):
        done = subprocess.run([RIDGE, *args], cwd=self.dir, capture_output=True, timeout=timeout,
                              env=self.environ(**env), stdin=subprocess.DEVNULL)
        out, err = done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
        if rc is not None:
            self.assertEqual(done.returncode, rc, f"ridge {' '.join(args)}\n{out}\n{err}")
        self.assertNotIn("AddressSanitizer", err)
        self.assertNotIn("runtime error:", err)
        return out, err

    def suite(self, matrix, name="suite.json", defaults=None, **more):
        root = {"name": "e2e", "defaults": dict(FAST, **(defaults or {})), "matrix": matrix}
        root.update(more)
        with open(self.path(name), "w", encoding="utf-8") as f:
            json.dump(root, f)
        return self.path(name)

    def null_suite(self, *subjects, **more):
        return self.suite({"subject": list(subjects), "backend": ["null"]}, **more)

    def start(self, *args, **env):
        child = subprocess.Popen([RIDGE, *args], cwd=self.dir, env=self.environ(**env), stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
        self.addCleanup(self.reap, child)
        return child

    @staticmethod
    def reap(child):
        if child.poll() is None:
            child.send_signal(signal.SIGKILL)
        child.communicate()

    def exported(self, file="results.ridge", *more):
        return json.loads(self.ridge("export", file, "--format", "json", *more)[0])

    def wait_until(self, what, seconds=20):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if what():
                return True
            time.sleep(0.05)
        return False
