"""flipbench run: the same results whatever happens, and faults that cost one cell only."""
import contextlib
import errno
import json
import os
import random
import signal
import sqlite3
import subprocess
import time
import unittest

from cli import BROKEN, PROGRAM, SMALL_HEAP, Case, deterministic, export, flipbench, main, start

SPEC = """flipbench: 1
name: smoke
seed: 7
trials: 2
settings:
  - name: blobs
    dataset: {format: synthetic, generator: blobs, train: 600, test: 300, classes: 5, features: 8}
    network: {name: mlp, hidden: [16]}
    train: {epochs: 4, batch: 16}
    budget: {initial: 10, query: 10, rounds: 3, subpool: 200}
  - name: glyphs
    dataset: {format: synthetic, generator: glyphs, train: 300, test: 50}
    network: s-cnn
    validation: 20
    train: {epochs: 2, keep: best-validation}
    budget: {initial: 10, query: 8, rounds: 2, subpool: 60}
strategies: [random, entropy, margin, ldm, {use: ldm-s, label: LDM-S, stop: 5}]
"""

QUICK = """flipbench: 1
name: quick
trials: 1
settings:
  - name: blobs
    dataset: {format: synthetic, generator: blobs, train: 400, test: 100, classes: 4, features: 6}
    network: mlp
    train: {epochs: 2}
    budget: {initial: 8, query: 8, rounds: 2, subpool: 100}
strategies: [random, entropy]
"""


WARM = """flipbench: 1
name: warm
seed: 3
trials: 2
settings:
  - name: glyphs
    dataset: {format: synthetic, generator: glyphs, train: 300, test: 100}
    network: {layers: [{conv: 4, stride: 2, bias: false}, batch_norm, {max_pool: 3}, dense]}
    validation: 20
    train: {epochs: 2, start: warm, keep: best-validation}
    budget: {initial: 10, query: 10, rounds: 4, subpool: 60}
strategies: [random, entropy]
"""

# What the recipe offers, on networks of every shape.
RECIPES = """flipbench: 1
name: recipes
trials: 1
settings:
  - name: residual
    dataset: {format: synthetic, generator: glyphs, train: 200, test: 100}
    network:
      layers:
        - {conv: 8, stride: 2, padding: same, bias: false}
        - {batch_norm: {}, relu: true}
        - residual: [{conv: 8, padding: same, relu: true}, {dropout: 0.1}, {conv: 8, padding: same}]
          relu: true
        - residual: [{conv: 16, padding: same, stride: 2}, batch_norm]
          shortcut: [{conv: 16, kernel: 1, stride: 2}]
        - {average_pool: 2}
        - relu
        - global_pool
        - dense
    validation: 20
    train: {optimizer: sgd, learning_rate: 0.05, momentum: 0.9, nesterov: true, epochs: 6, batch: 8,
            schedule: cosine, weight_decay: 5e-4, clip_norm: 5, class_weights: balanced,
            augment: {crop: 2, flip: true}, stop: {accuracy: 0.95, patience: 4}}
    budget: {initial: 20, query: 5, rounds: 1}
  - name: k-cnn
    dataset: {format: synthetic, generator: glyphs, train: 200, test: 100}
    network: k-cnn
    train: {optimizer: rmsprop, learning_rate: 1e-4, epochs: 1, schedule: one-cycle}
    budget: {initial: 20, query: 5, rounds: 1}
  - name: linear
    dataset: {format: synthetic, generator: blobs, train: 200, test: 100}
    network: linear
    train: {C: 2, class_weights: balanced}
    budget: {initial: 20, query: 5, rounds: 1}
strategies: [margin]
"""


