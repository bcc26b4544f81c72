"""flipbench merge: shards of an experiment are the experiment, and contradictions are refused."""
import fcntl
import os
import shutil
import signal
import sqlite3
import tempfile
import time

from cli import Case, deterministic, export, flipbench, main, start

SPEC = """flipbench: 1
name: shards
seed: 5
trials: 3
reference: full
settings:
  - name: blobs
    dataset: {format: synthetic, generator: blobs, train: 200, test: 100, classes: 4, features: 6}
    network: {name: mlp, hidden: [16]}
    train: {epochs: 3, start: warm}
    budget: {initial: 8, query: 8, rounds: 2, subpool: 50}
  - name: moons
    dataset: {format: synthetic, generator: two-moons, train: 150, test: 50}
    network: {name: mlp, hidden: [8]}
    train: {epochs: 3}
    budget: {initial: 8, query: 8, rounds: 2, subpool: 50}
strategies: [random, entropy, {use: ldm, label: LDM}]
scores: true
"""
VIEWS = ("rounds", "traces", "cells", "scores", "records", "statistics")


class MergeCase(Case):
    made = {}  # arguments of a run -> its folder, of which tests get copies

    @classmethod
    def setUpClass(cls):
        cls.cache = tempfile.TemporaryDirectory(prefix="flipbench-test-")
        cls.addClassCleanup(cls.cache.cleanup)
        cls.made = {}

    def setUp(self):
        super().setUp()
        self.spec = self.write("spec.yaml", SPEC)

    def run_spec(self, out, *more):
        """Runs the spec, or copies a folder in which it has been run like that before."""
        if os.path.exists(self.path(out)):
            return self.fine("run", "-q", self.spec, "-o", self.path(out), *more)
        if more not in self.made:
            self.made[more] = os.path.join(self.cache.name, str(len(self.made)))
            self.fine("run", "-q", self.spec, "-o", self.made[more], *more)
        return shutil.copytree(self.made[more], self.path(out))

    def merge(self, out, *parts):
        self.fine("merge", *map(self.path, parts), "-o", self.path(out))
        return self.path(out)

    def everything(self, folder):
        """All exports but times and memory."""
        return {view: deterministic(self.path(folder), view) for view in VIEWS}

    def change(self, folder, *statements):
        with sqlite3.connect(os.path.join(self.path(folder), "results.db")) as database:
            for statement in statements:
                self.assertGreater(database.execute(statement).rowcount, 0, statement)
        database.close()


