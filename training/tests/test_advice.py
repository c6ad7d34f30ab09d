import tempfile
import unittest
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from autochrome_training import advice, data

from .pictures import write_scenes


class Ramp(nn.Module):
    """A teacher whose distribution tells where it looks: bin 0 from left to right, bin 1 downward,
    and whose only feature is the lightness at 1/8."""

    def encode(self, x: Tensor) -> list[Tensor]:
        return [x, nn.functional.avg_pool2d(x, 8)]

    def decode(self, levels: list[Tensor]) -> Tensor:
        return levels[0][:, :, ::4, ::4]

    def head(self, features: Tensor) -> Tensor:
        count, _, height, width = features.shape
        logits = torch.full((count, 313, height, width), -30.0)
        x = (torch.arange(width) + 0.5) / width
        y = ((torch.arange(height) + 0.5) / height).unsqueeze(1)
        # Symmetric from left to right, so that the mirrored picture agrees.
        logits[:, 0] = ((x - 0.5).abs() + 1e-6).log().expand(height, width)
        logits[:, 1] = y.log().expand(height, width)
        logits[:, 2] = (1 - (x - 0.5).abs() - y).clamp_min(1e-6).log() + 0 * logits[:, 2]
        return logits


class Answers(unittest.TestCase):
    def setUp(self) -> None:
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        write_scenes(folder / "pictures", 12, seed=1)
        self.folder = folder / "pool"
        data.prepare([folder / "pictures"], self.folder, 96, [])
        self.cpu = torch.device("cpu")
        self.pool = data.Pool(self.folder, self.cpu)

    def test_a_crop_takes_its_part_of_the_answer(self) -> None:
        """Features of the whole picture, sampled for a crop, are those of the crop itself."""
        advice.ask(Ramp(), torch.zeros(313), self.folder, 96, self.cpu, batch=5)
        answers = advice.Advice(self.folder, self.cpu)
        self.assertEqual(answers.features.shape, (len(self.pool), 12, 12, 1))
        random = torch.Generator().manual_seed(2)
        for size, scale in ((48, 0.75), (48, 1.0), (96, 1.5)):
            crops, window = self.pool.crops(64, size, (scale, scale), random)
            self.assertTrue(bool(window.mirrored.any()) and not bool(window.mirrored.all()))
            own = nn.functional.avg_pool2d(advice.lightness(crops), size // 6)
            sampled = answers.hints(window, 6, 6)
            self.assertLess(float((sampled - own).abs().mean()), 0.06)
            # A crop turned the wrong way, or one of another picture, is told apart.
            for wrong in (sampled.flip(2), sampled.flip(3), sampled.roll(1, 0)):
                self.assertGreater(float((wrong - own).abs().mean()),
                                   1.5 * float((sampled - own).abs().mean()))

    def test_positions_lie_where_the_crop_was_taken(self) -> None:
        advice.ask(Ramp(), torch.zeros(313), self.folder, 96, self.cpu)
        answers = advice.Advice(self.folder, self.cpu)
        _, window = self.pool.crops(16, 48, (0.8, 0.8), torch.Generator().manual_seed(3))
        positions = torch.tensor([0, 5, 77, 143])
        said = answers.at(window, positions, 12).view(16, 4, 313)
        torch.testing.assert_close(said.sum(2), torch.ones(16, 4), atol=2e-3, rtol=0)
        rows = window.first[0] + window.extent[0] * ((positions // 12 + 0.5) / 12)
        columns = (positions % 12 + 0.5) / 12
        columns = window.first[1] + window.extent[1] * torch.where(
            window.mirrored, 1 - columns, columns)
        ratio = said[:, :, 1] / said[:, :, 0].clamp_min(1e-6)
        inside = ((columns - 0.5).abs() > 0.15) & (rows > 0.1) & (rows < 0.9)
        self.assertGreater(int(inside.sum()), 10)
        expected = rows / (columns - 0.5).abs()
        self.assertLess(float((ratio / expected - 1)[inside].abs().max()), 0.15)

    def test_the_tilt_is_taken_back(self) -> None:
        tilt = torch.zeros(313)
        tilt[0] = 2.0
        inputs = torch.randn(2, 1, 64, 64)
        plain, _ = advice.answer(Ramp(), inputs, torch.zeros(313))
        natural, _ = advice.answer(Ramp(), inputs, tilt)
        self.assertTrue(bool((natural[..., 0] < plain[..., 0]).all()))
        np.testing.assert_allclose(natural.sum(3).numpy(), 1, atol=1e-3)

    def test_a_mirrored_picture_gets_the_mirrored_answer(self) -> None:
        inputs = torch.randn(3, 1, 64, 64)
        for straight, mirrored in zip(advice.answer(Ramp(), inputs, torch.zeros(313)),
                                      advice.answer(Ramp(), inputs.flip(3), torch.zeros(313))):
            torch.testing.assert_close(straight.flip(2), mirrored, atol=1e-3, rtol=1e-2)

    def test_missing_answers_are_named(self) -> None:
        with self.assertRaisesRegex(SystemExit, "no advice.npy and no hints.npy.*advise TEACHER"):
            advice.Advice(self.folder, self.cpu)


if __name__ == "__main__":
    unittest.main()