def wait_until(condition, seconds=60):
    """Polls a condition; fails the test when it never holds."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("waited in vain")
        time.sleep(0.01)


def stored_rounds(directory):
    done = flipbench("export", directory, "--what", "rounds")
    return max(0, len(done.stdout.splitlines()) - 1) if done.returncode == 0 else 0


def processes_of(directory):
    """The ids of the processes whose command line names the folder, zygote and cells among them."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/cmdline", "rb") as file:
                words = file.read().split(b"\0")
        except OSError:
            continue
        if directory.encode() in words and b"run" in words[1:2]:
            found.append(int(name))
    return found


class SameResults(Case):
    def test_workers_and_kills_change_nothing(self):
        spec = self.write("spec.yaml", SPEC)
        one, two, killed = self.path("one"), self.path("two"), self.path("killed")
        self.fine("run", spec, "-o", one, "-j1")
        self.fine("run", spec, "-o", two, "-j2")
        moments = random.Random(1)
        total = stored_rounds(one)
        for kill in range(5):
            process = start("run", spec, "-o", killed, "-j2")
            before = stored_rounds(killed)
            goal = min(total - 1, before + moments.randrange(0, 6))
            wait_until(lambda: process.poll() is not None or stored_rounds(killed) >= goal)
            process.kill()
            process.communicate()
        self.fine("run", spec, "-o", killed, "-j2")
        for what in ("rounds", "traces"):
            reference = deterministic(one, what)
            self.assertGreater(len(reference.splitlines()), 50)
            self.assertEqual(reference, deterministic(two, what))
            self.assertEqual(reference, deterministic(killed, what))

    def test_threads_in_a_cell_change_nothing(self):
        spec = self.write("spec.yaml", RECIPES)
        one, three = self.path("one"), self.path("three")
        self.fine("run", spec, "-o", one)
        self.fine("run", spec, "-o", three, "--set", "train.threads=3")
        self.assertEqual(len(export(one, "rounds")), 6)
        for what in ("rounds", "traces", "cells"):
            self.assertEqual(deterministic(one, what), deterministic(three, what))

    def test_a_warm_start_goes_on_after_kills_and_extensions(self):
        spec = self.write("spec.yaml", WARM)
        one, killed, longer = self.path("one"), self.path("killed"), self.path("longer")
        self.fine("run", spec, "-o", one)
        for goal in (1, 3, 6, 10, 13):
            process = start("run", spec, "-o", killed, "-j2")
            wait_until(lambda: process.poll() is not None or stored_rounds(killed) >= goal)
            process.kill()
            process.communicate()
        self.fine("run", spec, "-o", killed)
        for rounds in (0, 1, 3, 4):
            self.fine("run", spec, "-o", longer, "--set", f"budget.rounds={rounds}")
        for what in ("rounds", "traces"):
            reference = deterministic(one, what)
            self.assertGreater(len(reference.splitlines()), 20)
            self.assertEqual(reference, deterministic(killed, what))
            self.assertEqual(reference, deterministic(longer, what))
        cold = self.path("cold")
        self.fine("run", spec, "-o", cold, "--set", "train.start=cold")
        warm_rows, cold_rows = export(one, "rounds"), export(cold, "rounds")
        for warm, cold in zip(warm_rows, cold_rows):
            self.assertEqual(warm["loss"] == cold["loss"], warm["round"] == "0")

    def test_instruction_sets_change_nothing(self):
        spec = self.write("spec.yaml", SPEC)
        smaller = ("--set", "trials=1", "--set", "budget.rounds=1", "--set", "train.epochs=1")
        self.fine("run", spec, "-o", self.path("best"), *smaller)
        for isa in ("x86-64-v3", "x86-64-v2", "generic"):
            out = self.path(isa)
            if flipbench("list", "networks", FLIPBENCH_ISA=isa).returncode != 0:
                continue  # not this machine's
            self.fine("run", spec, "-o", out, *smaller, FLIPBENCH_ISA=isa)
            for what in ("rounds", "traces"):
                self.assertEqual(deterministic(self.path("best"), what), deterministic(out, what))

    def test_round_0_is_the_same_for_all_strategies(self):
        spec = self.write("spec.yaml", SPEC)
        self.fine("run", spec, "-o", self.path("out"))
        seen = {}
        for row in export(self.path("out"), "rounds"):
            if row["round"] == "0":
                seen.setdefault((row["setting"], row["trial"]), []).append(
                    (row["accuracy"], row["loss"], row["validation_accuracy"]))
        self.assertEqual(len(seen), 4)
        for values in seen.values():
            self.assertEqual(len(values), 5)
            self.assertEqual(len(set(values)), 1)

    def test_a_longer_run_extends_a_shorter_one(self):
        spec = self.write("spec.yaml", QUICK)
        out, whole = self.path("out"), self.path("whole")
        self.fine("run", spec, "-o", out)
        printed = self.fine("run", spec, "-o", out, "--set", "trials=2")
        self.assertIn("6 rounds computed, 6 reused", printed)
        printed = self.fine("run", spec, "-o", out, "--set", "trials=2", "--set", "budget.rounds=4")
        self.assertIn("12 rounds computed, 8 reused", printed)  # 4 cells: the last round and 2 new
        printed = self.fine("run", spec, "-o", out, "--set", "trials=2", "--set", "budget.rounds=4")
        self.assertIn("0 rounds computed, 20 reused", printed)
        self.fine("run", spec, "-o", whole, "--set", "trials=2", "--set", "budget.rounds=4")
        for what in ("rounds", "traces"):
            self.assertEqual(deterministic(out, what), deterministic(whole, what))

    def test_trials_can_be_shared_out(self):
        spec = self.write("spec.yaml", QUICK)
        out, whole = self.path("out"), self.path("whole")
        self.fine("run", spec, "-o", out, "--trials", "1:3")
        self.fine("run", spec, "-o", out, "--trials", "0:1")
        self.fine("run", spec, "-o", whole, "--set", "trials=3")
        self.assertEqual(deterministic(out, "rounds"), deterministic(whole, "rounds"))

    def test_queries_are_labelled_once_and_counted(self):
        spec = self.write("spec.yaml", SPEC)
        self.fine("run", spec, "-o", self.path("out"), "--set", "trials=1")
        cells = {}
        for row in export(self.path("out"), "traces"):
            self.assertEqual(row["outcome"], "labelled")
            cells.setdefault((row["setting"], row["strategy"]), []).append(row["sample"])
        self.assertEqual(len(cells), 10)
        for (setting, _), samples in cells.items():
            self.assertEqual(len(samples), 30 if setting == "blobs" else 16)
            self.assertEqual(len(set(samples)), len(samples))

    def test_rounds_all_empties_the_pool(self):
        spec = self.write("spec.yaml", QUICK)
        self.fine("run", spec, "-o", self.path("out"), "--set", "budget.rounds=all",
                  "--set", "budget.query=100")
        rows = [row for row in export(self.path("out"), "rounds") if row["strategy"] == "random"]
        self.assertEqual([row["labeled"] for row in rows], ["8", "108", "208", "308", "400"])


