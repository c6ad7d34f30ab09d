import contextlib
import io
import json
import subprocess
import sys
import tempfile
import unittest
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import torch

from autochrome_training import data, encoding, export, loop, network, objective, optimizer, student

from .pictures import write_scenes

RECIPES = Path(__file__).parent.parent / "recipes"


class Objectives(unittest.TestCase):
    """Each against its formula, written out, at random positions."""

    def setUp(self) -> None:
        random = torch.Generator().manual_seed(3)
        self.ab = torch.rand(40, 2, generator=random) * 120 - 60
        self.logits = torch.randn(40, 313, generator=random)
        self.colors = torch.randn(40, 2, generator=random)
        prior = np.random.default_rng(3).dirichlet(np.ones(313))
        self.balance = encoding.rebalancing(prior, 0.5)
        self.encoder = encoding.Encoder(prior, 0.5, torch.device("cpu"))
        bins, weights = encoding.soft_encode(self.ab.round().double().numpy())
        logarithms = torch.log_softmax(self.logits.double(), 1).numpy()
        self.entropies = np.array([-(weights[i] * logarithms[i, bins[i]]).sum() for i in range(40)])
        self.nearest = bins[:, 0]

    def loss(self, name: str, **options: float) -> float:
        channels, function = objective.OBJECTIVES[name]
        output = self.logits if channels == 313 else self.colors
        return float(function(output, self.ab, self.encoder, options))

    def test_class(self) -> None:
        self.assertAlmostEqual(self.loss("class"), self.entropies.mean(), places=4)

    def test_class_rebalanced(self) -> None:
        expected = (self.balance[self.nearest] * self.entropies).mean()
        self.assertAlmostEqual(self.loss("class-rebalanced"), expected, places=4)
        self.assertNotAlmostEqual(expected, self.entropies.mean(), places=2)

    def test_both_ends(self) -> None:
        natural = torch.log_softmax(self.logits.double() - torch.tensor(self.balance).log(), 1).numpy()
        bins, weights = encoding.soft_encode(self.ab.round().double().numpy())
        plain = np.mean([-(weights[i] * natural[i, bins[i]]).sum() for i in range(40)])
        tilted = (self.balance[self.nearest] * self.entropies).mean()
        self.assertAlmostEqual(self.loss("both-ends", rebalanced=0), plain, places=4)
        self.assertAlmostEqual(self.loss("both-ends", rebalanced=0.25), 0.25 * tilted + 0.75 * plain, places=4)

    def test_focal_mask(self) -> None:
        mask = 1 / (1 + 10 * np.exp(-5 * self.entropies / self.entropies.max()))
        expected = (mask * self.entropies).sum() / mask.sum()
        self.assertAlmostEqual(self.loss("focal-mask", alpha=10, beta=5), expected, places=4)
        self.assertAlmostEqual(self.loss("focal-mask", alpha=0, beta=5), self.entropies.mean(), places=4)

    def test_focal(self) -> None:
        """Against the sum over the bins, and the cross entropy where gamma is 0."""
        bins, weights = encoding.soft_encode(self.ab.round().double().numpy())
        shares = torch.softmax(self.logits.double(), 1).numpy()
        expected = np.mean(
            [-(weights[i] * (1 - shares[i, bins[i]]) ** 2 * np.log(shares[i, bins[i]])).sum() for i in range(40)]
        )
        self.assertAlmostEqual(self.loss("focal", gamma=2), expected, places=4)
        self.assertAlmostEqual(self.loss("focal", gamma=0), self.entropies.mean(), places=4)

    def test_distances(self) -> None:
        difference = (self.colors - self.ab / 110).double().numpy()
        squares = (difference**2).sum(1)
        self.assertAlmostEqual(self.loss("l2"), squares.mean() / 2, places=4)
        self.assertAlmostEqual(self.loss("l1"), np.sqrt(squares).mean(), places=3)

    def test_distillation_is_least_where_student_and_teacher_agree(self) -> None:
        advice = torch.softmax(self.logits, 1)
        agreed = float(student.distillation(self.logits, advice, None))
        self.assertLess(agreed, float(student.distillation(self.logits.roll(1, 0), advice, None)))
        balance = self.encoder.balance
        agreed = float(student.distillation(self.logits + balance.log(), advice, balance))
        self.assertLess(agreed, float(student.distillation(self.logits, advice, balance)))

    def test_distillation_is_the_mean_over_the_ends_of_the_dial(self) -> None:
        advice = torch.softmax(self.logits.flip(0).double(), 1)
        balance = torch.tensor(self.balance)
        expected = np.mean(
            [
                -(wanted * torch.log_softmax(given, 1)).sum(1).mean().item()
                for given, wanted in (
                    (self.logits.double() - balance.log(), advice),
                    (self.logits.double(), advice * balance),
                )
            ]
        )
        self.assertAlmostEqual(
            float(student.distillation(self.logits, advice.float(), self.encoder.balance)), expected, 4
        )


