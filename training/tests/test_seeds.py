"""The systems of the literature: their objectives against their formulas, and the way from pictures to our engine."""

import contextlib
import io
import json
import math
import os
import subprocess
import tempfile
import unittest
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import ClassVar
from unittest import mock

import numpy as np
import torch
from torch import Tensor, nn

from autochrome_training import classifier, data, encoding, loop
from autochrome_training.pretrained import VARIANTS
from autochrome_training.seeds import (
    adversary,
    answers,
    exporting,
    figures,
    networks,
    objectives,
    sampling,
    sampling_loop,
    systems,
)

from .pictures import write_scenes

AUTOCHROME = os.environ.get("AUTOCHROME", str(Path(__file__).parents[2] / ".build/release/autochrome"))


def truth(*, count: int = 2, side: int = 8, seed: int = 5) -> objectives.Truth:
    rgb = torch.rand(count, 3, side, side, generator=torch.Generator().manual_seed(seed))
    return objectives.Truth.of(rgb, rgb)


class Answers(unittest.TestCase):
    def test_uv_and_back(self) -> None:
        from autochrome_training import color

        rgb = torch.rand(2, 3, 6, 5, generator=torch.Generator().manual_seed(1))
        luma = (torch.tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1) * rgb).sum(1, keepdim=True)
        lightness = (color.lightness(color.linear(luma)) - 50) / 50
        ab = answers.ab_of_uv(answers.uv(rgb), lightness)
        torch.testing.assert_close(ab, color.chroma(color.linear(rgb)), atol=0.3, rtol=0)

    def test_the_code_of_a_lightness(self) -> None:
        from autochrome_training import color

        code = torch.rand(1, 1, 4, 4, generator=torch.Generator().manual_seed(2))
        lightness = (color.lightness(color.linear(code)) - 50) / 50
        torch.testing.assert_close(answers.gray(lightness), code, atol=1e-4, rtol=0)

    def test_hue_and_chroma(self) -> None:
        """Against the definition, written out for each place."""
        logits = torch.randn(1, 64, 3, 4, generator=torch.Generator().manual_seed(3)) * 3
        found = answers.ab_of_huechroma(logits)
        for y in range(3):
            for x in range(4):
                values = logits[0, :, y, x].double().numpy()
                hue, chroma = (np.exp(part) / np.exp(part).sum() for part in (values[:32], values[32:]))
                mean = (hue * np.exp(1j * 2 * np.pi * (np.arange(32) + 0.5) / 32)).sum()
                median = np.interp(0.5, chroma.cumsum() - chroma / 2, 4.0 * np.arange(32) + 2)
                expected = median * min(1, abs(mean) / 0.03) * mean / abs(mean)
                self.assertAlmostEqual(float(found[0, 0, y, x]), expected.real, places=2)
                self.assertAlmostEqual(float(found[0, 1, y, x]), expected.imag, places=2)