class Stops(Case):
    def test_interrupt_is_quick_and_resumable(self):
        spec = self.write("spec.yaml", SPEC)
        out = self.path("out")
        process = start("run", spec, "-o", out)
        wait_until(lambda: stored_rounds(out) > 0)
        begin = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
        self.assertLess(time.monotonic() - begin, 2)
        self.assertEqual(process.returncode, 130)
        self.assertIn("carry on", errors)
        self.fine("run", spec, "-o", out)

    def test_nohup_is_respected(self):
        spec = self.write("spec.yaml", QUICK)
        out = self.path("out")
        process = start("run", spec, "-o", out, "--set", "trials=30",
                        before=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        wait_until(lambda: stored_rounds(out) > 0)
        process.send_signal(signal.SIGHUP)
        process.communicate(timeout=120)
        self.assertEqual(process.returncode, 0)

    def test_a_rough_start(self):
        """Closed standard descriptors and an ignored SIGCHLD must not hang or spoil a run."""
        spec = self.write("spec.yaml", QUICK)

        def rough():
            signal.signal(signal.SIGCHLD, signal.SIG_IGN)
            for fd in range(3):
                os.close(fd)

        process = start("run", spec, "-o", self.path("out"), before=rough)
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0)
        self.assertEqual(len(export(self.path("out"), "rounds")), 6)

    def test_cells_die_with_a_killed_supervisor_and_free_the_lock(self):
        spec = self.write("spec.yaml", SPEC)
        out = self.path("out")
        process = start("run", spec, "-o", out)
        wait_until(lambda: len(processes_of(out)) >= 3)
        process.kill()
        process.communicate()
        wait_until(lambda: not processes_of(out))
        self.fine("run", spec, "-o", out)

    def test_a_slow_reader_does_not_stop_a_run(self):
        spec = self.write("spec.yaml", QUICK.replace("train: 400", "train: 3000").replace(
            "subpool: 100", "subpool: 0") + "scores: true\n")
        out = self.path("out")
        self.fine("run", spec, "-o", out)
        reader = start("export", out, "--what", "scores")
        reader.stdout.read(1)  # it is printing, and more than a pipe holds is still to come
        self.assertIsNone(reader.poll())
        self.fine("run", spec, "-o", out, "--set", "trials=2", timeout=40)
        reader.kill()
        reader.communicate()

    def test_two_runs_on_one_folder(self):
        spec = self.write("spec.yaml", SPEC)
        out = self.path("out")
        process = start("run", spec, "-o", out)
        wait_until(lambda: stored_rounds(out) > 0)
        self.assertIn("another flipbench run", self.refused("run", spec, "-o", out))
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)


