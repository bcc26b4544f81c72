"""flipbench check-plugin: every broken plugin is found out, every strategy that ships passes."""
import glob
import json
import os
import pty
import re
import shlex
import subprocess
import unittest

from cli import BROKEN, PROGRAM, SMALL_HEAP, Case, flipbench, main, write_npy

BUILD = os.environ.get("FLIPBENCH_BUILD", "")

# Plugin, its check that does not pass, the outcomes that may be, the sentence. Under the sanitizers a crash
# of the plugin's own making may end the process in another way.
FAULTS = [
    ("absent", "load", "failed", "no symbol flipbench_plugin"),
    ("bad_file", "load", "failed", "the name of a file's path"),
    ("bad_id", "load", "failed", "lower-case letters"),
    ("bad_preset", "load", "failed", "expected an integer from 1 to 10"),
    ("bad_service", "load", "failed", "lists the service 'horoscope'"),
    ("changes_answer", "select", "failed", "changed its answer after select"),
    ("changes_inputs", "select", "failed", "changed the service probabilities"),
    ("cheat", "select", "failed", "changed round->pool_ids"),
    ("counts_pieces", "threads", "failed", "when its loops come in pieces"),
    ("crash_create", "select", "crashed", "signal 11"),
    ("crash_extreme", "parameters", "crashed", r"create with count = 1000: signal 11"),
    ("crash_load", "load", "crashed", "signal 11"),
    ("crash_select", "select", "crashed", "signal 11"),
    ("divides_labels", "no-labels", "crashed", "without labelled samples: (signal 8|it ends the process)"),
    ("draws_rand", "repeat", "failed", "asked the same again"),
    ("duplicate_id", "load", "failed", "two strategies with the id duplicate-id"),
    ("exit_load", "load", "crashed", "ends the process, with status 0"),
    ("fail_load", "load", "failed", "init failed with -1"),
    ("fast_math", "load", "failed", "floating-point mode when it is loaded"),
    ("gives_rows", "select", "failed", r"not in the sub-pool; it seems to give rows.*round->pool_ids\[row\]"),
    ("hang_after_failure", "select", "timed out", "not done within 2 s"),
    ("hang_load", "load", "timed out", "not done within 2 s"),
    ("hang_select", "select", "timed out", "not done within 2 s"),
    ("hoards_arena", "select", "failed", "no 10 GB to be had"),
    ("hoards_heap", "select", "crashed", "NULL pointer; memory here is limited to 2 GiB|ends the process"),
    ("ignores_failure", "not-finite", "failed", "in the service embeddings.* went on and selected"),
    ("labeled_id", "select", "failed", "not in the sub-pool; that sample has a label already"),
    ("leaks", "leaks", "failed", r"1\d\d bytes of malloc do not come back"),
    ("missing_library", "load", "failed", "libflipbench_absent.so: cannot open"),
    ("nan_scores", "select", "failed", r"\(row 39\) is -?nan"),
    ("newer_major", "load", "failed", "built for plugin ABI 2"),
    ("newer_minor", "load", "failed", "built for plugin ABI 1"),
    ("no_reason", "select", "failed", "gave no reason"),
    ("no_select", "load", "failed", "lacks its function select"),
    ("no_symbol", "load", "failed", "no symbol flipbench_plugin"),
    ("null_entry", "load", "failed", r"get\(0\) gives no strategy"),
    ("null_get", "load", "failed", "count and get must not be NULL"),
    ("out_of_range", "select", "failed", "not in the sub-pool$"),
    ("positive_return", "select", "failed", "select returned 1"),
    ("reads_on", "hidden-labels", "failed", "when the labels of unlabelled samples are others"),
    ("repeated_id", "select", "failed", "twice, again at rank 4"),
    ("restores_inputs", "inputs", "crashed", "it wrote to the service embeddings"),
    ("rounding", "select", "failed", "floating-point mode in select"),
    ("rounds_loop", "floating-point", "failed", "in the body of a parallel_for"),
    ("service_without_need", "load", "failed", "without FB_NEEDS_DROPOUT"),
    ("short_strategy", "load", "failed", "struct_size"),
    ("short_struct", "load", "failed", "fb_plugin of"),
    ("square_arena", "memory", "failed", "host->alloc takes 1.0, 4.0 and 16.0 MB"),
    ("square_heap", "memory", "failed", "the process takes"),
    ("too_few", "select", "failed", "left rank 4 unwritten"),
    ("undeclared_service", "select", "failed", "not among the `services`"),
    ("unknown_service", "select", "failed", "no service 'horoscope'"),
    ("writes_stdout", "stdout", "failed", "noise from a constructor"),
    ("wrong_magic", "load", "failed", "magic number"),
]
SUSPECTS = [("draws_rand", "rand"), ("exit_load", "exit"), ("network", "socket"), ("orphan", "fork"),
            ("rounding", "fesetround"), ("writes_stdout", "puts")]