class Objectives(unittest.TestCase):
    def context(self, **options: float) -> objectives.Context:
        prior = np.ones(313) / 313
        return objectives.Context(encoding.Encoder(prior, 0.5, torch.device("cpu")), options)

    def test_hue_and_chroma(self) -> None:
        true = truth()
        logits = torch.randn(2, 64, 8, 8, generator=torch.Generator().manual_seed(4))
        found = float(objectives.hue_chroma(logits, true, self.context(hue=5.0)))
        total = 0.0
        for n in range(2):
            for y in range(8):
                for x in range(8):
                    a, b = true.ab[n, :, y, x].double().numpy()
                    values = logits[n, :, y, x].double().numpy()
                    hue, chroma = (part - np.log(np.exp(part).sum()) for part in (values[:32], values[32:]))
                    length = math.hypot(a, b)
                    place = min(max(length / 4 - 0.5, 0), 31)
                    low = int(place)
                    entropy = -(1 - place + low) * chroma[low] - (place - low) * chroma[min(low + 1, 31)]
                    angle = math.atan2(b, a) / (2 * math.pi) * 32 - 0.5
                    low = math.floor(angle)
                    circular = -(1 - angle + low) * hue[low % 32] - (angle - low) * hue[(low + 1) % 32]
                    total += entropy + 5 * length / 110 * circular
        self.assertAlmostEqual(found, total / 128, places=3)

    def test_what_is_wrong_over_an_area_counts_more_than_dots(self) -> None:
        true = truth(side=16)
        dots, area = true.uv.clone(), true.uv.clone()
        dots[..., ::2, ::2] += 0.2
        area[..., :8, :8] += 0.2
        plain = [float(objectives.squared_uv(part, true, self.context())) for part in (dots, area)]
        self.assertAlmostEqual(plain[0], plain[1], places=5)
        blurred = [float(objectives.blurred_uv(part, true, self.context())) for part in (dots, area)]
        even = true.uv + 0.2
        self.assertAlmostEqual(
            float(objectives.blurred_uv(even, true, self.context())), math.sqrt(2 * 0.04 + 1e-6), places=3
        )
        self.assertLess(blurred[1], float(objectives.blurred_uv(even, true, self.context())))

    def test_losses_in_turn(self) -> None:
        true = truth()
        output = torch.rand(2, 2, 8, 8, generator=torch.Generator().manual_seed(6))
        context = self.context(period=10.0)
        squares = 0.5 * (output - true.uv).square().sum(1).mean()
        entropy = -(true.uv * output.log() + (1 - true.uv) * (1 - output).log()).mean()
        for step, expected in ((0, squares), (9, squares), (10, entropy), (19, entropy), (20, squares)):
            found = objectives.alternating_uv(output, true, replace(context, step=step))
            self.assertAlmostEqual(float(found), float(expected), places=3, msg=str(step))

    def test_blocks_of_one_color_cost_nothing_more(self) -> None:
        true = objectives.Truth(torch.zeros(1, 2, 8, 8), torch.full((1, 2, 8, 8), 0.5))
        even = torch.randn(1, 313, 1, 1, generator=torch.Generator().manual_seed(7)).expand(1, 313, 8, 8)
        context = self.context(uniform=1.0)
        plain = float(objectives.loss_of("class")(even, true, context))
        self.assertAlmostEqual(float(objectives.block(even, true, context)), plain, places=4)
        mixed = even.clone()
        mixed[..., ::2] = mixed[..., ::2].roll(100, 1)
        plain = float(objectives.loss_of("class")(mixed, true, context))
        self.assertGreater(float(objectives.block(mixed, true, context)), plain + 0.1)

    def test_the_truth_costs_least(self) -> None:
        """The gap is never below 0, is 0 where the truth is the answer, and the sweeps find the least place."""
        torch.manual_seed(8)
        network = networks.Quadratic(2, 0.5).eval()
        inputs = torch.randn(1, 1, 32, 32)
        with torch.no_grad():
            wanted, own, pairs = network.terms(inputs)
            best = network.least(wanted, own, pairs)
            least = float(network.cost(best, wanted, own, pairs))
            for _ in range(20):
                other = best + 0.05 * torch.randn_like(best)
                self.assertLess(least, float(network.cost(other, wanted, own, pairs)))
            direct = self.solved(wanted, own, pairs)
            torch.testing.assert_close(best, direct, atol=2e-3, rtol=0)
        true = objectives.Truth(110 * torch.rand(1, 2, 8, 8) - 50, torch.zeros(1, 2, 8, 8))
        context = self.context(margin=0.4)
        self.assertGreater(float(objectives.learch(network, inputs, true, context)), 0)
        answered = objectives.Truth(best.detach() * 110, true.uv)
        self.assertLess(
            float(objectives.learch(network, inputs, answered, context)),
            float(objectives.learch(network, inputs, true, context)),
        )

    def solved(self, wanted: Tensor, own: Tensor, pairs: Tensor) -> Tensor:
        """The least place of E by a dense solver."""
        height, width = wanted.shape[-2:]
        matrix = np.zeros((height * width,) * 2)
        for y in range(height):
            for x in range(width):
                place = y * width + x
                matrix[place, place] += float(own[0, 0, y, x])
                for other, weight in ((place + 1, pairs[0, 0, y, x]), (place + width, pairs[0, 1, y, x])):
                    if other < height * width and float(weight):
                        value = float(weight)
                        matrix[place, place] += value
                        matrix[other, other] += value
                        matrix[place, other] -= value
                        matrix[other, place] -= value
        right = (own * wanted)[0].flatten(1).double().numpy()
        return torch.tensor(np.linalg.solve(matrix, right.T).T.reshape(1, 2, height, width), dtype=torch.float32)