@unittest.skipUnless(BROKEN, "FLIPBENCH_TEST_PLUGINS is not set")
class BadPlugins(Case):
    """A plugin that misbehaves costs its own cell, and the others end as they do without it."""

    def run_with(self, plugin, strategy, *more, **environment):
        spec = self.write("spec.yaml",
                          QUICK.replace("[random, entropy]", f"[random, {strategy}, entropy]"))
        clean = self.write("clean.yaml", QUICK)
        out = self.path("out")
        done = flipbench("run", spec, "-o", out, "-j2", "--plugin", os.path.join(BROKEN, plugin),
                         *more, **environment)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertIn("FAILED", done.stderr)
        self.fine("run", clean, "-o", self.path("clean"))
        self.assertEqual([row for row in deterministic(out, "traces").splitlines()
                          if strategy not in row],
                         deterministic(self.path("clean"), "traces").splitlines())
        failures = [row["failure"] for row in export(out, "cells") if row["failure"]]
        self.assertEqual(len(failures), 1)
        return failures[0]

    def test_repeated_id(self):
        self.assertIn("twice", self.run_with("repeated_id.so", "repeated-id"))

    def test_segmentation_fault(self):
        self.assertRegex(self.run_with("crash_select.so", "crash-select"), "signal|ended")

    def test_endless_loop(self):
        cause = self.run_with("hang_select.so", "hang-select", "--set", "limits.seconds=3")
        self.assertIn("not finished within 3 s", cause)

    def test_a_process_that_does_not_end_after_its_failure(self):
        self.assertIn("nig is not here",
                      self.run_with("hang_after_failure.so", "hang-after-failure"))

    def test_samples_that_are_not_in_the_pool(self):
        self.assertIn("not in the pool", self.run_with("changes_answer.so", "changes-answer"))

    def test_a_sample_that_has_a_label(self):
        self.assertIn("not in the sub-pool", self.run_with("labeled_id.so", "labeled-id"))

    def test_inputs_that_are_changed(self):
        self.assertIn("changed the service probabilities",
                      self.run_with("changes_inputs.so", "changes-inputs"))

    def test_a_sub_pool_that_is_changed(self):
        self.assertIn("changed round->pool_ids", self.run_with("cheat.so", "cheat"))

    def test_ten_gigabytes(self):
        limit = ("--set", "limits.memory=3 GiB")
        self.assertIn("no 10 GB to be had",
                      self.run_with("hoards_arena.so", "hoards-arena", *limit, **SMALL_HEAP))

    def test_ten_gigabytes_of_malloc(self):
        limit = ("--set", "limits.memory=3 GiB")
        cause = self.run_with("hoards_heap.so", "hoards-heap", *limit, **SMALL_HEAP)
        self.assertRegex(cause, "signal|ended")

    def test_a_limit_that_is_too_small_is_named(self):
        spec = self.write("spec.yaml", QUICK)
        out = self.path("out")
        done = flipbench("run", spec, "-o", out, "--set", "limits.memory=20 MiB")
        if done.returncode == 0:
            self.skipTest("the address sanitizer takes no limit")
        for row in export(out, "cells"):
            self.assertIn("limits.memory leaves a cell 20 MiB", row["failure"])

    def test_a_child_that_outlives_its_cell(self):
        spec = self.write("spec.yaml", QUICK.replace("entropy]", "orphan]"))
        self.fine("run", spec, "-o", self.path("out"), "--plugin", os.path.join(BROKEN, "orphan.so"),
                  timeout=60)
        wait_until(lambda: not processes_of(self.path("out")))

    def test_a_cell_has_no_network_and_reads_no_other_process(self):
        spec = self.write("spec.yaml", QUICK.replace("entropy]", "network]"))
        out = self.path("out")
        self.fine("run", spec, "-o", out, "--plugin", os.path.join(BROKEN, "network.so"))
        if json.loads(export(out, "runs")[0]["facts"])["cells give up"] == "none":
            self.skipTest("flipbench was built without libseccomp, or the kernel has no filters")
        seen = {row["name"]: float(row["value"]) for row in export(out, "records")}
        refused = dict.fromkeys(("inet", "inet6", "unix", "ptrace", "process_vm_readv"), errno.EPERM)
        self.assertEqual(seen, {**refused, "socketpair": 0, "no_new_privs": 1})

    def test_wrong_abi(self):
        spec = self.write("spec.yaml", QUICK)
        text = self.refused("run", spec, "-o", self.path("out"), "--plugin",
                            os.path.join(BROKEN, "newer_major.so"))
        self.assertRegex(text, "newer_major.so.*ABI")


