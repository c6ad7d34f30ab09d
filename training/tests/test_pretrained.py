import contextlib
import io
import os
import socket
import tempfile
import unittest
from dataclasses import replace
from pathlib import Path
from unittest import mock

import torch
import torch.nn.functional as F

from autochrome_training import (
    data, loop, network, optimizer, pretrained, student)

from .pictures import write_scenes


def made_up() -> dict[str, torch.Tensor]:
    """Weights as the package holds them: the encoder's tensors in order, then the classifier's."""
    torch.manual_seed(6)
    given = {f"theirs.{name}": value
             for name, value in pretrained.Encoder("lite2").state_dict().items()}
    return given | {"_conv_head.weight": torch.zeros(1280, 352, 1, 1), "_fc.bias": torch.zeros(1000)}


class Encoding(unittest.TestCase):
    def test_it_takes_the_published_weights_in_their_order(self) -> None:
        encoder, given = pretrained.Encoder("lite2"), made_up()
        encoder.adopt(given)
        for name, value in encoder.state_dict().items():
            if "num_batches" not in name:
                self.assertTrue(torch.equal(value, given[f"theirs.{name}"]), name)

    def test_weights_of_another_variant_are_refused(self) -> None:
        given = made_up()
        given["theirs.stages.3.0.body.2.0.weight"] = torch.zeros(80, 288, 1, 1)
        with self.assertRaisesRegex(SystemExit, "another variant"):
            pretrained.Encoder("lite2").adopt(given)

    def test_features_have_the_sizes_of_their_levels(self) -> None:
        taps = pretrained.Encoder("lite2")(torch.randn(2, 1, 64, 96))
        self.assertEqual([tuple(tap.shape) for tap in taps],
                         [(2, 48, 16, 24), (2, 120, 8, 12), (2, 352, 4, 6)])

    def test_padding_is_tensorflow_s(self) -> None:
        """At stride 2 on an even size the first window begins at the first sample (kernel 3) or one
        before it (kernel 5)."""
        for kernel, before in ((3, 0), (5, 1)):
            layer = pretrained.Same(1, 1, kernel, 2, 1).requires_grad_(False)
            picture = torch.randn(1, 1, 8, 8)
            wide = F.pad(picture, (before, kernel, before, kernel))
            expected = [[float((wide[0, 0, 2 * y:2 * y + kernel, 2 * x:2 * x + kernel]
                                * layer.weight[0, 0]).sum()) for x in range(4)] for y in range(4)]
            torch.testing.assert_close(layer(picture)[0, 0], torch.tensor(expected),
                                       atol=1e-5, rtol=1e-5)

    def test_a_missing_package_is_named(self) -> None:
        with mock.patch("importlib.import_module", side_effect=ModuleNotFoundError):
            with self.assertRaisesRegex(SystemExit, "efficientnet_lite2.*requirements-teacher"):
                pretrained.published("lite2")


def teach_together(rank: int, port: int, folder: str, recipe: loop.Recipe,
                   minutes: float | None) -> None:
    """One of two processes that train together; fails if the encoder does not learn at its rate."""
    os.environ.update(RANK=str(rank), WORLD_SIZE="2", MASTER_ADDR="127.0.0.1",
                      MASTER_PORT=str(port))
    torch.set_num_threads(1)
    made = []

    def noted(*arguments: object) -> list[torch.optim.Optimizer]:
        made.extend(optimizer.optimizers(*arguments))
        return made

    with (mock.patch.object(loop, "published", lambda _: made_up()),
          mock.patch.object(loop, "optimizers", noted),
          contextlib.redirect_stdout(io.StringIO())):
        # Their clocks differ: the second one's time is up long after the first one's.
        loop.train(recipe, Path(folder) / "pool", Path(folder) / "together.pt",
                   minutes=minutes and minutes * (1 + 1000 * rank))
    if not recipe.encoder_rate:
        return
    adam, muon = made
    released = network.build(recipe.network, 313)
    released.release()
    wanted = [value.shape for value in released.encoder.parameters() if value.requires_grad]
    assert [value.shape for value in adam.param_groups[2]["params"]] == wanted
    assert adam.param_groups[2]["lr"] == recipe.encoder_rate * adam.param_groups[0]["lr"] > 0
    assert released.head.weight.shape in [value.shape for value in adam.param_groups[0]["params"]]
    assert len(muon.param_groups[0]["params"]) == sum(
        value.ndim > 1 for name, value in released.named_parameters()
        if not name.startswith(("encoder.", "head.")))