class Adversaries(unittest.TestCase):
    def test_the_penalty_of_a_linear_critic(self) -> None:
        weights = torch.randn(3 * 16, generator=torch.Generator().manual_seed(9))

        class Linear(nn.Module):
            def forward(self, picture: Tensor) -> Tensor:
                return picture.flatten(1) @ weights

        real, made = torch.randn(4, 3, 4, 4), torch.randn(4, 3, 4, 4)
        found = adversary.gradient_penalty(Linear(), real, made)
        self.assertAlmostEqual(float(found), (float(weights.norm()) - 1) ** 2, places=3)

    def test_each_tells_real_from_made_and_can_be_fooled(self) -> None:
        for kind in adversary.KINDS:
            with self.subTest(kind):
                torch.manual_seed(10)
                chosen = adversary.Adversary(kind, channels=8, rate=1e-3, margin=0.5)
                judge = adversary.discriminator(chosen)
                optimizer = adversary.optimizer(chosen, judge)
                wins = []
                for _ in range(60):
                    real = torch.randn(8, 3, 32, 32) * 0.1 + torch.tensor([0, 0.5, -0.5]).view(1, 3, 1, 1)
                    made = torch.randn(8, 3, 32, 32) * 0.1
                    loss, right = adversary.judged(chosen, judge, real, made)
                    optimizer.zero_grad()
                    loss.backward()
                    optimizer.step()
                    adversary.bound(chosen, judge)
                    wins.append(right)
                self.assertGreater(np.mean(wins[-10:]), 0.8, wins)
                judge.eval().requires_grad_(False)
                made = torch.zeros(8, 3, 32, 32, requires_grad=True)
                told = adversary.fooling(chosen, judge, made)
                (gradient,) = torch.autograd.grad(told, made)
                step = made.detach() - 0.02 * gradient.sign()
                self.assertLess(float(adversary.fooling(chosen, judge, step)), float(told))
                if kind == "wgan":
                    largest = max(float(value.abs().max()) for value in judge.parameters())
                    self.assertLessEqual(largest, chosen.clip + 1e-6)

    def test_a_discriminator_that_wins_waits(self) -> None:
        balance, chosen = adversary.Balance(), adversary.Adversary("dcgan")
        for _ in range(200):
            balance.update(1.0)
        self.assertTrue(balance.waits(chosen))
        self.assertEqual(balance.skipped, 1)
        self.assertFalse(balance.waits(adversary.Adversary("wgan")))
        for _ in range(100):
            balance.waits(chosen)
        self.assertFalse(balance.waits(chosen))

    def test_divergence_is_told(self) -> None:
        balance = adversary.Balance()
        with self.assertRaisesRegex(adversary.DivergedError, "nan"):
            balance.follow(math.nan, 0)
        chosen = adversary.Adversary("dcgan")
        for _ in range(150):
            balance.waits(chosen)
            balance.follow(1.0, 0.7)
        with self.assertRaisesRegex(adversary.DivergedError, "rose"):
            for _ in range(300):
                balance.follow(10.0, 0.7)

    def test_unknown_kinds(self) -> None:
        with self.assertRaisesRegex(SystemExit, "lsgan"):
            adversary.Adversary("softgan")