class Refusals(Case):
    def test_missing_data_file(self):
        spec = self.write("spec.yaml", QUICK.replace(
            "{format: synthetic, generator: blobs, train: 400, test: 100, classes: 4, features: 6}",
            "{format: idx, train_images: no-images, train_labels: no-labels, test_images: a, "
            "test_labels: b}"))
        self.assertIn("no-images", self.refused("run", spec, "-o", self.path("out")))

    def test_unknown_strategy(self):
        spec = self.write("spec.yaml", QUICK.replace("entropy]", "entropi]"))
        text = self.refused("run", spec, "-o", self.path("out"))
        self.assertRegex(text, r"spec\.yaml:10:\d+: .*entropi.*entropy")

    def test_query_larger_than_the_pool(self):
        spec = self.write("spec.yaml", QUICK)
        text = self.refused("run", spec, "-o", self.path("out"), "--set", "budget.query=1000",
                            "--set", "budget.subpool=0")
        self.assertIn("1000", text)
        text = self.refused("run", spec, "-o", self.path("out"), "--set", "budget.rounds=1000")
        self.assertIn("rounds", text)

    def test_two_settings_that_are_one(self):
        spec = self.write("spec.yaml", QUICK + "grid: {budget.rounds: [1, 2]}\n")
        text = self.refused("run", spec, "-o", self.path("out"))
        self.assertIn("the same experiment", text)
        spec = self.write("spec.yaml", QUICK + "grid: {train.threads: [1, 2]}\n")
        self.assertIn("number of rounds and threads", self.refused("run", spec, "-o", self.path("out")))

    def test_another_experiment_in_the_folder(self):
        spec = self.write("spec.yaml", QUICK)
        out = self.path("out")
        self.fine("run", spec, "-o", out)
        text = self.refused("run", spec, "-o", out, "--set", "train.epochs=3")
        self.assertIn("recipe", text)
        self.fine("run", spec, "-o", out, "--set", "train.epochs=3", "--fresh")

    def test_a_folder_without_results(self):
        for command in (["export", self.folder], ["report", self.folder, "-o", self.path("x")]):
            self.assertIn("no results", self.refused(*command))

    def test_a_file_that_is_no_database(self):
        self.write("results.db", "this is a text\n" * 100)
        self.assertIn("results.db", self.refused("export", self.folder))

    def test_a_database_of_somebody_else_is_left_alone(self):
        """One without an application's number, and one of ours with a view in it, which would be run."""
        spec = self.write("spec.yaml", QUICK)
        os.mkdir(self.path("foreign"))
        with contextlib.closing(sqlite3.connect(self.path("foreign/results.db"))) as db:
            db.executescript("CREATE TABLE precious(x); INSERT INTO precious VALUES(1);")
        self.assertIn("not a flipbench results database",
                      self.refused("run", spec, "-o", self.path("foreign")))
        with contextlib.closing(sqlite3.connect(self.path("foreign/results.db"))) as db:
            self.assertEqual(db.execute("SELECT name FROM sqlite_master").fetchall(), [("precious",)])
        self.fine("run", spec, "-o", self.path("ours"), "--set", "trials=1")
        with contextlib.closing(sqlite3.connect(self.path("ours/results.db"))) as db:
            db.executescript("CREATE VIEW endless AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) "
                             "SELECT i FROM n;")
        self.assertIn("a view 'endless'", self.refused("export", self.path("ours")))

    def test_a_pipe_as_a_spec_and_a_full_device_as_output(self):
        os.mkfifo(self.path("pipe"))
        self.assertIn("expected a regular file", self.refused("check", self.path("pipe")))
        self.assertIn("an empty name", self.refused("run", self.write("spec.yaml", QUICK), "-o", ""))
        for arguments in (["--help"], ["run", "--help"], ["list", "strategies"]):
            with open("/dev/full", "w", encoding="ascii") as full:
                done = subprocess.run([PROGRAM, *arguments], stdout=full, stderr=subprocess.PIPE, text=True,
                                      check=False)
            self.assertEqual((arguments, done.returncode), (arguments, 2))
            self.assertIn("cannot write to standard output", done.stderr)

    def test_a_baseline_that_is_not_there(self):
        spec = self.write("spec.yaml", QUICK)
        out = self.path("out")
        self.fine("run", spec, "-o", out)
        self.assertIn("--baseline nobody",
                      self.refused("report", out, "-o", self.path("x"), "--baseline", "nobody"))

    def test_unknown_command_and_option(self):
        self.assertIn("no command", self.refused("rum"))
        done = flipbench("run", "--frsh")
        self.assertEqual(done.returncode, 2)


