"""The whole road: pictures → pool → training → ONNX → our engine."""

import contextlib
import io
import os
import subprocess
import tempfile
import unittest
from pathlib import Path
from typing import ClassVar
from unittest import mock

import numpy as np
import torch

from autochrome_training import data, export, loop

from .pictures import write_scenes
from .test_pretrained import published

AUTOCHROME = os.environ.get("AUTOCHROME", str(Path(__file__).parents[2] / ".build/release/autochrome"))


class Road(unittest.TestCase):
    temporary: ClassVar[tempfile.TemporaryDirectory[str]]
    folder: ClassVar[Path]

    @classmethod
    def setUpClass(cls) -> None:
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = Path(cls.temporary.name)
        write_scenes(cls.folder / "pictures", 300, seed=1)
        data.prepare([cls.folder / "pictures"], cls.folder / "pool", 96, [])

    @classmethod
    def tearDownClass(cls) -> None:
        cls.temporary.cleanup()

    def trained(self, objective: str, pictures: int, network: str = "tiny") -> tuple[Path, loop.Progress]:
        recipe = loop.Recipe(
            network,
            objective,
            pictures=pictures,
            batch=32,
            learning_rate=4e-3,
            muon=True,
            warmup=10,
            average=0.98,
            resting=0.1,
            left_out=0.1,
            crops=[[0, 64, 0.75, 1.5], [0.8, 96, 0.75, 1.5]],
        )
        checkpoint = self.folder / f"{network}-{objective}.pt"
        with mock.patch.object(loop, "published", lambda _: published()), contextlib.redirect_stdout(io.StringIO()):
            progress = loop.train(recipe, self.folder / "pool", checkpoint, report_every=4)
        return checkpoint, progress

    def exported(self, checkpoint: Path, folder: Path) -> None:
        """ONNX's own layout of a test: the model, an input, and what PyTorch makes of it."""
        from onnx import numpy_helper

        (folder / "test_data_set_0").mkdir(parents=True)
        with contextlib.redirect_stdout(io.StringIO()):
            export.export(checkpoint, folder / "model.onnx")
        network = export.deployed(loop.restore(checkpoint))
        inputs = torch.rand(1, 1, 96, 160, generator=torch.Generator().manual_seed(7)) * 2 - 1
        with torch.no_grad():
            output = network(inputs)
        for name, values in (("input", inputs), ("output", output)):
            tensor = numpy_helper.from_array(values.numpy())
            (folder / f"test_data_set_0/{name}_0.pb").write_bytes(tensor.SerializeToString())

    def verify(self, folder: Path) -> subprocess.CompletedProcess:
        return subprocess.run(
            [AUTOCHROME, "model", "verify", str(folder), "--precision", "fp32"],
            capture_output=True,
            text=True,
            check=False,
        )

    def test_the_loss_falls_and_the_engine_agrees(self) -> None:
        for network in ("tiny", "tiny-pretrained"):
            with self.subTest(network):
                self.check_loss_and_engine(network)

    def check_loss_and_engine(self, network: str) -> None:
        from onnx import load_tensor, numpy_helper

        checkpoint, progress = self.trained("class-rebalanced", 4800, network)
        losses = [row["loss"] for row in progress.history]
        print(f"{network}: loss {losses[0]:.3f} → {losses[-1]:.3f}, AuC {progress.history[-1]['auc']:.1f}")
        self.assertLess(losses[-1], 0.6 * losses[0], losses)
        folder = self.folder / f"verified-{network}"
        self.exported(checkpoint, folder)
        result = self.verify(folder)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        # The comparison must be able to fail.
        path = folder / "test_data_set_0/output_0.pb"
        values = numpy_helper.to_array(load_tensor(str(path))).copy()
        values[0, 100, 3, 3] += 0.5
        path.write_bytes(numpy_helper.from_array(values).SerializeToString())
        self.assertNotEqual(self.verify(folder).returncode, 0)

    def test_a_regression_is_exported_in_lab_units(self) -> None:
        checkpoint, _ = self.trained("l2", 640)
        folder = self.folder / "regression"
        self.exported(checkpoint, folder)
        result = self.verify(folder)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_the_model_colors_a_picture(self) -> None:
        from PIL import Image

        checkpoint, _ = self.trained("class-rebalanced", 4800)
        model, source = self.folder / "model.onnx", self.folder / "gray.png"
        with contextlib.redirect_stdout(io.StringIO()):
            export.export(checkpoint, model)
        write_scenes(self.folder / "fresh", 1, seed=99)
        truth = Image.open(self.folder / "fresh/0000.png")
        truth.convert("L").save(source)
        result = self.folder / "color.png"
        run = subprocess.run(
            [AUTOCHROME, str(source), "-o", str(result), "--model", str(model), "--size", "96", "--vividness", "0"],
            capture_output=True,
            text=True,
            check=False,
        )
        self.assertEqual(run.returncode, 0, run.stderr)
        colored = np.asarray(Image.open(result).convert("RGB"), np.float32)
        sky, grass = colored[:20].mean((0, 1)), colored[-15:].mean((0, 1))
        self.assertGreater(sky[2], sky[0] + 10, sky)
        self.assertGreater(grass[1], grass[2] + 10, grass)


if __name__ == "__main__":
    unittest.main()