class Sampling(unittest.TestCase):
    def network(self, gated: bool = False, refines: bool = True) -> sampling.Autoregressive:
        torch.manual_seed(11)
        return sampling.Autoregressive(16, 2, gated, refines).eval()

    def test_levels_and_values(self) -> None:
        rgb = torch.rand(1, 3, 9, 7, generator=torch.Generator().manual_seed(12))
        chosen = sampling.levels(rgb)
        back = sampling.values(chosen) / 2
        red, green, blue = rgb.unbind(1)
        luma = 0.299 * red + 0.587 * green + 0.114 * blue
        for channel, wanted in enumerate(((red - luma) / 1.402, (blue - luma) / 1.772)):
            self.assertLessEqual(float((back[:, channel] - wanted).abs().max()), 0.5 / 32 + 1e-6)

    def test_no_place_sees_what_follows(self) -> None:
        random = np.random.default_rng(13)
        for gated in (False, True):
            network = self.network(gated)
            chosen = torch.from_numpy(random.integers(0, 32, (1, 2, 9, 11)))
            condition = torch.randn(1, 16, 9, 11)
            for _ in range(6):
                y, x = int(random.integers(9)), int(random.integers(11))
                changed = chosen.clone()
                later = torch.arange(99).view(9, 11) >= y * 11 + x
                changed[0, :, later] = torch.from_numpy(random.integers(0, 32, (2, int(later.sum()))))
                with torch.no_grad():
                    before = network.logits(condition, sampling.values(chosen))
                    after = network.logits(condition, sampling.values(changed))
                self.assertEqual(float((before[0] - after[0]).abs().amax(1)[0].flatten()[: y * 11 + x + 1].max()), 0)
                earlier = (before[1] - after[1]).abs().amax(1)[0].flatten()[: y * 11 + x]
                self.assertEqual(float(earlier.max()) if len(earlier) else 0.0, 0)
                # Cb sees Cr of its own place.
                only = chosen.clone()
                only[0, 0, y, x] = (only[0, 0, y, x] + 9) % 32
                with torch.no_grad():
                    seen = network.logits(condition, sampling.values(only))[1][0, :, y, x]
                self.assertGreater(float((seen - before[1][0, :, y, x]).abs().max()), 0)

    def test_plain_convolutions_are_the_same(self) -> None:
        network = self.network()
        inputs, chroma = torch.randn(1, 1, 24, 32), torch.rand(1, 2, 6, 8) * 2 - 1
        with torch.no_grad():
            for one, other in zip(network(inputs, chroma), exporting.unmasked(network)(inputs, chroma), strict=True):
                torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-5)

    def test_numbers_are_those_of_splitmix(self) -> None:
        """The first numbers of the published generator at seed 0."""
        expected = [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]
        found = sampling.uniform(0, 0, np.arange(3))
        np.testing.assert_array_equal(found, [(value >> 11) * 2.0**-53 for value in expected])
        self.assertNotEqual(sampling.uniform(0, 1, np.arange(1))[0], found[0])

    def test_draws_follow_the_distribution(self) -> None:
        logits = np.array([0.0, 1.0, -1.0, 2.0])
        shares = np.exp(logits) / np.exp(logits).sum()
        numbers = sampling.uniform(7, 0, np.arange(4000))
        counts = Counter(sampling.drawn(logits, number, 1.0) for number in numbers)
        statistic = sum((counts[level] - 4000 * share) ** 2 / (4000 * share) for level, share in enumerate(shares))
        self.assertLess(statistic, 16.3, counts)  # χ² of 3 degrees, 0.1 %
        self.assertEqual({sampling.drawn(logits, number, 1e-3) for number in numbers[:50]}, {3})

    def test_samples_depend_on_the_seed_alone(self) -> None:
        network = self.network(refines=False)
        inputs = torch.randn(1, 1, 16, 20)
        first, likelihood = sampling.sampled(network, inputs, seed=3)
        again, _ = sampling.sampled(network, inputs, seed=3)
        other, _ = sampling.sampled(network, inputs, seed=4)
        np.testing.assert_array_equal(first, again)
        self.assertTrue((first != other).any())
        with torch.no_grad():
            nats = sampling.likelihood(network, inputs, torch.from_numpy(first)[None])
        self.assertAlmostEqual(likelihood, -float(nats) * first.size, places=2)


class Shown(nn.Module):
    """A PixelCNN whose colors are what was drawn, one color for each level: a and b of −20 … 20 at the full size."""

    RANGE = 20.0

    def __init__(self, network: sampling.Autoregressive) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor, chroma: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        first, second = self.network.logits(self.network.condition(x), chroma)
        drawn = nn.functional.interpolate(chroma, scale_factor=float(sampling.GRID), mode="nearest")
        # The order of a and b is that of Cr and Cb. It depends on L in name alone, so that L stays an input.
        return self.RANGE * drawn + 0 * x, first, second


