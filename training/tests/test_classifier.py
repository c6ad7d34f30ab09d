"""The classifier that judges colors: published weights, TensorFlow's padding, and the file in our engine."""

import os
import subprocess
import tempfile
import unittest
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from autochrome_training import classifier, pretrained

from .test_road import AUTOCHROME

TINY = pretrained.VARIANTS["tiny-pretrained"]


def tiny(size: int, classes: int = 7) -> classifier.Classifier:
    """A small classifier with random weights and statistics."""
    torch.manual_seed(size)
    network = classifier.Classifier(TINY, classes, size, width=40)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.uniform_(-0.2, 0.2)
            module.running_var.uniform_(0.5, 1.5)
            module.weight.data.uniform_(0.8, 1.6)
            module.bias.data.uniform_(-0.1, 0.4)
    return network.eval()


class Padding(unittest.TestCase):
    def test_it_is_tensorflow_s(self) -> None:
        # Of tf.nn.conv2d's documentation: the sizes of EfficientNet-Lite2, and one that needs none.
        for size, kernel, stride, expected in (
            (260, 3, 2, (0, 1)),
            (130, 3, 2, (0, 1)),
            (65, 5, 2, (2, 2)),
            (33, 3, 2, (1, 1)),
            (17, 5, 2, (2, 2)),
            (16, 5, 2, (1, 2)),
            (9, 3, 1, (1, 1)),
            (8, 2, 2, (0, 0)),
            (7, 1, 1, (0, 0)),
        ):
            self.assertEqual(classifier.same_padding(size, kernel, stride), expected, (size, kernel, stride))

    def test_every_convolution_of_the_network_is_padded_so(self) -> None:
        for size in (64, 65, 52):
            network = tiny(size)
            met = 0

            def check(module: torch.nn.Module, given: tuple[torch.Tensor], output: torch.Tensor) -> None:
                nonlocal met
                conv = next(part for part in module if isinstance(part, torch.nn.Conv2d))
                before, after = classifier.same_padding(given[0].shape[-1], conv.kernel_size[0], conv.stride[0])
                expected = F.conv2d(
                    F.pad(given[0], (before, after, before, after)), conv.weight, None, conv.stride, 0, 1, conv.groups
                )
                for part in list(module)[list(module).index(conv) + 1 :]:
                    expected = part(expected)
                torch.testing.assert_close(output, expected)
                met += 1

            for module in network.modules():
                if isinstance(module, torch.nn.Sequential) and any(
                    isinstance(part, torch.nn.Conv2d) for part in module
                ):
                    module.register_forward_hook(check)
            with torch.no_grad():
                network(torch.randn(1, 3, size, size))
            self.assertEqual(met, sum(isinstance(part, torch.nn.Conv2d) for part in network.modules()))


class Weights(unittest.TestCase):
    def test_they_are_taken_in_their_order(self) -> None:
        given = {f"theirs.{name}": value.clone() for name, value in tiny(64).state_dict().items()}
        network = classifier.Classifier(TINY, 7, 64, width=40)
        network.adopt(given)
        for name, value in network.state_dict().items():
            if "num_batches" not in name:
                self.assertTrue(torch.equal(value, given[f"theirs.{name}"]), name)
        given["theirs.head.bias"] = torch.zeros(8)
        with self.assertRaisesRegex(SystemExit, "other shapes"):
            network.adopt(given)


class Export(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def verify(self, folder: Path) -> subprocess.CompletedProcess:
        return subprocess.run(
            [AUTOCHROME, "model", "verify", str(folder), "--precision", "fp32"],
            capture_output=True,
            text=True,
            check=False,
        )

    def test_the_engine_agrees(self) -> None:
        from onnx import load_tensor, numpy_helper

        # An even and an odd size are padded differently.
        for size in (64, 65):
            network = tiny(size)
            folder = self.folder / str(size)
            data = folder / "test_data_set_0"
            data.mkdir(parents=True)
            classifier.export(network, folder / "model.onnx", [f"class {index}" for index in range(7)])
            inputs = torch.rand(1, 3, size, size, generator=torch.Generator().manual_seed(7)) * 2 - 1
            with torch.no_grad():
                output = network(inputs)
            self.assertGreater(float(output.std()), 0.01)
            for name, values in (("input", inputs), ("output", output)):
                tensor = numpy_helper.from_array(values.numpy())
                (data / f"{name}_0.pb").write_bytes(tensor.SerializeToString())
            result = self.verify(folder)
            self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
            # The comparison must be able to fail.
            path = data / "output_0.pb"
            values = numpy_helper.to_array(load_tensor(str(path))).copy()
            values[0, 3] += 0.1
            path.write_bytes(numpy_helper.from_array(values).SerializeToString())
            self.assertNotEqual(self.verify(folder).returncode, 0)

    def test_names_of_classes_must_be_as_many(self) -> None:
        with self.assertRaisesRegex(SystemExit, "3 names of classes are given, expected 7"):
            classifier.export(tiny(64), self.folder / "model.onnx", ["a", "b", "c"])
        self.assertFalse((self.folder / "model.onnx").exists())

    def test_evaluate_asks_it(self) -> None:
        import json

        from PIL import Image

        size, network = 64, tiny(64)
        with torch.no_grad():
            # So that the classes differ by color.
            network.head.weight.mul_(20)
        classifier.export(network, self.folder / "model.onnx")
        random = np.random.default_rng(3)
        pictures, labels = self.folder / "pictures", []
        pictures.mkdir()
        for index in range(4):
            tones = random.integers(0, 256, (2, 2, 3)).astype(np.uint8)
            picture = np.kron(tones, np.ones((48, 48, 1), np.uint8))
            Image.fromarray(picture).save(pictures / f"{index}.png")
            # 96 pixels without a margin of their own: the middle 64 of all 96.
            middle = picture[16:80, 16:80].astype(np.float32)
            with torch.no_grad():
                logits = network(torch.from_numpy(((middle - 127) / 128).transpose(2, 0, 1)[None].copy()))
            labels.append(f"{index}.png {int(logits.argmax())}")
        (self.folder / "labels.txt").write_text("\n".join(labels))
        command = [AUTOCHROME, "evaluate", str(pictures), "--semantic", str(self.folder / "model.onnx"), "--json"]
        command += ["--labels", str(self.folder / "labels.txt"), "--model", "autochrome-fast", "-q"]
        run = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | {"LC_ALL": "C"})
        self.assertEqual(run.returncode, 0, run.stderr)
        original = json.loads(run.stdout)["semantic"]["rows"][0]
        # What PyTorch sees is what the engine sees, so the labels are right for each original.
        self.assertEqual((original["name"], original["top1"]["count"], original["top1"]["total"]), ("original", 4, 4))
        self.assertEqual(size + classifier.MARGIN, 96)


if __name__ == "__main__":
    unittest.main()
