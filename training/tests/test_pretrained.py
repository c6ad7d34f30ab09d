import contextlib
import io
import os
import socket
import tempfile
import unittest
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import torch
import torch.nn.functional as F

from autochrome_training import data, export, loop, network, optimizer, pretrained, student
from autochrome_training.film import Film

from .pictures import write_scenes

TINY = pretrained.VARIANTS["tiny-pretrained"]
PART = TINY.only(pretrained.Part("tiny-pretrained", ((0,), (0,), (0, 1), (0,), (0,), (0,), (0,)), (0, 0, 1)))
SMALLER = TINY.only(pretrained.Part("tiny-pretrained", ((0,), (0,), (0,), (0,), (0,), (0,), (0,)), (1, 0, 0)))


def published(variant: pretrained.Variant = TINY) -> dict[str, torch.Tensor]:
    """Weights as a package holds them: the encoder's tensors in order, of a network that sees R, G and
    B, then the classifier's."""
    torch.manual_seed(6)
    built = pretrained.Pretrained(variant, 313)
    given = {
        f"theirs.{name}": value for name, value in built.state_dict().items() if name.startswith(("stem.", "stages."))
    }
    given["theirs.stem.0.weight"] = torch.randn(variant.stem, 3, 3, 3)
    return given | {"_conv_head.weight": torch.zeros(1280, 352, 1, 1), "_fc.bias": torch.zeros(1000)}


class Encoding(unittest.TestCase):
    def test_it_takes_the_published_weights_in_their_order(self) -> None:
        for name in ("tiny-pretrained", "autochrome"):
            variant = pretrained.VARIANTS[name]
            built, given = pretrained.Pretrained(variant, 313), published(variant)
            fresh = built.head.weight.clone()
            built.adopt(given)
            taken = [
                key for key in built.state_dict() if key.startswith(("stem.", "stages.")) and "num_batches" not in key
            ]
            for key in taken[1:]:
                self.assertTrue(torch.equal(built.state_dict()[key], given[f"theirs.{key}"]), key)
            self.assertTrue(torch.equal(built.head.weight, fresh))
            # A gray picture's three channels are equal.
            gray = torch.randn(2, 1, 32, 32)
            torch.testing.assert_close(
                built.stem[0](gray),
                F.conv2d(gray.expand(-1, 3, -1, -1), given["theirs.stem.0.weight"], stride=2, padding=1),
                atol=1e-4,
                rtol=1e-4,
            )

    def test_weights_of_another_variant_are_refused(self) -> None:
        given = published()
        given["theirs.stages.3.0.body.2.0.weight"] = torch.zeros(80, 288, 1, 1)
        with self.assertRaisesRegex(SystemExit, "another variant"):
            pretrained.Pretrained(TINY, 313).adopt(given)

    def test_features_have_the_sizes_of_their_levels(self) -> None:
        built = pretrained.Pretrained(pretrained.VARIANTS["autochrome"], 313)
        taps = built.encode(torch.randn(2, 1, 64, 96))
        self.assertEqual(
            [tuple(tap.shape) for tap in taps], [(2, 24, 16, 24), (2, 48, 8, 12), (2, 120, 4, 6), (2, 352, 2, 3)]
        )

    def test_a_missing_package_is_named(self) -> None:
        with (
            mock.patch("importlib.import_module", side_effect=ModuleNotFoundError),
            self.assertRaisesRegex(SystemExit, "efficientnet_lite2.*requirements-published"),
        ):
            pretrained.published("autochrome")

    def test_units_are_left_out_more_often_the_deeper_they_lie(self) -> None:
        built = pretrained.Pretrained(TINY, 313)
        built.leave_out(0.4)
        units = [part for part in built.modules() if isinstance(part, pretrained.Inverted)]
        shares = [part.left_out for part in units]
        self.assertEqual((shares, shares[-1]), (sorted(shares), 0.4))
        unit = next(part for part in units if part.adds)
        unit.left_out = 0.25
        torch.manual_seed(2)
        # Every picture is the same and its own batch, so that batch norm does not tell them apart.
        x = torch.randn(1, unit.body[0][0].in_channels, 4, 4).expand(4000, -1, -1, -1)
        unit.train()
        added = (unit(x) - x).flatten(1)
        left_out = (added == 0).all(1)
        self.assertAlmostEqual(float(left_out.float().mean()), 0.25, delta=0.03)
        whole = unit.body(x).flatten(1)
        torch.testing.assert_close(added[~left_out], (whole / 0.75)[~left_out], atol=1e-4, rtol=1e-3)
        # Where it is used, it is whole.
        unit.eval()
        torch.testing.assert_close(unit(x[:2]), x[:2] + unit.body(x[:2]))


