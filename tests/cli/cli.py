"""What the command-line tests share: running flipbench, reading its exports, speaking TAP.

The tests are unittest classes; `main()` prints one TAP line a test. Environment: FLIPBENCH is the program,
FLIPBENCH_TEST_PLUGINS the folder of plugins that are broken on purpose."""
import array
import csv
import io
import os
import re
import subprocess
import sys
import tempfile
import traceback
import unittest

PROGRAM = os.environ["FLIPBENCH"]
BROKEN = os.environ.get("FLIPBENCH_TEST_PLUGINS", "")
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# Columns that differ from one run to the next; every other one is deterministic.
VOLATILE = re.compile(r"_seconds$|^peak_rss_bytes$")

# Under the address sanitizer there is no limit of address space: its own stands for it.
SMALL_HEAP = {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") +
              ":allocator_may_return_null=1:max_allocation_size_mb=3000"}


def flipbench(*arguments, timeout=300, **environment):
    """Runs flipbench to its end; returns the finished process with text output."""
    return subprocess.run([PROGRAM, *map(str, arguments)], text=True, timeout=timeout,
                          stdin=subprocess.DEVNULL, capture_output=True,
                          env={**os.environ, **environment})


def start(*arguments, before=None):
    """Starts flipbench, after `before` in its process, and returns the running process."""
    return subprocess.Popen([PROGRAM, *map(str, arguments)], text=True, stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=before)


def export(directory, what):
    """The rows of an export as dictionaries."""
    done = flipbench("export", directory, "--what", what)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return list(csv.DictReader(io.StringIO(done.stdout)))


def deterministic(directory, what):
    """An export without its volatile columns, and statistics without times and memory, as CSV text."""
    rows = [row for row in export(directory, what)
            if what != "statistics" or not VOLATILE.search(row["measure"])]
    out = io.StringIO()
    kept = [name for name in (rows[0] if rows else {}) if not VOLATILE.search(name)]
    writer = csv.DictWriter(out, kept, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def write_npy(path, shape, values, kind="f"):
    """A .npy file of float32 ("f") or int32 ("i"), format 1.0, C order."""
    header = "{'descr': '<%s4', 'fortran_order': False, 'shape': %s, }" % (kind, shape)
    header += " " * (63 - (10 + len(header)) % 64) + "\n"
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode())
        array.array(kind, values).tofile(file)


class Case(unittest.TestCase):
    """A test with a folder of its own that goes away afterwards."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="flipbench-test-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def fine(self, *arguments, **options):
        """Runs flipbench and expects success; returns its standard output."""
        done = flipbench(*arguments, **options)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def refused(self, *arguments, status=2):
        """Runs flipbench and expects one sentence on stderr; returns it."""
        done = flipbench(*arguments)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        lines = done.stderr.strip().splitlines()
        self.assertTrue(lines and lines[-1].startswith("flipbench"), done.stderr)
        return lines[-1]


class TapResult(unittest.TestResult):
    number = 0
    partly_failed = None

    def line(self, word, test, note=""):
        TapResult.number += 1
        name = test.id().split(".", 1)[-1]
        print(f"{word} {TapResult.number} - {name}{note}", flush=True)

    @staticmethod
    def explain(error):
        for line in "".join(traceback.format_exception(*error)).splitlines():
            print("#", line)

    def fault(self, test, error):
        self.line("not ok", test)
        self.explain(error)

    def addSuccess(self, test):
        self.line("ok", test)

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self.fault(test, error)

    def addError(self, test, error):
        super().addError(test, error)
        self.fault(test, error)

    def addSubTest(self, test, subtest, error):
        """One line a test, however many of its parts fail."""
        super().addSubTest(test, subtest, error)
        if error and self.partly_failed is not test:
            self.partly_failed = test
            self.line("not ok", test)
        if error:
            print("#", subtest)
            self.explain(error)

    def addSkip(self, test, reason):
        self.line("ok", test, f" # SKIP {reason}")


def main():
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"])
    print(f"1..{suite.countTestCases()}")
    result = TapResult()
    suite.run(result)
    sys.exit(0 if result.wasSuccessful() else 1)