class Networks(unittest.TestCase):
    def test_sizes_keep_their_budgets(self) -> None:
        for name, limit in (("autochrome", 4.35e9), ("autochrome-fast", 2.31e9), ("dense", 2.5e9)):
            built = network.build(name, 313)
            self.assertLessEqual(2 * network.multiply_adds(built), limit, name)
            self.assertLessEqual(2 * sum(value.numel() for value in built.parameters()), 16e6)

    def test_positions_are_those_of_the_whole_output(self) -> None:
        for name in ("tiny", "tiny-pretrained", "eccv16"):
            built = network.build(name, 313).eval()
            inputs = torch.randn(2, 1, 32, 64)
            positions = torch.tensor([0, 5, 17])
            with torch.no_grad():
                whole = built(inputs)
                self.assertEqual(whole.shape, (2, 313, 8, 16))
                part = student.at_positions(built, inputs, positions)
            expected = whole.flatten(2)[:, :, positions].permute(0, 2, 1).reshape(-1, 313)
            torch.testing.assert_close(part, expected, atol=1e-4, rtol=1e-4)

    def test_folding_changes_nothing(self) -> None:
        for name in ("tiny", "tiny-pretrained", "eccv16"):
            built = network.build(name, 313)
            built.train()
            for _ in range(3):
                built(torch.randn(4, 1, 32, 32))
            for module in built.modules():
                if isinstance(module, torch.nn.BatchNorm2d):
                    module.weight.data.uniform_(0.5, 1.5)
            built.eval()
            inputs = torch.randn(1, 1, 64, 32)
            with torch.no_grad():
                torch.testing.assert_close(export.folded(built)(inputs), built(inputs), atol=1e-3, rtol=1e-3)


class Optimizing(unittest.TestCase):
    def test_a_matrix_becomes_nearly_orthogonal(self) -> None:
        random = torch.Generator().manual_seed(4)
        for rows, columns in ((24, 80), (80, 24), (16, 16)):
            matrix = torch.randn(rows, columns, generator=random)
            result = optimizer.orthogonalized(matrix)
            values = torch.linalg.svdvals(result)
            self.assertTrue(bool(((values > 0.5) & (values < 1.3)).all()), values)
            # U Vᵀ is the orthogonal matrix with the greatest inner product.
            u, _, v = torch.linalg.svd(matrix, full_matrices=False)
            self.assertGreater(float((result * (u @ v)).sum()), 0.75 * min(rows, columns))

    def test_each_weight_has_one_optimizer(self) -> None:
        for muon, kinds in ((False, ["AdamW"]), (True, ["AdamW", "Muon"])):
            built = network.build("tiny", 313)
            chosen = optimizer.optimizers(built, 1e-3, 0.01, muon)
            self.assertEqual([type(one).__name__ for one in chosen], kinds)
            held = [id(value) for one in chosen for group in one.param_groups for value in group["params"]]
            self.assertEqual(sorted(held), sorted(map(id, built.parameters())))
        inner = {id(value) for group in chosen[1].param_groups for value in group["params"]}
        self.assertNotIn(id(built.head.weight), inner)
        self.assertNotIn(id(built.stem[0].weight), inner)
        self.assertIn(id(built.d1[0].weight), inner)

    def test_it_finds_a_linear_map(self) -> None:
        random = torch.Generator().manual_seed(5)
        wanted = torch.randn(12, 8, generator=random)
        weight = torch.nn.Parameter(torch.zeros(12, 8))
        muon = optimizer.Muon([weight], lr=0.1, weight_decay=0.0)
        for step in range(300):
            muon.param_groups[0]["lr"] = 0.3 * (1 - step / 300)
            inputs = torch.randn(64, 8, generator=random)
            weight.grad = None
            (inputs @ (weight - wanted).T).square().mean().backward()
            muon.step()
        self.assertLess(float((weight.detach() - wanted).abs().max()), 0.05)


