"""The linear probe: features that tell the classes win, and nothing is found where there is nothing to find."""

import contextlib
import io
import math
import tarfile
import tempfile
import unittest
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from autochrome_training import data, export, loop, network, probe

from .pictures import write_scenes

# Mirror images of each other: no statistics of single lines of samples tell them apart.
MARK = np.array(
    [
        [1, 1, 1, 1, 1],
        [1, -1, -1, -1, -1],
        [1, 1, 1, -1, -1],
        [1, -1, -1, -1, -1],
        [1, -1, -1, -1, -1],
    ],
    np.float32,
)


class Finder(nn.Module):
    """An encoder that finds the mark and its mirror image, with its weights made by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(1, 2, 5, padding=2)
        with torch.no_grad():
            self.convolution.weight.copy_(torch.from_numpy(np.stack((MARK, MARK[:, ::-1]))[:, None].copy()))
            # The mark at its contrast in the normalized input gives 25 · 0.35.
            self.convolution.bias.fill_(-6.0)

    def encode(self, x: Tensor) -> list[Tensor]:
        return [torch.relu(self.convolution(x))]


def marked(random: np.random.Generator, mark: np.ndarray, side: int = 48) -> np.ndarray:
    """Noise with the mark at four places: uint8 RGB."""
    lightness = random.normal(0.5, 0.08, (side, side))
    for _ in range(4):
        y, x = random.integers(0, side - 5, 2)
        lightness[y : y + 5, x : x + 5] = 0.5 + 0.18 * mark
    return np.repeat((lightness.clip(0, 1) * 255).round().astype(np.uint8)[..., None], 3, axis=2)


class Probe(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        random = np.random.default_rng(5)
        for name, mark in (("plain", MARK), ("mirrored", MARK[:, ::-1])):
            (self.folder / "pictures" / name).mkdir(parents=True)
            for index in range(160):
                Image.fromarray(marked(random, mark)).save(self.folder / "pictures" / name / f"{index}.png")
        (self.folder / "pictures" / "few").mkdir()
        Image.fromarray(marked(random, MARK)).save(self.folder / "pictures" / "few" / "0.png")

    def read(self, **options: object) -> probe.Pictures:
        given = {"size": 48, "least": 100, "most": 1000} | options
        return probe.read([self.folder / "pictures"], **given)  # type: ignore[arg-type]

    def test_features_that_tell_the_classes_beat_random_ones_and_pixels(self) -> None:
        pictures = self.read()
        rows = {row.network: row for row in probe.measure({"finder": Finder()}, pictures, features=32)}
        self.assertEqual(list(rows), ["gray pixels", "finder, random weights", "finder, learned"])
        accuracies = {name: row.correct / row.total for name, row in rows.items()}
        print(f"probe: {accuracies}")
        self.assertEqual({row.total for row in rows.values()}, {80})
        self.assertGreater(accuracies["finder, learned"], 0.95)
        self.assertLess(accuracies["finder, random weights"], 0.8)
        self.assertLess(accuracies["gray pixels"], 0.7)
        self.assertEqual(rows["finder, learned"].features, 2 * 4 * 4)

    def test_nothing_is_found_where_labels_are_shuffled(self) -> None:
        pictures = probe.shuffled(self.read())
        self.assertEqual(sorted(pictures.labels.tolist()), sorted(self.read().labels.tolist()))
        *_, learned = probe.measure({"finder": Finder()}, pictures, features=32)
        low, high = probe.wilson(learned.correct, learned.total)
        self.assertLess(low, 50)
        self.assertGreater(high, 50)

    def test_pictures_are_read_by_their_folders(self) -> None:
        pictures = self.read(most=120)
        self.assertEqual(pictures.classes, ["mirrored", "plain"])
        self.assertEqual(pictures.labels.tolist(), [0] * 120 + [1] * 120)
        for label in (0, 1):
            self.assertEqual(int(pictures.held_out[pictures.labels == label].sum()), 30)
        self.assertEqual(pictures.inputs.shape, (240, 1, 48, 48))
        # L* of the luma: a gray of 128 has 53.6.
        Image.fromarray(np.full((60, 48, 3), 128, np.uint8)).save(self.folder / "gray.png")
        gray = data.middle_square(Image.open(self.folder / "gray.png"), 24, Image.Resampling.BILINEAR)
        self.assertEqual((gray.shape, gray.min(), gray.max()), ((24, 24, 3), 128, 128))
        # The same ones out of a tar file.
        with tarfile.open(self.folder / "pictures.tar", "w") as archive:
            archive.add(self.folder / "pictures", "pictures")
        other = probe.read([self.folder / "pictures.tar"], 48, 100, 120)
        self.assertTrue(torch.equal(other.inputs, pictures.inputs))
        with self.assertRaisesRegex(SystemExit, "fewer than 100 pictures are in few"):
            self.read(wanted=["few", "plain"])
        with self.assertRaisesRegex(SystemExit, "two folders or more"):
            self.read(least=1000)

    def test_the_regression_finds_the_minimum(self) -> None:
        torch.manual_seed(3)
        features, labels = torch.randn(60, 5), torch.randint(0, 3, (60,))
        weights, biases = probe.fit(features, labels, 3, 0.01)
        shares = (features @ weights + biases).softmax(1)
        rest = shares - torch.nn.functional.one_hot(labels, 3)
        torch.testing.assert_close(features.T @ rest / 60 + 0.01 * weights, torch.zeros(5, 3), atol=2e-4, rtol=0)
        torch.testing.assert_close(rest.mean(0), torch.zeros(3), atol=2e-4, rtol=0)

    def test_the_space_of_the_training_pictures_holds_the_solution(self) -> None:
        torch.manual_seed(8)
        labels = torch.arange(40) % 2
        features, others = torch.randn(40, 200) + 0.3 * labels[:, None], torch.randn(10, 200)
        axes = probe.spanned(features)
        self.assertEqual(axes.shape, (200, 40))
        torch.testing.assert_close(axes.T @ axes, torch.eye(40), atol=1e-4, rtol=0)
        (wide, first), (few, second) = probe.fit(features, labels, 2, 0.1), probe.fit(features @ axes, labels, 2, 0.1)
        torch.testing.assert_close(others @ wide + first, others @ axes @ few + second, atol=2e-3, rtol=1e-2)
        self.assertGreater(float((others @ wide).abs().max()), 0.1)

    def test_intervals_are_wilson_s(self) -> None:
        # The shares whose own deviation reaches the observed one.
        for correct, total in ((3, 10), (0, 7), (40, 40), (123, 400)):
            low, high = probe.wilson(correct, total)
            self.assertLess(low, high)
            for share in (low / 100, high / 100):
                if not 1e-9 < share < 1 - 1e-9:
                    self.assertIn(correct, (0, total))
                    continue
                deviation = abs(correct / total - share) / math.sqrt(share * (1 - share) / total)
                self.assertAlmostEqual(deviation, 1.95996, 4)

    def test_networks_are_read_from_checkpoints_and_models(self) -> None:
        write_scenes(self.folder / "scenes", 30, seed=1)
        data.prepare([self.folder / "scenes"], self.folder / "pool", 64, [])
        recipe = loop.Recipe("tiny", "class", pictures=16, batch=8, crops=[[0, 64, 0.75, 1.5]], warmup=1)
        checkpoint, model = self.folder / "tiny.pt", self.folder / "tiny.onnx"
        with contextlib.redirect_stdout(io.StringIO()):
            loop.train(recipe, self.folder / "pool", checkpoint)
            export.export(checkpoint, model)
        inputs = torch.rand(4, 1, 64, 64, generator=torch.Generator().manual_seed(2)) * 2 - 1
        first, second = probe.restore(checkpoint, inputs), probe.restore(model, inputs)
        self.assertIsInstance(second, network.Colorizer)
        for one, other in zip(probe.encoded(first, inputs), probe.encoded(second, inputs), strict=True):
            torch.testing.assert_close(one, other, atol=2e-2, rtol=2e-2)
        random = probe.randomized(first, inputs, seed=1)
        differences = [
            float((one - other).abs().mean())
            for one, other in zip(probe.encoded(first, inputs), probe.encoded(random, inputs), strict=True)
        ]
        self.assertGreater(min(differences), 0.02)
        # The given network stays as it was.
        self.assertTrue(
            torch.equal(probe.encoded(first, inputs)[0], probe.encoded(probe.restore(checkpoint, inputs), inputs)[0])
        )


if __name__ == "__main__":
    unittest.main()