class Shards(MergeCase):
    def test_trials_shared_out_are_the_whole(self):
        self.run_spec("whole")
        for number, trials in enumerate(("0:1", "1:2", "2:3")):
            self.run_spec(f"part{number}", "--trials", trials)
        whole = self.everything("whole")
        self.merge("all", "part0", "part1", "part2")
        self.assertEqual(self.everything("all"), whole)
        self.merge("other", "part2", "part0", "part1")  # another order
        self.assertEqual(self.everything("other"), whole)
        with open(self.path("all/spec.yaml"), encoding="utf-8") as file:
            self.assertEqual(file.read(), SPEC)
        self.assertEqual(len(export(self.path("all"), "runs")), 3)
        hosts = {row["facts"] for part in ("part0", "part1", "part2") for row in export(self.path(part), "runs")}
        self.assertEqual({row["facts"] for row in export(self.path("all"), "runs")}, hosts)

        with self.subTest("again"):
            self.merge("all", "part1", "part1")
            self.merge("all", "all", "part2")
            self.assertEqual(self.everything("all"), whole)
            self.assertEqual(len(export(self.path("all"), "runs")), 3)
        with self.subTest("the merged one with a part"):
            self.merge("more", "part1", "all")
            self.assertEqual(self.everything("more"), whole)
            self.assertEqual(export(self.path("more"), "rounds"), export(self.path("all"), "rounds"))
            runs = [{(row["started"], row["facts"]) for row in export(self.path(folder), "runs")}
                    for folder in ("more", "all")]
            self.assertEqual(*runs)
        with self.subTest("carried on with"):
            said = self.fine("run", "-q", self.path("all/spec.yaml"), "-o", self.path("all"))
            self.assertIn(" 0 rounds computed", said)
            said = self.fine("run", "-q", self.spec, "-o", self.path("all"), "--set", "trials=4")
            self.assertIn("32 of 32 cells complete, 0 failed; 20 rounds computed", said)
        with self.subTest("reported"):
            self.fine("report", self.path("more"), "-o", self.path("report"))
            parts = [self.path(f"part{i}") for i in range(3)]
            self.fine("report", *parts, "-o", self.path("joined"))
            with open(self.path("report/rounds.csv"), encoding="utf-8") as merged, \
                    open(self.path("joined/rounds.csv"), encoding="utf-8") as joined:
                self.assertEqual(merged.read(), joined.read())

    def test_strategies_and_settings_shared_out(self):
        """Each machine has its own spec; the union is written, and carries on."""
        self.run_spec("whole", "--trials", "0:1")
        one = ("--trials", "0:1", "--set")
        self.run_spec("a", *one, "strategies=[random, entropy]")
        self.run_spec("b", *one, "strategies=[{use: ldm, label: LDM}, random]", "--set", "reference=none")
        self.merge("all", "a", "b")
        self.assertEqual(self.everything("all"), self.everything("whole"))
        said = self.fine("run", "-q", self.path("all/spec.yaml"), "-o", self.path("all"), "--trials", "0:1")
        self.assertIn("8 of 8 cells complete, 0 failed; 0 rounds computed", said)
        with open(self.path("all/resolved.yaml"), encoding="utf-8") as file:
            resolved = file.read()
        self.assertEqual(self.fine("check", self.path("all/spec.yaml"), "--resolved"), resolved)
        for words in ("use: entropy", "label: LDM", "name: moons", "  reference: full"):
            self.assertIn(words, resolved)

    def test_the_fuller_copy_of_a_cell_stays(self):
        short = ("--set", "budget.rounds=1", "--trials", "0:1")
        self.run_spec("whole", "--trials", "0:1")
        self.run_spec("short", *short)
        for parts in (("short", "whole"), ("whole", "short")):
            self.merge("".join(parts), *parts)
            self.assertEqual(self.everything("".join(parts)), self.everything("whole"))

    def test_a_shorter_run_goes_on_after_a_merge(self):
        """The network's state comes along, so that a warm start has what it starts from."""
        self.run_spec("whole", "--set", "trials=2")
        for trial in ("0:1", "1:2"):
            self.run_spec("part" + trial[0], "--set", "budget.rounds=1", "--trials", trial)
        self.merge("all", "part0", "part1")
        self.run_spec("all", "--set", "trials=2")
        self.assertEqual(self.everything("all"), self.everything("whole"))

    def test_failures_come_along(self):
        self.run_spec("a", "--trials", "0:1")
        self.change("a", "INSERT INTO failures(cell, run, round, cause, at)"
                         " SELECT id, 1, 2, 'it broke', '2025-01-01T00:00:00Z' FROM cells WHERE strategy='LDM'",
                    "DELETE FROM rounds WHERE round=2 AND cell IN (SELECT id FROM cells WHERE strategy='LDM')")
        self.run_spec("b", "--trials", "1:2")
        for _ in range(2):
            self.merge("all", "b", "a")
            failed = [row for row in export(self.path("all"), "cells") if row["failure"]]
            self.assertEqual([(row["strategy"], row["trial"], row["failure"]) for row in failed],
                             [("LDM", "0", "it broke")] * 2)

    def test_databases_of_the_first_version(self):
        cold = ("--set", "settings.0.train.start=cold", "--set", "strategies=[random]")
        self.run_spec("whole", "--trials", "0:2", *cold)
        for trial in ("0:1", "1:2"):
            self.run_spec("part" + trial[0], "--trials", trial, *cold)
        with sqlite3.connect(os.path.join(self.path("part0"), "results.db")) as database:
            database.executescript("DROP TABLE states; ALTER TABLE cells DROP COLUMN class_count;"
                                   "ALTER TABLE cells DROP COLUMN pool_count; PRAGMA user_version=1;")
        database.close()
        self.merge("all", "part0", "part1")
        merged, whole = self.everything("all"), self.everything("whole")
        lost = [line for line in whole.pop("statistics").splitlines() if "_chance," not in line]
        kept = [line for line in merged.pop("statistics").splitlines() if "_chance," not in line]
        self.assertEqual(kept, lost)  # without the pool's size nothing is known of chance
        self.assertEqual(merged, whole)

    def test_a_killed_merge_leaves_the_old_or_the_new(self):
        for trial in ("0:1", "1:2"):
            self.run_spec("part" + trial[0], "--trials", trial)
        parts = [self.path("part0"), self.path("part1")]
        self.merge("expected", "part0", "part1")
        for delay in (0.0, 0.005, 0.02):
            process = start("merge", *parts, "-o", self.path("all"))
            while not os.path.exists(self.path("all.merging")) and process.poll() is None:
                time.sleep(0.001)
            time.sleep(delay)
            process.send_signal(signal.SIGKILL)
            process.communicate()
            if os.path.exists(self.path("all")):
                self.assertEqual(self.everything("all"), self.everything("expected"))
                shutil.rmtree(self.path("all"))
        self.merge("all", "part0", "part1")
        self.assertEqual(self.everything("all"), self.everything("expected"))
        self.assertFalse(os.path.exists(self.path("all.merging")))