FINE = ["ask", "loop", "older_minor", "parameters", "services", "works"]


def plugin(name):
    return os.path.join(BROKEN, name + ".so")


def check(path, *more):
    """The exit status, and the results as JSON."""
    done = flipbench("check-plugin", path, "--json", "--timeout", "300", *more, **SMALL_HEAP)
    if done.returncode not in (0, 1):
        raise AssertionError(done.stderr)
    return done.returncode, json.loads(done.stdout)


def sanitized():
    with open(PROGRAM, "rb") as file:
        return b"__asan_init" in file.read()


@unittest.skipUnless(BROKEN, "FLIPBENCH_TEST_PLUGINS is not set")
class Broken(Case):
    def test_each_fault_is_found_by_its_check(self):
        for name, wanted, outcome, sentence in FAULTS:
            if name == "square_heap" and sanitized():
                continue  # its memory would be the sanitizer's
            with self.subTest(plugin=name):
                limit = ("--timeout", "2") if outcome == "timed out" else ()
                path = os.path.join(BROKEN, "libabsent.so") if name == "absent" else plugin(name)
                status, report = check(path, "--check", wanted, *limit)
                result = report["checks"][-1]
                self.assertEqual(status, 1, report)
                self.assertEqual(result["check"], wanted)
                self.assertRegex(result["outcome"], f"^({outcome})$", result)
                self.assertRegex(result["detail"], sentence)

    def test_every_plugin_is_told_broken_or_fine(self):
        told = {fault[0] for fault in FAULTS} | set(FINE) | {"orphan", "network", "libabsent"}
        there = {os.path.basename(path)[:-3] for path in glob.glob(plugin("*"))}
        # Strategies that ship, with a wrong number in them, break no rule.
        self.assertEqual({name for name in there - told if not name.endswith("_power_1")}, set())

    def test_suspect_symbols_are_warnings(self):
        for name, symbol in SUSPECTS:
            with self.subTest(plugin=name):
                status, report = check(plugin(name), "--check", "symbols")
                result = report["checks"][0]
                self.assertEqual((status, result["outcome"]), (0, "warning"))
                self.assertRegex(result["detail"], rf"\b{symbol} \(")

    def test_what_is_fine_passes(self):
        for name in FINE:
            with self.subTest(plugin=name):
                status, report = check(plugin(name))
                bad = [r for r in report["checks"] if r["outcome"] not in ("passed", "warning")]
                self.assertEqual((status, bad), (0, []))

    def test_what_depends_on_a_failure_is_skipped(self):
        _, report = check(plugin("too_few"))
        outcomes = {r["check"]: r["outcome"] for r in report["checks"]}
        self.assertEqual(outcomes["select"], "failed")
        self.assertEqual(outcomes["batch"], "skipped")
        self.assertEqual(report["summary"]["failed"], 1)
        self.assertEqual(sum(report["summary"].values()), len(report["checks"]))


@unittest.skipUnless(BUILD, "FLIPBENCH_BUILD is not set")
class Shipped(Case):
    def test_every_strategy_passes(self):
        paths = sorted(glob.glob(os.path.join(BUILD, "strategies", "*.so")))
        self.assertGreaterEqual(len(paths), 5)
        trace = self.write("trace.csv", "trial,round,id\n" +
                           "".join(f"1,2,{1048576 + 3 * row}\n" for row in range(5)))
        for path in paths:
            with self.subTest(plugin=os.path.basename(path)):
                replays = os.path.basename(path) == "replay.so"
                status, report = check(path, *(("--param", f"file={trace}") if replays else ()))
                bad = [r for r in report["checks"] if r["outcome"] not in ("passed", "warning")]
                self.assertEqual((status, bad), (0, []))
                self.assertGreaterEqual(len(report["checks"]), 20)


