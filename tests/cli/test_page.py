"""The report's page as a reader has it: opened in headless Chromium, sorted, hovered over, saved."""
import json
import os
import subprocess
import tempfile
import unittest

import browser
from cli import flipbench, main

MAKE_RESULTS = os.environ["FLIPBENCH_MAKE_RESULTS"]


def setUpModule():
    """One report and one browser for all tests."""
    global chromium, folder, page
    if not browser.PROGRAM:
        return
    folder = tempfile.TemporaryDirectory(prefix="flipbench-test-")
    results, report = (os.path.join(folder.name, name) for name in ("results", "report"))
    subprocess.run([MAKE_RESULTS, results, "3", "4", "5", "8", "40"], check=True, stdout=subprocess.DEVNULL)
    done = flipbench("report", results, "-o", report)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    page = os.path.join(report, "index.html")
    chromium = browser.Browser()


def tearDownModule():
    if browser.PROGRAM:
        chromium.close()
        folder.cleanup()


NASTY = "<script>alert(1)</script> & 100%s 'q' \"d\" _x_ 漢 " + "long " * 40
SPEC = """flipbench: 1
name: %s
trials: 2
settings:
  - name: a setting
    dataset: {format: synthetic, generator: blobs, train: 60, test: 30, classes: 3, features: 4}
    network: mlp
    train: {epochs: 2}
    budget: {initial: 6, query: 5, rounds: 2}
strategies: [random, {use: margin, label: %s}]
"""


