"""tools/count_tests.py counts a crash, a leak and a time-out as failures, whatever the program printed before."""
import json
import os
import subprocess
import sys

from cli import ROOT, Case, main

PASSED = '<testcase name="one" classname="x"/>'


class Count(Case):
    def count(self, cases, results):
        os.makedirs(self.path("meson-logs"), exist_ok=True)
        self.write("meson-logs/testlog.junit.xml", f"<testsuites><testsuite>{cases}</testsuite></testsuites>")
        self.write("meson-logs/testlog.json", "".join(
            json.dumps({"name": name, "result": result}) + "\n" for name, result in results))
        done = subprocess.run([sys.executable, os.path.join(ROOT, "tools", "count_tests.py"), self.folder],
                              text=True, capture_output=True)
        return done.returncode, done.stdout.splitlines()[-1]

    def test_all_passed(self):
        self.assertEqual(self.count(PASSED * 2, [("a", "OK")]), (0, "2 passed, 0 failed"))

    def test_a_failed_case_counts_once(self):
        failed = '<testcase name="two"><failure/></testcase>'
        self.assertEqual(self.count(PASSED + failed, [("a", "FAIL")]), (1, "1 passed, 1 failed"))

    def test_a_crash_after_passes_counts(self):
        for result in ("FAIL", "TIMEOUT", "ERROR"):
            self.assertEqual(self.count(PASSED, [("a", result)]), (1, "1 passed, 1 failed"))

    def test_nothing_is_no_success(self):
        self.assertEqual(self.count("", [])[0], 1)


main()