class Looks(Case):
    def test_dry_run_prints_the_cells_and_runs_nothing(self):
        spec = self.write("spec.yaml", SPEC)
        printed = self.fine("run", spec, "-o", self.path("out"), "--dry-run").splitlines()
        self.assertEqual(len(printed), 21)
        self.assertIn("20 cells: 2 settings x 5 strategies x 2 trials", printed[-1])
        self.assertFalse(os.path.exists(self.path("out")))

    def test_check_and_resolved_spec(self):
        spec = self.write("spec.yaml", SPEC)
        lines = self.fine("check", spec).splitlines()
        self.assertIn("ok, 20 cells", lines[0])
        self.assertEqual(lines[1], "  blobs: blobs, 1 x 1 x 8, 5 classes; mlp, 229 parameters; "
                         "4 rounds, 10 to 40 labels of 600")
        self.assertIn("s-cnn", lines[2])
        resolved = self.write("resolved.yaml", self.fine("check", spec, "--resolved"))
        self.assertEqual(self.fine("check", resolved, "--resolved"),
                         self.fine("check", spec, "--resolved"))

    def test_lists_and_info(self):
        for word, expected in (("strategies", "ldm-s"), ("networks", "s-cnn"),
                               ("datasets", "fashion-mnist")):
            self.assertIn(expected, self.fine("list", word))
            self.assertIn(expected, self.fine("list", word, "--json"))
        text = self.fine("info", "strategy", "ldm-s")
        for word in ("2401.09787", "sigma_min_exp", "stop"):
            self.assertIn(word, text)
        self.assertIn("ldm-s", self.refused("info", "strategy", "ldm-z"))

    def test_bench_measures(self):
        for what in ("train", "infer"):
            printed = self.fine("bench", what, "--network", "mlp", "--seconds", "0.01")
            self.assertRegex(printed, rf"^{what} mlp, portable .*: [1-9]\d* images/s \(median of \d+")
        self.assertIn("s-cnn", self.refused("bench", "train", "--network", "nothing"))

    def test_help_of_every_command(self):
        for command in ("run", "report", "export", "merge", "select", "check", "check-plugin", "list",
                        "info", "bench"):
            self.assertIn("Usage: flipbench " + command, self.fine(command, "--help"))

    def test_export_formats_agree(self):
        import json
        spec = self.write("spec.yaml", QUICK)
        out = self.path("out")
        self.fine("run", spec, "-o", out)
        rows = export(out, "rounds")
        lines = self.fine("export", out, "--format", "jsonl").splitlines()
        self.assertEqual(len(rows), len(lines))
        for row, line in zip(rows, lines):
            for name, value in json.loads(line).items():
                self.assertEqual(row[name], "" if value is None else row[name])
                if isinstance(value, float):
                    self.assertEqual(float(row[name]), value)
        self.assertEqual(list(rows[0]), (
            "setting dataset network strategy params trial round labeled validation_labels "
            "accuracy balanced_accuracy macro_f1 loss validation_accuracy train_seconds "
            "query_seconds service_seconds evaluate_seconds peak_rss_bytes "
            "selected_sha256").split())

    def test_scores_and_records_are_kept(self):
        spec = self.write("spec.yaml", QUICK.replace("entropy]", "ldm]") + "scores: true\n")
        out = self.path("out")
        self.fine("run", spec, "-o", out)
        scores = export(out, "scores")
        self.assertEqual({row["strategy"] for row in scores}, {"ldm"})  # random has none
        self.assertEqual(len(scores), 200)  # two queries, each of a sub-pool of 100
        queried = [row["sample"] for row in export(out, "traces")
                   if row["strategy"] == "ldm" and row["round"] == "0"]
        ranked = sorted((float(row["score"]), int(row["sample"])) for row in scores
                        if row["round"] == "0")
        self.assertEqual([str(sample) for _, sample in ranked[:8]], queried)
        names = {row["name"] for row in export(out, "records")}
        self.assertIn("draws", names)

    def test_report_has_what_was_run(self):
        spec = self.write("spec.yaml", SPEC)
        out = self.path("out")
        self.fine("run", spec, "-o", out)
        self.fine("report", out, "-o", self.path("report"))
        with open(self.path("report/index.html"), encoding="utf-8") as file:
            page = file.read()
        for word in ("LDM-S", "glyphs", "blobs", "seed: 7", "<svg"):
            self.assertIn(word, page)
        self.assertEqual(page.count("http://") + page.count("https://"),
                         page.count("http://www.w3.org/"))
        with open(self.path("report/rounds.csv"), encoding="utf-8") as file:
            self.assertEqual(file.read(), flipbench("export", out).stdout)
        self.assertTrue(os.path.getsize(self.path("report/tables.md")) > 200)


main()