class SamplesOfTheProgram(unittest.TestCase):
    def test_they_are_those_of_the_plain_loop(self) -> None:
        from PIL import Image

        from autochrome_training import color, export

        torch.manual_seed(15)
        network = sampling.Autoregressive(16, 2, gated=True, refines=False).eval()
        with torch.no_grad():
            for head in (network.cr[-1], network.cb[-1]):
                head.weight.mul_(8)
        network = export.rounded(export.folded(exporting.unmasked(network))).eval()
        height, width = 40, 48
        rows, columns = np.mgrid[0:height, 0:width]
        code = (128 + 25 * np.sin(rows / 5) + 20 * np.cos(columns / 7)).round().astype(np.uint8)
        lightness = color.lightness(color.linear(torch.from_numpy(code)[None, None].float() / 255))
        inputs = (lightness - 50) / 50
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            Image.fromarray(code).save(folder / "gray.png")
            grid = {2: "rows", 3: "columns"}
            with contextlib.redirect_stdout(io.StringIO()):
                export.write(
                    Shown(network).eval(),
                    folder / "shown.onnx",
                    {"L": torch.zeros(1, 1, 64, 64), "chroma": torch.zeros(1, 2, 16, 16)},
                    ["ab", "first", "second"],
                    {"L": {2: "h", 3: "w"}, "ab": {2: "h", 3: "w"}}
                    | dict.fromkeys(("chroma", "first", "second"), grid),
                    {
                        "output": "ab",
                        "stride": "4",
                        "scale": "1",
                        "temperature": "1",
                        "sampler": "chroma",
                        "levels": str(sampling.LEVELS),
                        "sampler-scale": str(sampling.GRID),
                        "sampler-outputs": "first second",
                    },
                )
            command = [AUTOCHROME, folder / "gray.png", "-o", folder / "color.png", "--model", folder / "shown.onnx"]
            command += ["--size", "64", "--refine", "bilinear", "--pixel-format", "rgb48be", "--bars", "none"]
            command += ["--seed", "9", "--samples", "2", "--precision", "fp32"]
            run = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
            self.assertEqual(run.returncode, 0, run.stderr)
            found = [self.levels(folder / f"color-{sample}.png") for sample in (1, 2)]
        for sample, levels in enumerate(found):
            expected, _ = sampling.sampled(network, inputs, seed=9, sample=sample)
            np.testing.assert_array_equal(levels, expected)
            self.assertGreater(len(np.unique(expected)), 8)
        self.assertGreater(int((found[0] != found[1]).sum()), 20)

    def levels(self, path: Path) -> np.ndarray:
        """What was drawn, from the middle of each position, (2, h, w)."""
        import skimage.color

        # Pillow reads 8 of the 16 bits.
        read = ["ffmpeg", "-nostdin", "-v", "error", "-i", str(path), "-f", "rawvideo", "-pix_fmt", "rgb48le", "-"]
        raw = subprocess.run(read, capture_output=True, check=True).stdout
        rgb = np.frombuffer(raw, "<u2").reshape(40, 48, 3) / 65535
        ab = skimage.color.rgb2lab(rgb)[2::4, 2::4, 1:].transpose(2, 0, 1)
        values = ab / Shown.RANGE
        return np.floor((values + 1) / 2 * sampling.LEVELS).clip(0, sampling.LEVELS - 1).astype(int)