class Refused(MergeCase):
    def setUp(self):
        super().setUp()
        self.run_spec("a", "--set", "trials=1", "--set", "strategies=[random]")
        shutil.copytree(self.path("a"), self.path("b"))

    def reason(self, *parts):
        """What merging says, and that it leaves nothing behind."""
        said = self.refused("merge", *map(self.path, parts or ("a", "b")), "-o", self.path("out"))
        self.assertFalse(os.path.exists(self.path("out")))
        self.assertFalse(os.path.exists(self.path("out.merging")))
        return said

    def test_other_numbers(self):
        moved = "UPDATE rounds SET loss=loss+1e-15 WHERE round=1 AND cell=(SELECT id FROM cells" \
                " WHERE setting='moons' AND strategy_id='random')"
        self.change("b", moved)
        said = self.reason()
        self.assertIn(self.path("b") + ": setting 'moons', strategy 'random', trial 0, round 1 has the loss ", said)
        joined = self.refused("report", self.path("a"), self.path("b"), "-o", self.path("report"))
        self.assertEqual(joined, said)

    def test_other_queries(self):
        self.change("b", "UPDATE queries SET label=label+1 WHERE round=1 AND rank=3")
        self.assertIn("round 1: the query of rank 3 is another one", self.reason())

    def test_another_experiment_of_that_name(self):
        self.run_spec("c", "--trials", "1:2", "--set", "settings.1.train.epochs=4")
        said = self.reason("a", "c")
        self.assertIn("its setting 'moons' is another one than in " + self.path("a"), said)
        self.assertIn("they differ in recipe.epochs (3 there, 4 here)", said)

    def test_another_name(self):
        self.run_spec("c", "--set", "name=others", "--trials", "1:2")
        self.assertIn("the experiment 'others'", self.reason("a", "c"))

    def test_another_seed(self):
        self.run_spec("c", "--set", "seed=6", "--trials", "1:2")
        self.assertIn("they differ in seed (5 there, 6 here)", self.reason("a", "c"))

    def test_one_experiment_of_two_names(self):
        self.change("b", "UPDATE cells SET setting='renamed' WHERE setting='moons'")
        self.assertIn("its setting 'renamed' is called 'moons' in a folder before it", self.reason())

    def test_an_engine_of_another_machine(self):
        """Cells of several machines come together, but no cell comes from two."""
        other = "UPDATE cells SET key='x' || substr(key, 2), identity=replace(identity," \
                " '\"engine_fingerprint\":\"\"', '\"engine_fingerprint\":\"another CPU\"')"
        self.change("b", other)
        self.assertIn('they differ in engine_fingerprint ("" before, "another CPU" here)', self.reason())
        self.change("b", "UPDATE cells SET trial=1")
        self.merge("out", "a", "b")

    def test_a_folder_that_is_none(self):
        os.mkdir(self.path("empty"))
        self.write("text", "x")
        for name in ("empty", "nowhere", "text"):
            self.assertIn(name + "/results.db: there are no results here", self.reason("a", name))

    def test_output_that_is_something_else(self):
        os.mkdir(self.path("docs"))
        self.write("docs/thesis.tex", "x")
        said = self.refused("merge", self.path("a"), "-o", self.path("docs"))
        self.assertIn("docs: cannot put the merged results here", said)
        self.assertEqual(os.listdir(self.path("docs")), ["thesis.tex"])
        self.assertFalse(os.path.exists(self.path("docs.merging")))

    def test_a_run_that_is_going_on_in_the_output(self):
        lock = os.open(self.path("a/lock"), os.O_RDWR)
        self.addCleanup(os.close, lock)
        fcntl.flock(lock, fcntl.LOCK_EX)
        self.assertIn("another flipbench run is writing",
                      self.refused("merge", self.path("b"), "-o", self.path("a")))

    def test_words(self):
        for arguments in (("merge",), ("merge", self.path("a"))):
            done = flipbench(*arguments)
            self.assertEqual(done.returncode, 2)
        self.assertIn("Usage: flipbench merge", self.fine("merge", "--help"))


