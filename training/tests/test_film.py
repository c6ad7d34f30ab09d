import unittest

import torch

from autochrome_training import color
from autochrome_training.film import Film


class Faults(unittest.TestCase):
    def setUp(self) -> None:
        self.rgb = color.linear(torch.rand(24, 3, 64, 64, generator=torch.Generator().manual_seed(1)))

    def film(self, share: float, seed: int = 2) -> Film:
        return Film(share, torch.Generator().manual_seed(seed), torch.device("cpu"))

    def test_without_faults_it_is_the_lightness(self) -> None:
        clean, faulty = self.film(0).lightness(self.rgb)
        luminance = 0.2126 * self.rgb[:, 0] + 0.7152 * self.rgb[:, 1] + 0.0722 * self.rgb[:, 2]
        torch.testing.assert_close(clean[:, 0], color.lightness(luminance))
        self.assertTrue(torch.equal(clean, faulty))

    def test_the_share_is_kept_and_the_clean_one_is_untouched(self) -> None:
        clean, faulty = self.film(0.5).lightness(self.rgb)
        self.assertTrue(torch.equal(clean, self.film(0).lightness(self.rgb)[0]))
        changed = int(((clean - faulty).abs().amax((1, 2, 3)) > 0).sum())
        self.assertTrue(4 <= changed <= 20, changed)

    def test_values_stay_lightness_and_differ_by_seed(self) -> None:
        results = [self.film(1, seed).lightness(self.rgb)[1] for seed in (2, 2, 3)]
        self.assertTrue(torch.equal(results[0], results[1]))
        self.assertFalse(torch.equal(results[0], results[2]))
        for result in results:
            self.assertTrue(bool(result.isfinite().all()))
            self.assertTrue(float(result.min()) >= 0 and float(result.max()) <= 100)

    def test_a_blue_sensitive_emulsion_sees_red_as_black(self) -> None:
        red = torch.zeros(200, 3, 16, 16)
        red[:, 0] = 0.5
        red[:, 2, :, :8] = 0.5
        film = self.film(1)
        light = film._exposed(red, red.mean(1, True))
        contrast = light[..., :8].mean((1, 2, 3)) / light[..., 8:].mean((1, 2, 3))
        # About 15 in 100 films are blue-sensitive.
        share = float((contrast > 10).float().mean())
        self.assertTrue(0.05 < share < 0.35, share)


if __name__ == "__main__":
    unittest.main()