class Figures(unittest.TestCase):
    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)
        write_scenes(self.folder / "pictures", 40, seed=3)
        torch.manual_seed(14)
        network = classifier.Classifier(VARIANTS["tiny-pretrained"], 5, 64, 16)
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.momentum = None  # The statistics of what it sees next, so that its features vary.
        with torch.no_grad():
            network.train()(torch.rand(16, 3, 64, 64) * 2 - 1)
        self.judge = figures.Judge(self.folder / "pictures", network)

    def test_the_distance_of_the_distributions(self) -> None:
        """0 from itself, |d|² after a shift by d, and less for pictures that are more alike."""
        self.assertAlmostEqual(self.judge.distance(self.folder / "pictures"), 0, places=4)
        features = self.judge.features(self.folder / "pictures")
        shift = 0.7 * self.judge.directions[0] - 0.2 * self.judge.directions[2]
        self.assertAlmostEqual(self.judge.apart(features + shift), 0.7**2 + 0.2**2, places=4)
        self.assertGreater(self.judge.gray, 1e-3)
        spread = self.judge.mean + 2 * (features - self.judge.mean)
        variances = torch.linalg.eigvalsh(torch.cov(((features - self.judge.mean) @ self.judge.directions.T).T))
        # Of normal distributions with one mean: Σ (2σ − σ)².
        self.assertAlmostEqual(self.judge.apart(spread), float(variances.sum()), places=3)

    def test_a_network_of_tiles_takes_as_many_as_cover_the_picture(self) -> None:
        said = json.dumps([{"milliseconds": 3.0}, {"milliseconds": 2.0}])
        work = figures.Work(*[Path()] * 5)
        recipes = systems.all_recipes()
        with mock.patch.object(figures.Work, "call", return_value=said) as call:
            self.assertEqual(figures.timed(work, Path("x.onnx"), recipes["liang"]), 25 * 2.0)
            self.assertIn("64x64", call.call_args.args)
            self.assertEqual(figures.timed(work, Path("x.onnx"), recipes["dahl"]), 2.0)
            self.assertIn("256x256", call.call_args.args)

    def test_the_table(self) -> None:
        row = {"auc": 90.0, "aucGain": 1.5, "rebalancedAUC": 66.0, "rebalancedAUCGain": -0.5, "psnr": 22.0}
        row |= {"deltaColorfulness": 7.0, "vividness": 1.0}
        gray = {"auc": 88.5, "rebalancedAUC": 66.5, "psnr": 21.0, "deltaColorfulness": 40.0}
        found = {
            "evaluation": {"gray": gray, "rows": [row, {**row, "vividness": 0.0}]},
            "frechet": 5.25,
            "gigaflops256": 1.25,
            "network_ms": 9.0,
            "picture_ms": 50.0,
            "pictures": 64000,
            "seconds": 600.0,
            "parameters": 2_000_000,
            "end": {},
        }
        recipes = systems.all_recipes()
        text = figures.table({"zhang": (recipes["zhang"], found), "pixcolor": (recipes["pixcolor"], found)}, 6.5)
        lines = text.splitlines()
        self.assertEqual({line.count("|") for line in lines}, {lines[0].count("|")})
        self.assertEqual(
            lines[3],
            "| zhang, vividness 1 | 64,000 | 10 | 2.00 | 90.00 | +1.50 | 66.00 | -0.50 | 22.00 | 7.0 | 5.25 | 1.25 "
            "| 9.0 |",
        )
        self.assertTrue(lines[4].startswith("| zhang, vividness 0 |"))
        self.assertIn("| 6.50 |", lines[2])
        names = ("yal-cic-l1", "yal-cic-l1-wgan-gp", "yal-pix2pix-l2-wgan-gp", "zhang")
        self.assertEqual(
            figures.grid({name: (recipes[name], found) for name in names}).splitlines(),
            [
                "| adversary | cic, l1 | pix2pix, l2 |",
                "| --- | --- | --- |",
                "| none | +1.50 / -0.50, 5.25 |  |",
                "| wgan-gp | +1.50 / -0.50, 5.25 | +1.50 / -0.50, 5.25 |",
            ],
        )
        self.assertEqual(figures.grid({"zhang": (recipes["zhang"], found)}), "")


class Recipes(unittest.TestCase):
    def test_all_are_read(self) -> None:
        recipes = systems.all_recipes()
        self.assertEqual(sum(name.startswith(("yal-cic", "yal-pix2pix")) for name in recipes), 28)
        self.assertEqual(recipes["yal-cic-l2-wgan"].adversary["kind"], "wgan")
        self.assertEqual(recipes["yal-pix2pix-l1"].adversary, {})
        for recipe in recipes.values():
            systems.loop_of(recipe).build(recipe, 3)
            if recipe.adversary:
                adversary.Adversary(**recipe.adversary)