class Teaching(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        write_scenes(self.folder / "pictures", 30, seed=1)
        self.pool = self.folder / "pool"
        data.prepare([self.folder / "pictures"], self.pool, 64, [])
        self.recipe = loop.Recipe("lite2", "both-ends", pictures=16, batch=8, muon=True,
                                  crops=[[0, 64, 0.75, 1.5]], warmup=1, average=0.1,
                                  options={"rebalanced": 0.5})
        self.enterContext(mock.patch.object(loop, "published", lambda _: made_up()))
        self.enterContext(contextlib.redirect_stdout(io.StringIO()))

    def changed(self, recipe: loop.Recipe) -> set[str]:
        """The parts of the encoder that training changes."""
        path = self.folder / "teacher.pt"
        path.unlink(missing_ok=True)
        loop.train(recipe, self.pool, path)
        before = pretrained.Encoder("lite2")
        before.adopt(made_up())
        after = loop.restore(path).encoder.state_dict()
        return {".".join(name.split(".")[:2]) for name, value in before.state_dict().items()
                if value.ndim > 1 and not torch.equal(after[name], value.half().float())}

    def test_the_encoder_stays_unless_it_is_released(self) -> None:
        self.assertEqual(self.changed(self.recipe), set())
        self.assertEqual(self.changed(replace(self.recipe, encoder_rate=0.5)),
                         {"stages.4", "stages.5", "stages.6"})

    def test_a_released_encoder_learns_at_its_own_rate(self) -> None:
        built = network.build("lite2", 313)
        built.release()
        adam, muon = optimizer.optimizers(built, 1e-3, 0.01, True, encoder_rate=0.1)
        self.assertEqual([group["factor"] for group in adam.param_groups], [1, 1, 0.1])
        self.assertEqual(muon.param_groups[0]["factor"], 1)
        borrowed = {id(value) for value in adam.param_groups[2]["params"]}
        self.assertEqual(borrowed, {id(value) for stage in built.encoder.stages[4:]
                                    for value in stage.parameters()})

    def together(self, recipe: loop.Recipe, minutes: float | None = None) -> dict:
        """The checkpoint of two processes."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        path = self.folder / "together.pt"
        path.unlink(missing_ok=True)
        torch.multiprocessing.spawn(
            teach_together, (port, str(self.folder), recipe, minutes), nprocs=2)
        return loop.load(path)

    def test_several_processes_train_as_one_does(self) -> None:
        for rate in (0.5, 0.0):
            recipe = replace(self.recipe, encoder_rate=rate, pictures=48)
            self.assertEqual(self.together(recipe)["progress"]["pictures"], 48)

    def test_several_processes_stop_together(self) -> None:
        recipe = replace(self.recipe, pictures=100_000, batch=2)
        stopped = self.together(recipe, minutes=1e-4)["progress"]
        # The clock is looked at after each tenth step.
        self.assertEqual(stopped["pictures"], 10 * 2 * 2)

    def test_hints_bring_features_nearer_to_the_teacher_s(self) -> None:
        path = self.folder / "teacher.pt"
        loop.train(replace(self.recipe, network="tiny"), self.pool, path)
        teacher = loop.restore(path)
        pool = data.Pool(self.pool, torch.device("cpu"))
        film = loop.Film(0.0, torch.Generator().manual_seed(1), torch.device("cpu"))
        lightness = film.lightness(pool.squares(torch.arange(len(pool)), 64))[0]
        inputs = (lightness - 50) / 50

        def unexplained(path: Path) -> float:
            """What is left of the teacher's features after the best linear map from the student's."""
            with torch.no_grad():
                given, wanted = (part.encode(inputs)[-1].permute(0, 2, 3, 1).flatten(0, 2)
                                 for part in (loop.restore(path), teacher.eval()))
            given = torch.cat((given, torch.ones(len(given), 1)), 1)
            rest = wanted - given @ torch.linalg.lstsq(given, wanted).solution
            return float(rest.square().sum() / (wanted - wanted.mean(0)).square().sum())

        recipe = replace(self.recipe, network="tiny", pictures=400, learning_rate=1e-2)
        for path, hint in (("with.pt", 1.0), ("without.pt", 0.0)):
            torch.manual_seed(9)
            loop.train(replace(recipe, hint=hint, distill=0.1), self.pool, self.folder / path,
                       teacher=self.folder / "teacher.pt")
        self.assertLess(unexplained(self.folder / "with.pt"),
                        unexplained(self.folder / "without.pt"))

    def test_the_distance_of_hints(self) -> None:
        wanted = torch.randn(4, 3, 6, 6) * 5 + 2
        flat = wanted.transpose(0, 1).flatten(1)
        normal = ((flat - flat.mean(1, keepdim=True)) / flat.std(1, correction=0, keepdim=True))
        same = normal.view(3, 4, 6, 6).transpose(0, 1)
        self.assertLess(float(student.hint_distance(same, wanted)), 1e-4)
        self.assertAlmostEqual(float(student.hint_distance(torch.zeros_like(wanted), wanted)), 1, 3)
        self.assertGreater(float(student.hint_distance(same.flip(0), wanted)), 0.5)


if __name__ == "__main__":
    unittest.main()
