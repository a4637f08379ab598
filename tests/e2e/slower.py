"""A real regression, end to end: a build with a slower kernel is named by ab and gate, an unchanged one is not."""
import json
import os
import re
import shutil
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from gate import FAST, Gate  # noqa: E402
from kit import BUILD  # noqa: E402


class Slower(Gate):
    """A real regression: Ridge rebuilt with a narrower tile in the f32 product engine, and rebuilt unchanged."""
    SLOW, FINE = "gemm:m=192,n=192,k=192", ["softmax:rows=64,columns=1024", "eltwise:op=relu,a2=256,a3=256"]

    def setUp(self):
        super().setUp()
        self.slower_plugin = os.path.join(BUILD, "test-slower", "ridge-backend-ridge.so")
        if not os.path.exists(self.slower_plugin):
            self.skipTest("this build has no slower plug-in")

    def kernels(self, *subjects):
        return self.suite({"subject": list(subjects or [self.SLOW, *self.FINE]), "backend": ["ridge"]}, defaults=FAST)

    def rebuilt(self, name, plugin=None):
        """Another build's folder, as a second checkout has it."""
        os.mkdir(self.path(name))
        for program in ("ridge", "ridge-worker"):
            shutil.copy(os.path.join(BUILD, program), self.path(name))
        shutil.copytree(os.path.join(BUILD, "plugins"), self.path(name + "/plugins"))
        if plugin is not None:
            shutil.copy(plugin, self.path(name + "/plugins"))
        return self.path(name)

    def red(self, *words, rc):
        out, _ = self.ridge(*words, "--rules", "rules.json", "--json", rc=rc)
        return [v["subject"] for v in json.loads(out)["verdicts"] if v["verdict"] in ("REGRESSED", "FAILED") and v["kind"] != "aa"]

    def test_ab_names_the_case_and_only_it(self):
        slow = self.rebuilt("slow", self.slower_plugin)
        for attempt in range(3):  # a core that is shared all the while leaves the case open, or nothing to be judged
            red = self.red("ab", "--a", BUILD, "--b", slow, self.kernels(), "--forks", "8", "--budget", "30s", rc=None)
            if red == [self.SLOW]:
                return
            self.assertEqual(red, [], f"attempt {attempt}")
        self.fail("a build several times slower was never red")

    def test_an_unchanged_rebuild_passes_ab(self):
        same = self.rebuilt("same")
        for _ in range(4):  # a core that is shared leaves cases open
            out, _ = self.ridge("ab", "--a", BUILD, "--b", same, self.kernels(), "--forks", "6", "--budget", "20s", "--rules",
                                "rules.json", "--json", rc=None)
            j = json.loads(out)
            self.assertIn(j["exit_code"], (0, 4), j)  # 4: no case had 5 quiet forks
            ok = [v["verdict"] == "OK" for v in j["verdicts"] if v["kind"] == "paired"]
            passes = j["exit_code"] == 0 and sum(ok) >= 0.9 * len(ok)  # undecided alone is 0 too
            if passes:
                break
        self.assertTrue(passes, j)
        self.assertEqual(len(ok), 1 + len(self.FINE))
        digests = {m["conditions"]["output_digest"] for g in self.exported()["groups"] for m in g["members"]
                   if m["subject"] == self.SLOW and m["arm"] in ("main", "b")}
        self.assertEqual(len(digests), 1, digests)  # equal code on equal inputs: equal bits
        self.assertRegex(digests.pop(), "^[0-9a-f]{16}$")

    def test_instructions_are_counted(self):
        if shutil.which("valgrind") is None:
            self.skipTest("no valgrind")
        slow = self.rebuilt("slow", self.slower_plugin)
        out, _ = self.ridge("ab", "--b", slow, self.kernels(self.SLOW), "--forks", "1", "--rounds", "1", "--budget", "0s",
                            "--instructions", "--json", rc=4)  # one fork judges nothing; the count needs none
        why = next(v["why"] for v in json.loads(out)["verdicts"] if v["kind"] == "paired")
        if "were not counted" in why:
            self.skipTest(why)  # a sanitized worker does not run under valgrind
        old, new = map(int, re.search(r"instructions of a call: (\d+) -> (\d+) ", why).groups())
        self.assertGreater(new, 1.1 * old, why)

    def test_gate_names_the_case_and_only_it(self):
        suite = self.kernels(self.SLOW, self.FINE[0])
        slow = self.rebuilt("slow", self.slower_plugin)
        for attempt in range(3):  # a neighbour that slows one whole run down leaves it INCONCLUSIVE, which is no wrong answer
            self.run_gate(suite)
            self.ridge("baseline", "set", "main", "last")
            self.run_gate(suite)
            if self.judged("gate", rc=None)["exit_code"] != 0:
                continue  # nothing could be judged
            self.assertEqual(self.red("gate", rc=0), [])
            self.run_gate(suite, RIDGE_PLUGIN_PATH=slow + "/plugins")
            red = self.red("gate", rc=None)
            if red == [self.SLOW]:
                return
            self.assertEqual(red, [], f"attempt {attempt}")
        self.fail("a build several times slower was never red")


if __name__ == "__main__":
    unittest.main()