def shaped(variant: pretrained.Variant = TINY) -> pretrained.Pretrained:
    """A network whose batch norms do something, and whose answers differ from place to place."""
    torch.manual_seed(8)
    built = pretrained.Pretrained(variant, 313).train()
    for module in built.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
    torch.nn.init.normal_(built.head.weight, std=2)
    built(torch.randn(8, 1, 64, 64))
    return built.eval()


class Parts(unittest.TestCase):
    def test_a_part_answers_as_the_whole_without_the_units_that_it_lacks(self) -> None:
        for variant in (PART, SMALLER):
            whole, part = shaped(), pretrained.Pretrained(variant, 313).eval()
            self.assertEqual(loop.adopt(part, part.own(whole.state_dict())), [])
            kept = variant.part
            assert kept is not None
            for stage, units in zip(whole.stages, kept.stages, strict=True):
                for index, unit in enumerate(stage):
                    if index not in units:
                        stage[index] = torch.nn.Identity()
                        self.assertTrue(unit.adds)
            for merge, count in zip(whole.merge, kept.decoder, strict=True):
                for index in range(1 + count, len(merge)):
                    merge[index] = torch.nn.ReLU()
            inputs = torch.randn(2, 1, 64, 96)
            with torch.no_grad():
                torch.testing.assert_close(part(inputs), whole(inputs), atol=1e-5, rtol=1e-5)

    def test_its_own_weights_keep_their_names(self) -> None:
        part = shaped(PART)
        own = part.own(part.state_dict())
        self.assertEqual(own.keys(), part.state_dict().keys())

    def test_what_it_begins_with_is_named(self) -> None:
        with self.assertRaisesRegex(SystemExit, r"autochrome-fast begins with the weights of autochrome.*--start"):
            pretrained.published("autochrome-fast")

    def test_the_shipped_part_has_the_widths_of_the_whole(self) -> None:
        whole, part = (network.build(name, 313) for name in ("autochrome", "autochrome-fast"))
        self.assertEqual(loop.adopt(part, part.own(whole.state_dict())), [])
        self.assertLess(network.multiply_adds(part), 0.55 * network.multiply_adds(whole))


