#!/usr/bin/env python3
"""Adds up what `meson test` logged in the build folders named and prints "N passed, N failed[, N skipped]".

A test case comes from the JUnit log. A test program that crashed, leaked, timed out or stopped early may have logged
nothing but passes, so each program's own result is looked at too. Exits 1 unless everything passed."""
import json
import os
import sys
import xml.etree.ElementTree as xml


def cases(folder):
    """(program, case, outcome) of every test case."""
    for case in xml.parse(os.path.join(folder, "meson-logs", "testlog.junit.xml")).getroot().iter("testcase"):
        outcome = "passed"
        if case.find("failure") is not None or case.find("error") is not None:
            outcome = "failed"
        elif case.find("skipped") is not None:
            outcome = "skipped"
        yield folder, case.get("name"), outcome


def programs(folder):
    """(program, result) of every test program that did not end well."""
    with open(os.path.join(folder, "meson-logs", "testlog.json"), encoding="utf-8") as file:
        for line in file:
            test = json.loads(line)
            if test["result"] not in ("OK", "SKIP"):
                yield test["name"], test["result"]


def main(folders):
    count = {"passed": 0, "failed": 0, "skipped": 0}
    for folder in folders:
        before = count["failed"]
        for where, name, outcome in cases(folder):
            count[outcome] += 1
            if outcome != "passed":
                print(f"{outcome}: {where}: {name}")
        bad = list(programs(folder))
        for name, result in bad:
            print(f"failed: {folder}: the program {name}: {result}")
        # a program may fail without a failed case: it counts all the same
        count["failed"] += max(0, len(bad) - (count["failed"] - before))
    print(f"{count['passed']} passed, {count['failed']} failed"
          + (f", {count['skipped']} skipped" if count["skipped"] else ""))
    return 0 if count["passed"] and not count["failed"] else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