@unittest.skipUnless(BROKEN, "FLIPBENCH_TEST_PLUGINS is not set")
class Command(Case):
    def test_the_repeat_command_repeats(self):
        path = self.path("with a space.so")
        os.symlink(plugin("divides_labels"), path)
        done = flipbench("check-plugin", path)
        self.assertEqual(done.returncode, 1)
        command = shlex.split(re.search(r"repeat with: (.*)", done.stdout).group(1))
        self.assertEqual(command[:3], ["flipbench", "check-plugin", path])
        self.assertIn("no-labels", command)
        again = flipbench(*command[1:])
        self.assertEqual(again.returncode, 1)
        self.assertIn("1 checks: 1 crashed", again.stdout)

    def test_it_says_what_it_did_not_check(self):
        out = self.fine("check-plugin", plugin("works"))
        self.assertRegex(out, r"20 checks: 20 passed\nNot checked:\n  - how good")
        self.assertNotIn("\033", out)

    def test_a_parameter_reaches_the_strategy(self):
        _, report = check(plugin("ask"), "--param", "service=horoscope", "--check", "select")
        self.assertIn("no service 'horoscope'", report["checks"][0]["detail"])
        self.assertIn("--param service=horoscope", report["checks"][0]["repeat"])

    def test_what_cannot_be_checked(self):
        works = plugin("works")
        self.assertIn("there is no file", self.refused("check-plugin", self.path("none.so")))
        self.assertIn("did you mean 'batch'",
                      self.refused("check-plugin", works, "--check", "bacth"))
        self.assertIn("no strategy 'play'", self.refused("check-plugin", works, "--strategy", "play"))
        self.assertIn("parameter 'colour'",
                      self.refused("check-plugin", works, "--param", "colour=1"))
        self.assertIn("nothing to check", self.refused("check-plugin", works, "--strategy", "works",
                                                       "--check", "load"))

    def test_colours_only_on_a_terminal(self):
        for quiet in ("", "1"):
            leader, follower = pty.openpty()
            subprocess.run([PROGRAM, "check-plugin", plugin("works"), "--check", "load"],
                           stdout=follower, check=True, env={**os.environ, "NO_COLOR": quiet})
            os.close(follower)
            self.assertEqual(b"\033[32m" in os.read(leader, 4096), not quiet)
            os.close(leader)

    def test_a_file_that_is_no_plugin(self):
        path = self.write("text.so", "This is no library.\n")
        status, report = check(path)
        outcomes = {r["check"]: r["outcome"] for r in report["checks"]}
        self.assertEqual((status, outcomes), (1, {"load": "failed", "symbols": "warning"}))


@unittest.skipUnless(BROKEN, "FLIPBENCH_TEST_PLUGINS is not set")
class Select(Case):
    """`flipbench select` refuses them too; `run` does in test_run.py."""

    def test_wrong_answers_are_refused(self):
        write_npy(self.path("p.npy"), (8, 2), [float(i % 5) for i in range(16)])
        write_npy(self.path("w.npy"), (2, 3), [0.5, -1, 0.25, 1, 0.5, -0.5])
        write_npy(self.path("b.npy"), (3,), [0, 0, 0])
        for name, sentence in (("changes_inputs", "changed the service"), ("labeled_id", "not in the sub-pool"),
                               ("out_of_range", "not in the sub-pool"), ("repeated_id", "twice"),
                               ("too_few", "unwritten")):
            with self.subTest(plugin=name):
                done = flipbench("select", name.replace("_", "-"), "--plugin", plugin(name),
                                 "--pool-embeddings", self.path("p.npy"), "--head-weights",
                                 self.path("w.npy"), "--head-bias", self.path("b.npy"), "--query", 3,
                                 "--labeled-embeddings", self.path("p.npy"), timeout=120, **SMALL_HEAP)
                self.assertEqual(done.returncode, 2, done.stdout)
                self.assertIn(sentence, done.stderr)


main()