def train_together(rank: int, port: int, folder: str, recipe: loop.Recipe, minutes: float | None) -> None:
    """One of two processes that train together; fails if the encoder does not learn at its rate."""
    os.environ.update(RANK=str(rank), WORLD_SIZE="2", MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    torch.set_num_threads(1)
    made = []

    def noted(*arguments: Any) -> list[torch.optim.Optimizer]:
        made.extend(optimizer.optimizers(*arguments))
        return made

    with (
        mock.patch.object(loop, "published", lambda _: published()),
        mock.patch.object(loop, "optimizers", noted),
        mock.patch.object(loop.Validation, "measure", lambda *_: {"loss": 1.0, "auc": 90.0}),
        contextlib.redirect_stdout(io.StringIO()),
    ):
        # Their clocks differ: the second one's time is up long after the first one's.
        loop.train(
            recipe, Path(folder) / "pool", Path(folder) / "together.pt", minutes=minutes and minutes * (1 + 1000 * rank)
        )
    adam, muon = made
    plain = network.build(recipe.network, 313)
    encoder = plain.encoder_parameters()
    for group, wanted in (
        (2, [value for value in encoder if value.ndim > 1]),
        (3, [value for value in encoder if value.ndim == 1]),
    ):
        assert [value.shape for value in adam.param_groups[group]["params"]] == [value.shape for value in wanted]
        assert adam.param_groups[group]["lr"] == recipe.encoder_rate * adam.param_groups[0]["lr"] > 0
    assert plain.head.weight.shape in [value.shape for value in adam.param_groups[0]["params"]]
    assert len(muon.param_groups[0]["params"]) == sum(
        value.ndim > 1 for name, value in plain.named_parameters() if not name.startswith(("stem.", "stages.", "head."))
    )


class Training(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        write_scenes(self.folder / "pictures", 30, seed=1)
        self.pool = self.folder / "pool"
        data.prepare([self.folder / "pictures"], self.pool, 64, [])
        self.recipe = loop.Recipe(
            "tiny-pretrained",
            "both-ends",
            pictures=16,
            batch=8,
            muon=True,
            crops=[[0, 64, 0.75, 1.5]],
            warmup=1,
            average=0.1,
            options={"rebalanced": 0.5},
        )
        self.enterContext(mock.patch.object(loop, "published", lambda _: published()))
        self.enterContext(contextlib.redirect_stdout(io.StringIO()))

    def changed(self, recipe: loop.Recipe) -> set[str]:
        """The parts of the encoder whose kernels training changes."""
        path = self.folder / "changed.pt"
        path.unlink(missing_ok=True)
        loop.train(recipe, self.pool, path)
        before = pretrained.Pretrained(TINY, 313)
        before.adopt(published())
        after = loop.restore(path).state_dict()
        return {
            ".".join(name.split(".")[:2]).removesuffix(".0")
            if name.startswith("stem")
            else ".".join(name.split(".")[:2])
            for name, value in before.state_dict().items()
            if name.startswith(("stem.", "stages."))
            and value.ndim > 1
            and not torch.equal(after[name], value.half().float())
        }

    def test_all_layers_learn_after_they_rested(self) -> None:
        every = {"stem", *(f"stages.{index}" for index in range(7))}
        self.assertEqual(self.changed(replace(self.recipe, resting=1.0)), set())
        self.assertEqual(self.changed(replace(self.recipe, resting=0.5, left_out=0.2)), every)

    def test_frozen_stages_keep_weights_and_statistics(self) -> None:
        self.assertEqual(self.changed(replace(self.recipe, frozen=3)), {f"stages.{index}" for index in range(3, 7)})
        before = pretrained.Pretrained(TINY, 313)
        before.adopt(published())
        after = loop.restore(self.folder / "changed.pt").state_dict()
        statistics = {
            name: value
            for name, value in before.state_dict().items()
            if "running" in name and name.startswith(("stem.", "stages."))
        }
        for name, value in statistics.items():
            still = name.startswith(("stem.", "stages.0.", "stages.1.", "stages.2."))
            self.assertEqual(torch.equal(after[name], value), still, name)

    def test_the_encoder_learns_at_its_own_rate(self) -> None:
        built = network.build("tiny-pretrained", 313)
        encoder = built.encoder_parameters()
        adam, muon = optimizer.optimizers(built, 1e-3, 0.01, True, encoder, 0.1)
        self.assertEqual(
            [(group["factor"], group["weight_decay"], group["borrowed"]) for group in adam.param_groups],
            [(1, 0.01, False), (1, 0, False), (0.1, 0.01, True), (0.1, 0, True)],
        )
        self.assertEqual(muon.param_groups[0]["factor"], 1)
        self.assertEqual(
            {id(value) for group in adam.param_groups[2:] for value in group["params"]}, set(map(id, encoder))
        )
        held = [id(value) for one in (adam, muon) for group in one.param_groups for value in group["params"]]
        self.assertEqual(sorted(held), sorted(map(id, built.parameters())))

    def test_another_s_state_is_a_start(self) -> None:
        """A file of weights and prior that is no checkpoint, such as another training script leaves."""
        built = network.build("tiny-pretrained", 313)
        path = self.folder / "state.pt"
        torch.save(
            {
                "weights": {
                    name: value.half() if value.ndim > 1 else value for name, value in built.state_dict().items()
                },
                "meta": {"seen": 5},
                "prior": torch.full((313,), 1 / 313),
            },
            path,
        )
        start = export.read_weights(path)
        self.assertFalse(start["folded"])
        self.assertEqual(start["prior"].shape, (313,))
        self.assertEqual(loop.adopt(network.build("tiny-pretrained", 313), start["weights"]), [])
        loop.train(replace(self.recipe, pictures=8), self.pool, self.folder / "b.pt", start=start)

    def test_a_part_learns_from_the_whole_s_model(self) -> None:
        """Both what it begins with and what teaches are the ONNX file."""
        whole, model, path = self.folder / "whole.pt", self.folder / "whole.onnx", self.folder / "part.pt"
        prior = np.full(313, 1 / 313)
        loop.save(whole, shaped(), loop.Progress(asdict(self.recipe)), prior)
        export.export(whole, model)
        pool = data.Pool(self.pool, torch.device("cpu"))
        sampler = loop.Sampler(
            pool, replace(self.recipe, film=0), torch.Generator().manual_seed(3), torch.device("cpu")
        )
        inputs, positions = sampler.batch(0).inputs, torch.arange(256)
        stored, exported = (
            export.read_teacher(name, torch.device("cpu")).answers(inputs, positions) for name in (whole, model)
        )
        for one, other in zip(stored, exported, strict=True):
            torch.testing.assert_close(one, other, atol=2e-2, rtol=2e-2)
        start = export.read_weights(model)

        def distance(pictures: int) -> float:
            """How far the part's answers are from the whole's after so many crops."""
            path.unlink(missing_ok=True)
            recipe = replace(self.recipe, network="part", pictures=pictures, distill=1.0, film=0, frozen=1)
            loop.train(recipe, self.pool, path, start=start, teacher=model)
            with torch.no_grad():
                given = student.at_positions(loop.restore(path), inputs, positions)
            return float(student.distillation(given - loop.tilt(loop.load(whole)), exported[0], None))

        with mock.patch.dict(pretrained.VARIANTS, {"part": PART}):
            self.assertLess(distance(400), distance(0))

    def test_a_model_that_learned_no_distribution_teaches_nothing(self) -> None:
        path, model = self.folder / "l2.pt", self.folder / "l2.onnx"
        loop.train(replace(self.recipe, network="tiny", objective="l2"), self.pool, path)
        export.export(path, model)
        for name in (path, model):
            with self.assertRaisesRegex(SystemExit, "learned l2, .*over the bins"):
                export.read_teacher(name, torch.device("cpu"))

    def together(self, recipe: loop.Recipe, minutes: float | None = None) -> dict:
        """The checkpoint of two processes."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        path = self.folder / "together.pt"
        path.unlink(missing_ok=True)
        torch.multiprocessing.spawn(train_together, (port, str(self.folder), recipe, minutes), nprocs=2)
        return loop.load(path)

    def test_several_processes_train_as_one_does(self) -> None:
        recipe = replace(self.recipe, encoder_rate=0.5, pictures=48)
        self.assertEqual(self.together(recipe)["progress"]["pictures"], 48)

    def test_several_processes_stop_together(self) -> None:
        recipe = replace(self.recipe, pictures=100_000, batch=2)
        stopped = self.together(recipe, minutes=1e-4)["progress"]
        # The clock is looked at after each tenth step.
        self.assertEqual(stopped["pictures"], 10 * 2 * 2)

    def test_several_processes_end_together(self) -> None:
        """The first one measures; all end when it says so."""
        recipe = replace(self.recipe, pictures=320, encoder_rate=0.5, fall=0.2, measure_every=32, patience=2)
        self.assertEqual(self.together(recipe)["progress"]["pictures"], 64 + 64)

    def test_hints_bring_features_nearer_to_the_teacher_s(self) -> None:
        path = self.folder / "teacher.pt"
        loop.train(replace(self.recipe, network="tiny"), self.pool, path)
        teacher = loop.restore(path)
        pool = data.Pool(self.pool, torch.device("cpu"))
        film = Film(0.0, torch.Generator().manual_seed(1), torch.device("cpu"))
        lightness = film.lightness(pool.squares(torch.arange(len(pool)), 64))[0]
        inputs = (lightness - 50) / 50

        def unexplained(path: Path) -> float:
            """What is left of the teacher's features after the best linear map from the student's."""
            with torch.no_grad():
                given, wanted = (
                    part.encode(inputs)[-1].permute(0, 2, 3, 1).flatten(0, 2)
                    for part in (loop.restore(path), teacher.eval())
                )
            given = torch.cat((given, torch.ones(len(given), 1)), 1)
            rest = wanted - given @ torch.linalg.lstsq(given, wanted).solution
            return float(rest.square().sum() / (wanted - wanted.mean(0)).square().sum())

        recipe = replace(self.recipe, network="tiny", pictures=400, learning_rate=1e-2)
        for name, hint in (("with.pt", 1.0), ("without.pt", 0.0)):
            torch.manual_seed(9)
            loop.train(
                replace(recipe, hint=hint, distill=0.1),
                self.pool,
                self.folder / name,
                teacher=self.folder / "teacher.pt",
            )
        self.assertLess(unexplained(self.folder / "with.pt"), unexplained(self.folder / "without.pt"))

    def test_the_distance_of_hints(self) -> None:
        wanted = torch.randn(4, 3, 6, 6) * 5 + 2
        flat = wanted.transpose(0, 1).flatten(1)
        normal = (flat - flat.mean(1, keepdim=True)) / flat.std(1, correction=0, keepdim=True)
        same = normal.view(3, 4, 6, 6).transpose(0, 1)
        self.assertLess(float(student.hint_distance(same, wanted)), 1e-4)
        self.assertAlmostEqual(float(student.hint_distance(torch.zeros_like(wanted), wanted)), 1, 3)
        self.assertGreater(float(student.hint_distance(same.flip(0), wanted)), 0.5)


if __name__ == "__main__":
    unittest.main()
