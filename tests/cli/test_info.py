"""flipbench info strategy: everything that a descriptor says, as text and as JSON."""
import json
import os
import re

from cli import BROKEN, ROOT, Case, main


class Info(Case):
    def test_info_is_complete(self):
        asked = ["embeddings", "head_weights", "head_bias", "reference_embeddings", "labeled_embeddings",
                 "labels"]
        self.assertIn("asks for    " + ", ".join(asked), self.fine("info", "strategy", "ldm-s"))
        self.assertIn("asks for    nothing", self.fine("info", "strategy", "random"))
        info = json.loads(self.fine("info", "strategy", "ldm-s", "--json"))
        self.assertEqual(info["services"], asked)
        self.assertEqual(info["score"], {"name": "ldm", "first": "smallest"})
        self.assertEqual(info["needs"], [])
        self.assertIn("400 draws", info["deviations"])
        parameters = {parameter["name"]: parameter for parameter in info["parameters"]}
        stop = parameters["stop"]
        self.assertEqual((stop["type"], stop["default"], stop["minimum"], stop["maximum"], stop["choices"]),
                         ("integer", "10", 1, 1000000, None))
        self.assertEqual(parameters["sigma_step"]["minimum"], 0.001)

    def test_every_strategy_says_what_it_asks_for(self):
        for strategy in json.loads(self.fine("list", "strategies", "--json")):
            info = json.loads(self.fine("info", "strategy", strategy["name"], "--json"))
            self.assertIsNotNone(info["services"], strategy["name"])

    def test_info_of_plugins(self):
        plugin = os.path.join(BROKEN, "services.so")
        text = self.fine("info", "strategy", "services", "--plugin", plugin)
        self.assertIn("asks for    not said", text)
        self.assertIn("needs       an ensemble", text)
        self.assertIn("representation = network  (text: network | inputs | features)", text)
        info = json.loads(self.fine("info", "strategy", "services", "--plugin", plugin, "--json"))
        self.assertIsNone(info["services"])
        self.assertEqual(info["needs"], ["ensemble"])
        self.assertIsNone(info["score"])
        self.assertEqual(info["parameters"][2]["choices"], ["network", "inputs", "features"])

    def test_the_spec_of_all_strategies_names_all(self):
        """All but replay, which asks for what another one has asked for."""
        with open(os.path.join(ROOT, "experiments", "strategies.yaml"), encoding="utf-8") as file:
            named = re.findall(r"^  - ([a-z-]+)(?: *#.*)?$", file.read(), re.MULTILINE)
        listed = {row["name"] for row in json.loads(self.fine("list", "strategies", "--json"))}
        self.assertEqual(len(named), len(set(named)))
        self.assertEqual(set(named), listed - {"replay"})


if __name__ == "__main__":
    main()
