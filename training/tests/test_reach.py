import json
import unittest
from itertools import product
from pathlib import Path

import numpy as np
import torch

from autochrome_training import color, reach
from tests.pictures import scene as picture

SHIPPED = Path(__file__).parents[2] / "Sources/AutochromeKit/Resources/guidance/hint-reach.json"


def guess(lightness: np.ndarray) -> np.ndarray:
    """A network that sees lightness and texture, and is sure of nothing but the kind of thing: all colors of one
    kind are as likely."""
    grid = torch.nn.functional.avg_pool2d(torch.from_numpy(lightness), reach.SCALE)
    kind = (grid[0, 0] > 0.2).long() + (grid[0, 0] > 0).long()
    cells = torch.from_numpy(reach.CELLS)
    logits = torch.stack([4.0 * (cells % 3 == number) for number in range(3)])
    return logits[kind].permute(2, 0, 1)[None].numpy()


class Reach(unittest.TestCase):
    def test_paths_are_the_shortest(self) -> None:
        random = np.random.default_rng(3)
        lightness = random.uniform(0, 60, (5, 6)).astype(np.float32)
        places = list(product(range(5), range(6)))
        far = np.full((30, 30), np.inf)
        for (i, (y, x)), (j, (v, u)) in product(enumerate(places), repeat=2):
            if max(abs(y - v), abs(x - u)) <= 1:
                far[i, j] = abs(lightness[y, x] - lightness[v, u]) / 8 + 1.6 / 30**0.5 * np.hypot(y - v, x - u)
        for k in range(30):
            far = np.minimum(far, far[:, k : k + 1] + far[k])
        found = reach.geodesic(lightness, [[4], [11, 27]])
        np.testing.assert_allclose(found[0], far[4], atol=1e-5)
        np.testing.assert_allclose(found[1], np.minimum(far[11], far[27]), atol=1e-5)

    def test_numbers_are_what_their_names_say(self) -> None:
        random = np.random.default_rng(5)
        scene = reach.scene(picture(random), guess, random)
        self.assertEqual((scene.width, scene.height), (24, 24))
        numbers = reach.numbers(scene, [0, 7])
        self.assertEqual(tuple(numbers.shape), (2, 24 * 24, len(reach.NUMBERS)))
        place = 100
        signature = scene.signature.float()
        best = max(scene.hints.places[7], key=lambda other: float(signature[:, other] @ signature[:, place]))
        unlike = (signature[:, best] - signature[:, place]).square().sum()
        row = numbers[1, place]
        self.assertAlmostEqual(float(row[0]), min(float(unlike) / 0.49, 4), places=2)
        self.assertAlmostEqual(float(row[1]), min(float(scene.hints.paths[7, place]) / 7, 4), places=5)
        self.assertAlmostEqual(
            float(row[4]), min(abs(float(scene.lightness[place] - scene.lightness[best])) / 20, 4), places=5
        )
        mean = reach.mean_color(scene.signature)
        self.assertAlmostEqual(
            float(row[7]), min(float((mean[place] - scene.hints.colors[7]).norm()) / 20, 4), places=4
        )

    def test_colors_of_hints_are_the_picture_s(self) -> None:
        random = np.random.default_rng(6)
        rgb = picture(random)
        lab = color.lab(color.linear(torch.from_numpy(rgb).permute(2, 0, 1)[None].float() / 255))[0]
        scene = reach.scene(rgb, guess, random)
        grid = torch.nn.functional.avg_pool2d(lab[None], reach.SCALE)[0, 1:].reshape(2, -1).T
        for index in range(scene.hints.regions, len(scene.hints.places)):
            torch.testing.assert_close(scene.hints.colors[index], grid[scene.hints.places[index][0]])

    def test_no_evidence_leaves_the_network_s_color(self) -> None:
        random = np.random.default_rng(7)
        scene = reach.scene(picture(random), guess, random)
        given = torch.full((scene.width * scene.height, 2), 50.0)
        nothing = torch.zeros(scene.width * scene.height)
        torch.testing.assert_close(reach.decoded(scene, given, nothing), scene.guess)
        torch.testing.assert_close(reach.decoded(scene, given, nothing + 1), given)

    def test_it_learns_what_hints_say(self) -> None:
        random = np.random.default_rng(8)
        scenes = [reach.scene(picture(random), guess, random) for _ in range(12)]
        untrained = float(reach.gains(reach.Reach(), scenes[:4], 3).mean())
        trained = float(reach.gains(reach.train(scenes[4:], steps=400), scenes[:4], 3).mean())
        self.assertGreater(trained, untrained + 0.1)
        self.assertGreater(trained, 0.5)

    def test_the_shipped_file_scores_its_examples(self) -> None:
        shipped = json.loads(SHIPPED.read_text())
        self.assertEqual(shipped["numbers"], list(reach.NUMBERS))
        self.assertEqual(shipped["largest"], reach.LARGEST)
        network = reach.Reach()
        for layers, name in ((network.pair, "pair"), (network.own, "own")):
            linear = [layer for layer in layers if isinstance(layer, torch.nn.Linear)]
            for layer, stored in zip(linear, shipped[name], strict=True):
                layer.weight.data.copy_(torch.tensor(stored["weight"]))
                layer.bias.data.copy_(torch.tensor(stored["bias"]))
        again = json.loads(json.dumps(reach.stored(network, shipped["source"])))
        self.assertEqual(again["pair"], shipped["pair"])
        np.testing.assert_allclose(again["examples"]["pairScores"], shipped["examples"]["pairScores"], rtol=1e-4)
        np.testing.assert_allclose(again["examples"]["ownScores"], shipped["examples"]["ownScores"], rtol=1e-4)


if __name__ == "__main__":
    unittest.main()