class Loop(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        write_scenes(self.folder / "pictures", 40, seed=1)
        self.pool = self.folder / "pool"
        data.prepare([self.folder / "pictures"], self.pool, 64, [])
        self.recipe = loop.Recipe(
            "tiny", "class-rebalanced", pictures=64, batch=8, crops=[[0, 32, 0.75, 1.5]], warmup=2
        )

    def train(self, recipe: loop.Recipe, name: str, **options: Any) -> loop.Progress:
        with contextlib.redirect_stdout(io.StringIO()):
            return loop.train(recipe, self.pool, self.folder / name, **options)

    def test_resumes_where_it_stopped(self) -> None:
        first = self.train(self.recipe, "a.pt")
        self.assertEqual(first.pictures, 64)
        second = self.train(replace(self.recipe, pictures=96), "a.pt")
        self.assertEqual((second.pictures, len(second.history)), (96, 3))
        before = loop.load(self.folder / "a.pt")
        third = self.train(replace(self.recipe, pictures=96), "a.pt")
        self.assertEqual(third.pictures, 96)
        self.assertIsNone(third.history[-1]["training loss"])
        after = loop.load(self.folder / "a.pt")
        for name, value in before["weights"].items():
            torch.testing.assert_close(after["weights"][name], value, msg=name)

    def test_the_rate_falls_to_zero_at_the_end(self) -> None:
        recipe = replace(self.recipe, learning_rate=2.0, warmup=4)
        self.assertEqual([recipe.rate(0.0, step) for step in range(5)], [0.5, 1, 1.5, 2, 2])
        self.assertAlmostEqual(recipe.rate(0.5, 9), 1)
        late = replace(recipe, fall=0.2)
        self.assertEqual([late.rate(done, 9) for done in (0, 0.5, 0.8)], [2, 2, 2])
        self.assertAlmostEqual(late.rate(0.9, 9), 1)
        for one in (recipe, late):
            self.assertAlmostEqual(one.rate(1.0, 9), 0)

    def test_the_validation_ends_training(self) -> None:
        """Where the loss falls no more the rate begins to, after `patience` measures and over its part
        of the budget."""
        self.enterContext(mock.patch.object(loop.Validation, "measure", lambda *_: {"loss": 1.0, "auc": 90.0}))
        recipe = replace(self.recipe, pictures=400, fall=0.2, measure_every=16)
        self.assertEqual(self.train(recipe, "whole.pt").pictures, 400)
        patient = replace(recipe, patience=3)
        progress = self.train(patient, "a.pt")
        self.assertEqual((progress.pictures, progress.end), (3 * 16 + 80, 3 * 16 + 80))
        self.assertEqual([row["pictures"] for row in progress.history][:5], [0, 16, 32, 48, 64])
        # What was stopped on the way ends where it would have.
        again = self.train(patient, "a.pt")
        self.assertEqual(again.pictures, 128)

    def test_progress_is_no_stall(self) -> None:
        def losses(*values: float) -> loop.Progress:
            return loop.Progress({}, history=[{"loss": value} for value in values])

        self.assertFalse(losses(3, 2.9, 2.8).stalled(2))
        self.assertFalse(losses(3, 2.8, 2.9, 2.7).stalled(2))
        self.assertFalse(losses(3, 2.8).stalled(2))
        self.assertTrue(losses(3, 2.8, 2.9, 2.81).stalled(2))
        self.assertFalse(losses(3, 3, 3, 3).stalled(0))

    def test_another_network_s_weights_are_the_start(self) -> None:
        self.train(self.recipe, "a.pt")
        start = export.read_weights(self.folder / "a.pt")
        fresh = network.build("tiny", 313)
        self.assertEqual(loop.adopt(fresh, start["weights"]), [])
        other = network.build("tiny", 2)
        self.assertEqual(loop.adopt(other, start["weights"]), ["head.bias", "head.weight"])

    def test_an_exported_model_is_the_start(self) -> None:
        self.train(replace(self.recipe, pictures=320), "a.pt")
        with contextlib.redirect_stdout(io.StringIO()):
            export.export(self.folder / "a.pt", self.folder / "a.onnx")
        start = export.read_weights(self.folder / "a.onnx")
        np.testing.assert_allclose(start["prior"], loop.load(self.folder / "a.pt")["prior"].numpy(), rtol=1e-4)
        taken = network.build("tiny", 313)
        inputs = torch.randn(16, 1, 64, 64, generator=torch.Generator().manual_seed(5))
        self.assertEqual(export.unfold(taken, start["weights"], inputs), [])
        with torch.no_grad():
            expected = export.deployed(loop.restore(self.folder / "a.pt"))(inputs)
            torch.testing.assert_close(taken.eval()(inputs), expected, atol=2e-3, rtol=2e-3)
            # Statistics of the batch equal the stored ones, so that training starts there, too.
            difference = (taken.train()(inputs) - expected).abs().mean()
            self.assertLess(float(difference), 0.02)
        progress = self.train(self.recipe, "b.pt", start=start)
        self.assertEqual(progress.pictures, 64)

    def test_what_is_not_folded_is_taken_as_it_is(self) -> None:
        """ECCV16's batch norm follows a ReLU; a regression is exported within another module."""
        torch.manual_seed(8)
        inputs = torch.randn(2, 1, 32, 32)
        for name, kind in (("eccv16", "class"), ("tiny", "l2")):
            built = network.build(name, objective.OBJECTIVES[kind][0])
            for module in built.modules():
                if isinstance(module, torch.nn.BatchNorm2d):
                    module.weight.data.uniform_(0.5, 1.5)
                    module.bias.data.uniform_(-0.5, 0.5)
            built.train()(inputs)
            path = self.folder / f"{name}.pt"
            recipe = replace(self.recipe, network=name, objective=kind)
            loop.save(path, built, loop.Progress(asdict(recipe)), np.full(313, 1 / 313))
            with contextlib.redirect_stdout(io.StringIO()):
                export.export(path, path.with_suffix(".onnx"))
            taken = network.build(name, objective.OBJECTIVES[kind][0])
            start = export.read_weights(path.with_suffix(".onnx"))
            self.assertEqual(export.unfold(taken, start["weights"], inputs), [])
            with torch.no_grad():
                expected, given = loop.restore(path)(inputs), taken.eval()(inputs)
            self.assertLess(float((given - expected).norm() / expected.norm()), 0.01, name)
            # Without one of its vectors a norm begins anew, and is named.
            if name == "eccv16":
                del start["weights"]["body.4.running_var"]
                self.assertEqual(export.unfold(taken, start["weights"], inputs), ["body.4"])

    def test_the_prior_is_that_of_what_is_drawn(self) -> None:
        pictures = np.zeros((200, 16, 16, 3), np.uint8)
        pictures[:100, ..., 0], pictures[100:, ..., 2] = 200, 200
        np.save(self.pool / "pictures.npy", pictures)
        (self.pool / "manifest.json").write_text(
            json.dumps({"kept": [{"name": f"{'red' if index < 100 else 'blue'}/{index}.png"} for index in range(200)]})
        )
        blue = loop.prior_of(data.Pool(self.pool, torch.device("cpu"), {"red": 0}))
        both = loop.prior_of(data.Pool(self.pool, torch.device("cpu"), {"red": 3}))
        self.assertAlmostEqual(float(blue.max()), 1)
        self.assertAlmostEqual(float(both[blue.argmax()]), 0.25, delta=0.06)

    def test_a_teacher_is_needed_and_used(self) -> None:
        self.train(self.recipe, "teacher.pt")
        teacher, recipe = self.folder / "teacher.pt", replace(self.recipe, distill=0.5)
        with self.assertRaisesRegex(SystemExit, "--teacher"):
            self.train(recipe, "a.pt")
        with self.assertRaisesRegex(SystemExit, "distill and hint are 0"):
            self.train(self.recipe, "a.pt", teacher=teacher)
        self.train(recipe, "a.pt", teacher=teacher)
        self.train(replace(recipe, distill=0.25), "b.pt", teacher=teacher)
        a, b = (loop.load(self.folder / name)["weights"]["head.weight"] for name in ("a.pt", "b.pt"))
        self.assertFalse(torch.equal(a, b))
        with self.assertRaisesRegex(SystemExit, "over the bins"):
            self.train(replace(recipe, objective="l2"), "c.pt", teacher=teacher)
        self.train(replace(self.recipe, objective="l2"), "ab.pt")
        with self.assertRaisesRegex(SystemExit, "ab.pt: learned l2"):
            self.train(recipe, "c.pt", teacher=self.folder / "ab.pt")

    def test_memory_that_is_freed_is_kept(self) -> None:
        program = (
            "import resource, sys, torch\n"
            "from autochrome_training import loop\n"
            "if sys.argv[1] == 'kept': loop.keep_memory()\n"
            "torch.set_num_threads(1)\n"
            "def faults(): return resource.getrusage(resource.RUSAGE_SELF).ru_minflt\n"
            "def use():\n"
            "    tensors = [torch.ones(32 << 20) for _ in range(2)]\n"
            "use()\n"
            "before = faults()\n"
            "for _ in range(4): use()\n"
            "print(faults() - before)\n"
        )
        plain, kept = (
            int(subprocess.run([sys.executable, "-c", program, way], check=True, capture_output=True, text=True).stdout)
            for way in ("plain", "kept")
        )
        self.assertGreater(plain, 400)
        self.assertLess(kept, plain / 4)

    def test_crops_are_mixed_in_the_share_that_the_recipe_wants(self) -> None:
        pool = data.Pool(self.pool, torch.device("cpu"))
        rgb = torch.rand(256, 3, 48, 48, generator=torch.Generator().manual_seed(2))
        for share in (0.0, 0.6):
            sampler = loop.Sampler(
                pool, replace(self.recipe, mixed=share), torch.Generator().manual_seed(3), torch.device("cpu")
            )
            mixed = sampler.mixed(rgb)
            own = (mixed == rgb).all(1).flatten(1).float().mean(1)
            other = (mixed == rgb.roll(1, 0)).all(1).flatten(1).float().mean(1)
            cut, double = (own > 0) & (other > 0.1), (own == 0) & (other == 0)
            self.assertAlmostEqual(float((own == 1).float().mean()), 1 - share, delta=0.12)
            self.assertAlmostEqual(float(cut.float().mean()), share / 2, delta=0.1)
            self.assertAlmostEqual(float(double.float().mean()), share / 2, delta=0.1)
            self.assertTrue(bool(((mixed >= 0) & (mixed <= 1)).all()))

    def test_every_recipe_is_understood(self) -> None:
        paths = sorted({*RECIPES.rglob("*.toml")} - {*RECIPES.glob("weights/*"), *RECIPES.glob("seeds/*")})
        self.assertGreaterEqual(len(paths), 8)
        for path in paths:
            recipe = loop.Recipe.read(path)
            network.build(recipe.network, objective.OBJECTIVES[recipe.objective][0])
        self.assertEqual(loop.Recipe.read(RECIPES / "autochrome.toml").sources["sports"], 0.35)

    def test_a_wrong_recipe_is_refused(self) -> None:
        path = self.folder / "wrong.toml"
        for text in (
            'network = "tiny"\nobjective = "guess"\npictures = 1',
            'network = "tiny"\nobjective = "class"\npictures = 1\nspeed = 2',
            'network = "tiny"\nobjective = "class"\npictures = 1\npatience = 2',
        ):
            path.write_text(text)
            with self.assertRaisesRegex(SystemExit, "wrong.toml"):
                loop.Recipe.read(path)


if __name__ == "__main__":
    unittest.main()
