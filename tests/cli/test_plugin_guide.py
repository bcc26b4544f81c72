"""docs/plugin-guide.md, done as a reader would: its files are written, its commands run, their output compared."""
import os
import re
import shutil

from cli import ROOT, main
from installed import InstalledCase

GUIDE = os.path.join(ROOT, "docs", "plugin-guide.md")


def blocks():
    """(language, options, text, line number) of each fenced block, in order."""
    with open(GUIDE, encoding="utf-8") as file:
        text = file.read()
    for found in re.finditer(r"^```(\w*) *(.*)\n((?:.*\n)*?)```$", text, re.M):
        options = dict(word.split("=", 1) for word in found[2].split())
        yield found[1], options, found[3], text.count("\n", 0, found.start()) + 1


class Guide(InstalledCase):
    def run_block(self, script):
        """Runs commands where the ones before them ended, and returns what they print."""
        printed = self.output("sh", "-euc", f"cd '{self.place}'\n{script}\npwd >'{self.path('place')}'")
        with open(self.path("place"), encoding="utf-8") as file:
            self.place = file.read().strip()
        return printed

    def compare(self, printed, shown, line):
        """The output ends as the guide shows; `...` stands for anything in a line, on its own for any lines."""
        pattern = r"(?:.*\n)*"
        for text in shown.strip().splitlines(keepends=True):
            parts = (re.escape(part) for part in text.split("..."))
            pattern += r"(?:.*\n)*" if text.strip() == "..." else ".*".join(parts)
        if not re.fullmatch(pattern, printed.strip()):
            self.fail(f"line {line} of the guide shows\n{shown}\nbut this was printed:\n{printed}")

    def test_every_block(self):
        self.needs_command("check-plugin")
        self.place = self.folder
        printed, kinds = None, set()
        for language, options, text, line in blocks():
            kinds.add(language)
            if "file" in options:
                with open(os.path.join(self.place, options["file"]), "w", encoding="utf-8") as file:
                    file.write(text)
            elif language == "text":
                self.assertIsNotNone(printed, f"nothing printed what line {line} shows")
                self.compare(printed, text, line)
            elif "needs" in options and not shutil.which(options["needs"]):
                print(f"# {options['needs']} is not there: line {line} of the guide is not run")
            else:
                self.assertEqual(language, "sh", f"line {line} of the guide: what is this?")
                printed = self.run_block(text)
        self.assertEqual(kinds, {"sh", "c", "yaml", "text"})

    def test_a_wrong_output_is_told(self):
        self.compare("a\nb 1.5 s\nc\n", "b ... s\nc\n", 1)
        self.compare("a\nb 1.5 s\nc\n", "a\n...\nc\n", 1)
        for shown in ("b ... s\n", "b 1.4 s\nc\n", "x\nb 1.5 s\nc\n"):
            with self.assertRaises(AssertionError):
                self.compare("a\nb 1.5 s\nc\n", shown, 1)


main()
