import unittest

import torch

from autochrome_training.film import Film


class Faults(unittest.TestCase):
    def setUp(self) -> None:
        self.rgb = torch.rand(24, 3, 64, 64, generator=torch.Generator().manual_seed(1))

    def film(self, share: float, seed: int = 2) -> Film:
        return Film(share, torch.Generator().manual_seed(seed), torch.device("cpu"))

    def lightness(self, weights: tuple[float, float, float]) -> torch.Tensor:
        """L* of the gray that has the luma of these weights, written out."""
        luma = sum(weight * channel for weight, channel in zip(weights, self.rgb.unbind(1), strict=True))
        luminance = torch.where(luma > 0.04045, ((luma + 0.055) / 1.055) ** 2.4, luma / 12.92)
        return 116 * luminance ** (1 / 3) - 16

    def test_without_faults_it_is_the_lightness_of_the_luma(self) -> None:
        clean, faulty = self.film(0).lightness(self.rgb)
        expected = self.lightness((0.299, 0.587, 0.114))
        light = expected > 8  # Below, CIELAB is linear.
        torch.testing.assert_close(clean[:, 0][light], expected[light], atol=1e-3, rtol=0)
        self.assertTrue(torch.equal(clean, faulty))

    def test_the_share_is_kept_and_the_others_have_a_luma_between_601_and_709(self) -> None:
        clean, faulty = self.film(0.5).lightness(self.rgb)
        ends = torch.stack([self.lightness((0.299, 0.587, 0.114)), self.lightness((0.2126, 0.7152, 0.0722))])
        light = ends.amin(0) > 8
        inside = (clean[:, 0] > ends.amin(0) - 1e-2) & (clean[:, 0] < ends.amax(0) + 1e-2)
        self.assertTrue(bool(inside[light].all()))
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
