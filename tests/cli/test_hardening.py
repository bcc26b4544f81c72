"""What the linker and the compiler were asked to do against overruns is in what they built."""
import os
import subprocess

from cli import PROGRAM, Case, main

BUILD = os.environ["FLIPBENCH_BUILD"]


def readelf(option, path):
    return subprocess.run(["readelf", "-W", option, path], check=True, text=True,
                          capture_output=True).stdout


def plugins():
    folder = os.path.join(BUILD, "strategies")
    return [os.path.join(folder, name) for name in sorted(os.listdir(folder)) if name.endswith(".so")]


class Hardening(Case):
    def test_the_program_lies_anywhere(self):
        self.assertRegex(readelf("-h", PROGRAM), r"Type:\s+DYN")
        self.assertIn("PIE", readelf("-d", PROGRAM))

    def test_everything_is_bound_at_start_and_then_read_only(self):
        self.assertGreater(len(plugins()), 10)
        for path in [PROGRAM, *plugins()]:
            with self.subTest(os.path.basename(path)):
                self.assertRegex(readelf("-d", path), r"BIND_NOW|Flags:.*\bNOW\b")
                self.assertIn("GNU_RELRO", readelf("-l", path))

    def test_no_stack_is_executable_and_no_segment_both_written_and_run(self):
        for path in [PROGRAM, *plugins()]:
            with self.subTest(os.path.basename(path)):
                segments = [line for line in readelf("-l", path).splitlines() if " 0x" in line]
                self.assertTrue([line for line in segments if "GNU_STACK" in line])
                self.assertEqual([line for line in segments if " RWE " in line], [])

    def test_stacks_have_canaries(self):
        self.assertIn("__stack_chk_fail", readelf("-s", PROGRAM))
        guarded = [path for path in plugins() if "__stack_chk_fail" in readelf("-s", path)]
        self.assertTrue(guarded)

    def test_string_functions_know_their_buffers(self):
        symbols = readelf("-s", PROGRAM)
        for name in ("__snprintf_chk", "__vsnprintf_chk", "__memcpy_chk"):
            self.assertIn(name, symbols)


main()