class Road(unittest.TestCase):
    """Tiny twins of all systems: pictures → training → ONNX → our engine."""

    temporary: ClassVar[tempfile.TemporaryDirectory[str]]
    folder: ClassVar[Path]

    TWINS = (
        "block",
        "cheng",
        "dahl",
        "deshpande",
        "iizuka",
        "lal",
        "larsson",
        "liang",
        "pixcolor",
        "royer",
        "yal-cic-l1-lsgan",
        "yal-cic-l2-wgan-gp",
        "yal-pix2pix-l1-ebgan",
        "yal-pix2pix-l2-gan",
    )

    @classmethod
    def setUpClass(cls) -> None:
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = Path(cls.temporary.name)
        for name in ("land", "town"):
            write_scenes(cls.folder / f"pictures/{name}", 60, seed=len(name) + (name == "town"))
        data.prepare([cls.folder / "pictures"], cls.folder / "pool", 96, [])

    @classmethod
    def tearDownClass(cls) -> None:
        cls.temporary.cleanup()

    def trained(self, name: str) -> tuple[Path, loop.Progress]:
        recipe = systems.all_recipes()[name]
        samples = systems.samples(recipe)
        side = 64 if recipe.network in ("patches", "unet", "colorful") else 32
        recipe = replace(
            recipe,
            pictures=320 if samples else 160,
            batch=8,
            warmup=5,
            average=0.9,
            width=0.125 if recipe.network != "small" else 1.0,
            crops=[[0, side, 0.6, 1.0]],
            size=64,
        )
        checkpoint = self.folder / f"{name}.pt"
        with mock.patch.object(sampling_loop, "SHOWN", 1), contextlib.redirect_stdout(io.StringIO()):
            begun = systems.train(replace(recipe, pictures=8), self.folder / "pool", checkpoint, held_out=0.1)
            progress = systems.train(recipe, self.folder / "pool", checkpoint, held_out=0.1)
        self.assertEqual(progress.pictures, recipe.pictures)
        self.assertGreater(len(progress.history), len(begun.history))
        return checkpoint, progress

    def test_each_learns_and_the_engine_agrees(self) -> None:
        from onnx import load_tensor, numpy_helper

        for name in self.TWINS:
            with self.subTest(name):
                checkpoint, progress = self.trained(name)
                self.assertTrue(checkpoint.with_suffix(".png").exists())
                key = "bits per value" if name in ("pixcolor", "royer") else "training loss"
                first, last = (progress.history[index] for index in (0, -1))
                better = "auc" in last and last["auc"] > first["auc"]
                self.assertTrue(better or last[key] < 0.95 * first[key], progress.history)
                folder = self.folder / name
                (folder / "test_data_set_0").mkdir(parents=True)
                with contextlib.redirect_stdout(io.StringIO()):
                    exporting.write(checkpoint, folder / "model.onnx")
                network, recipe = exporting.deployed(checkpoint)
                random = torch.Generator().manual_seed(7)
                size = (64, 64) if name == "liang" else (64, 96)
                inputs = [torch.rand(1, 1, *size, generator=random) * 2 - 1]
                if systems.samples(recipe):
                    inputs.append(torch.rand(1, 2, 16, 24, generator=random) * 2 - 1)
                with torch.no_grad():
                    outputs = network(*inputs)
                outputs = outputs if isinstance(outputs, tuple) else (outputs,)
                for kind, tensors in (("input", inputs), ("output", outputs)):
                    for index, tensor in enumerate(tensors):
                        path = folder / f"test_data_set_0/{kind}_{index}.pb"
                        path.write_bytes(numpy_helper.from_array(tensor.numpy()).SerializeToString())
                result = self.verify(folder)
                self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
                # The comparison must be able to fail.
                path = folder / "test_data_set_0/output_0.pb"
                values = numpy_helper.to_array(load_tensor(str(path))).copy()
                values[0, 0, 3, 3] += 0.02 * (1 + np.abs(values).max())
                path.write_bytes(numpy_helper.from_array(values).SerializeToString())
                self.assertNotEqual(self.verify(folder).returncode, 0)

    def verify(self, folder: Path) -> subprocess.CompletedProcess:
        return subprocess.run(
            [AUTOCHROME, "model", "verify", str(folder), "--precision", "fp32"],
            capture_output=True,
            text=True,
            check=False,
        )


if __name__ == "__main__":
    unittest.main()