@unittest.skipUnless(browser.PROGRAM, "chromium is not installed")
class Page(unittest.TestCase):
    def setUp(self):
        chromium.show(1280, 900)
        chromium.open(page)
        self.opened = page

    def tearDown(self):
        self.assertEqual(chromium.faults(), [])
        self.assertEqual([url for url in chromium.requests()
                          if not url.startswith(("data:", "blob:")) and url != "file://" + self.opened], [])

    def texts(self, selector):
        return chromium.run(f"Array.from(document.querySelectorAll('{selector}'), e => e.textContent)")

    def count(self, selector):
        return chromium.run(f"""Array.from(document.querySelectorAll('{selector}'))
            .filter(e => e.getClientRects().length).length""")

    def test_it_opens_with_the_answer(self):
        self.assertIn("ranks first", self.texts("header .answer")[0])
        self.assertEqual(self.texts("#ranking .table tbody td:first-child"), ["1", "2", "3", "4"])
        self.assertEqual(self.count("#ranking figure svg"), 2)
        self.assertEqual(chromium.run("document.scrollingElement.scrollWidth"), 1280)

    def test_tables_sort(self):
        column = "#ranking .table tbody td:nth-child(3)"  # the gain
        before = self.texts(column)
        chromium.click("#ranking .table thead th:nth-child(3) button")
        self.assertEqual(self.texts(column), before[::-1])
        self.assertEqual(self.texts("#ranking .table th[aria-sort=ascending]"), ["Gain, %"])
        chromium.click("#ranking .table thead th:nth-child(3) button")
        self.assertEqual(self.texts(column), before)
        self.assertEqual(self.texts("#ranking .table th[aria-sort=descending]"), ["Gain, %"])
        chromium.click("#ranking .table thead th:nth-child(2) button")
        names = self.texts("#ranking .table tbody th")
        self.assertEqual(names, sorted(names))
        self.assertEqual(len(self.texts("#ranking .table th[aria-sort]")), 1)

    def test_strategies_are_chosen(self):
        line = "#curves g.s1 .line"
        self.assertEqual(self.count(line), 3)
        chromium.click("#curves .legend .t1")
        self.assertEqual(self.count(line), 0)
        self.assertEqual(self.count("#curves g.s2 .line"), 3)
        self.assertEqual(self.count("#profiles g.s1 .line"), 0)  # one choice for the whole page
        chromium.click("#curves .legend .every")
        self.assertEqual(self.count(line), 3)
        chromium.click("#profiles .legend .none")
        self.assertEqual(self.count("#curves g[class^=s] .line"), 0)

    def test_settings_are_chosen(self):
        self.assertEqual(self.count("#curves figure"), 3)
        self.assertEqual(self.count("#results h3"), 3)
        chromium.run("""(() => {
            const select = document.querySelector('#curves select');
            select.value = '1';
            select.dispatchEvent(new Event('change'));
        })()""")
        self.assertEqual(self.count("#curves figure"), 1)
        self.assertEqual(self.count("#results h3"), 1)
        self.assertEqual(chromium.run("document.querySelector('#results select').value"), "1")

    def test_values_show_under_the_pointer(self):
        x, y, width = chromium.run("""(() => {
            const svg = document.querySelector('#curve-0 svg');
            svg.scrollIntoView({block: 'center'});
            const box = svg.getBoundingClientRect();
            return [box.left, box.top + box.height / 2, box.width];
        })()""")
        self.assertEqual(self.count("#curve-0 .tip"), 0)
        chromium.mouse("mouseMoved", x + width * 470 / 640, y)  # near the last point
        self.assertEqual(self.texts("#curve-0 .tip b"), ["Labels: 160"])
        last = self.texts("#curve-0 tbody tr:last-child td")
        shown = chromium.run("""Array.from(document.querySelectorAll('#curve-0 .tip div'),
            line => line.querySelector('strong').textContent + line.querySelector('small').textContent)""")
        self.assertEqual(shown, sorted(last, reverse=True))
        self.assertIn("random", self.texts("#curve-0 .tip span"))
        chromium.mouse("mouseMoved", x + width / 2, y + 2000)
        self.assertEqual(self.count("#curve-0 .tip"), 0)

    def test_values_show_by_keyboard(self):
        chromium.run("document.querySelector('#curve-0 svg').focus()")
        self.assertEqual(self.texts("#curve-0 .tip b"), ["Labels: 160"])
        chromium.key("ArrowLeft")
        self.assertEqual(self.texts("#curve-0 .tip b"), ["Labels: 140"])
        chromium.key("Home")
        self.assertEqual(self.texts("#curve-0 .tip b"), ["Labels: 20"])
        chromium.key("Escape")
        self.assertEqual(self.count("#curve-0 .tip"), 0)

    def saved(self):
        """What the script hands to the browser to save as the first curve's SVG."""
        return chromium.run("""(async () => {
            let blob = null;
            URL.createObjectURL = made => { blob = made; return 'data:,'; };
            HTMLAnchorElement.prototype.click = () => {};
            document.querySelector('#curve-0 .save .svg').click();
            return await blob.text();
        })()""")

    def test_a_figure_is_saved(self):
        chromium.click("#curves .legend .t1")
        svg = self.saved()
        self.assertIn('xmlns="http://www.w3.org/2000/svg"', svg)
        self.assertIn('stroke="#d55e00"', svg)
        self.assertNotIn('class="s1', svg)
        self.assertNotIn("var(", svg)
        name = chromium.run(f"""new DOMParser().parseFromString({svg!r}, 'image/svg+xml')
            .documentElement.nodeName""")
        self.assertEqual(name, "svg")
        csv = chromium.run("""decodeURIComponent(document.querySelector('#curve-0 .save a')
            .getAttribute('href').replace(/^[^,]*,/, ''))""").splitlines()
        self.assertEqual(csv[0], "setting,strategy,labeled,accuracy,low,high,interval,trials")
        self.assertEqual(len(csv), 1 + 4 * 8)

    def test_every_figure_has_its_numbers(self):
        lacking = chromium.run("""Array.from(document.querySelectorAll('figure'))
            .filter(f => !f.querySelector('details table tbody tr') || !f.querySelector('.save a') ||
                         !f.querySelector('svg > title') || !f.querySelector('svg > desc'))
            .map(f => f.id)""")
        self.assertEqual(lacking, [])
        self.assertGreaterEqual(self.count("figure"), 3 + 2 + 2 + 2 + 1 + 3 + 3)

    def test_it_is_seen_in_every_light(self):
        for width, height in ((390, 844), (1280, 900)):
            colours = {}
            for scheme in ("light", "dark"):
                chromium.show(width, height, scheme)
                for part in ("header", "#curves", "#penalty", "#selections"):
                    chromium.run(f"document.querySelector('{part}').scrollIntoView()")
                    shot = chromium.screenshot(width, height, 0.25)
                    w, h, count = browser.png_colours(shot)
                    self.assertAlmostEqual(w, width / 4, delta=1)
                    self.assertAlmostEqual(h, height / 4, delta=1)
                    self.assertGreater(count, 20, (width, scheme, part))
                    colours[scheme, part] = shot
                back = chromium.run("getComputedStyle(document.documentElement).backgroundColor")
                self.assertEqual(back, {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 24, 28)"}[scheme])
                self.assertEqual(chromium.run("document.scrollingElement.scrollWidth"), width)
            self.assertNotEqual(colours["light", "header"], colours["dark", "header"])

    def test_labels_hold_whatever_they_hold(self):
        quoted = json.dumps(NASTY)
        spec, out, report = (os.path.join(folder.name, name) for name in ("nasty.yaml", "out", "nasty"))
        with open(spec, "w", encoding="utf-8") as file:
            file.write(SPEC % (quoted, quoted))
        for arguments in (("run", spec, "-o", out), ("report", out, "-o", report)):
            done = flipbench(*arguments)
            self.assertEqual(done.returncode, 0, done.stderr)
        self.opened = os.path.join(report, "index.html")
        chromium.open(self.opened)
        self.assertEqual(chromium.run("document.title"), NASTY.strip() + " – flipbench report")
        self.assertEqual(self.texts("#curves .legend span"), ["random", NASTY])
        self.assertIn(NASTY, self.texts("#ranking .table tbody th"))
        self.assertEqual(chromium.run("document.scripts.length"), 1)
        csv = chromium.run("""decodeURIComponent(document.querySelector('#gains .save a')
            .getAttribute('href').replace(/^[^,]*,/, ''))""")
        self.assertIn('"' + NASTY.replace('"', '""') + '"', csv)
        self.assertEqual(chromium.run("document.scrollingElement.scrollWidth"), 1280)

    def test_it_reads_without_its_script(self):
        chromium.call("Emulation.setScriptExecutionDisabled", value=True)
        self.addCleanup(chromium.call, "Emulation.setScriptExecutionDisabled", value=False)
        chromium.open(page)
        self.assertEqual(self.count("#curves figure svg"), 3)
        self.assertEqual(self.count(".choose, .save button, .legend button, thead button"), 0)
        chromium.click("#curves .legend .t1")
        self.assertEqual(self.count("#curves g.s1 .line"), 0)


main()