class Damaged(MergeCase):
    """report, export and merge say what is wrong with the file, in one sentence."""

    def setUp(self):
        super().setUp()
        self.run_spec("fine", "--set", "trials=2", "--set", "strategies=[random, ldm]")
        shutil.copytree(self.path("fine"), self.path("bad"))
        self.database = self.path("bad/results.db")

    def commands(self):
        bad = self.path("bad")
        yield "report", bad, "-o", self.path("report")
        yield "report", self.path("fine"), bad, "-o", self.path("report")
        for view in ("rounds", "cells", "statistics"):
            yield "export", bad, "--what", view
        yield "merge", self.path("fine"), bad, "-o", self.path("out")

    def check(self, *words):
        for command in self.commands():
            said = self.refused(*command)
            self.assertIn(self.database, said)
            self.assertTrue(any(word in said for word in words), said)
            self.assertFalse(os.path.exists(self.path("out")))
            self.assertFalse(os.path.exists(self.path("out.merging")))

    def test_no_database(self):
        os.unlink(self.database)
        self.check("there are no results here")

    def test_an_empty_file(self):
        os.truncate(self.database, 0)
        self.check("this is not a flipbench results database")

    def test_another_database(self):
        os.unlink(self.database)
        with sqlite3.connect(self.database) as database:
            database.execute("CREATE TABLE t(x)")
        database.close()
        self.check("this is not a flipbench results database")

    def test_garbage(self):
        with open(self.database, "wb") as file:
            file.write(b"\xa5\x00garbage" * 1000)
        self.check("the file is damaged or no flipbench database")

    def test_cut(self):
        size = os.path.getsize(self.database)
        for part in (0.3, 0.6, 0.9):
            shutil.copy(self.path("fine/results.db"), self.database)
            os.truncate(self.database, int(size * part))
            self.check("damaged")

    def test_pages_overwritten(self):
        with open(self.database, "r+b") as file:
            size = os.path.getsize(self.database)
            for page in range(2, size // 4096):
                file.seek(page * 4096)
                file.write(b"\xff" * 4096)
        self.check("damaged")

    def test_a_newer_version(self):
        with sqlite3.connect(self.database) as database:
            database.execute("PRAGMA user_version=99")
        database.close()
        self.check("the database has version 99")

    def test_a_round_that_is_missing(self):
        self.change("bad", "DELETE FROM queries WHERE round=1", "DELETE FROM scores WHERE round=1",
                    "DELETE FROM rounds WHERE round=1")
        said = self.refused("report", self.path("bad"), "-o", self.path("report"))
        self.assertIn("round 1 of a cell is missing", said)

    def test_nothing_run_yet(self):
        """No fault of the file: exports have headers, a report says that there is nothing yet."""
        for table in ("queries", "scores", "records", "states", "rounds"):
            with sqlite3.connect(self.database) as database:
                database.execute("DELETE FROM " + table)
            database.close()
        self.assertEqual(self.fine("export", self.path("bad")).count("\n"), 1)
        self.fine("report", self.path("bad"), "-o", self.path("report"))
        with open(self.path("report/tables.md"), encoding="utf-8") as file:
            self.assertIn("No cell has a finished round", file.read())
        self.merge("out", "fine", "bad")


main()
