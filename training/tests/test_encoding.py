import math
import unittest

import numpy as np
import torch

from autochrome_training import encoding


class Encoding(unittest.TestCase):
    def setUp(self) -> None:
        seed = np.random.SeedSequence().entropy % 2**32
        print(f"seed {seed}")
        self.random = np.random.default_rng(seed)
        self.centers = encoding.centers()
        self.prior = self.random.dirichlet(np.full(313, 0.3))

    def test_bins_are_the_published_grid(self) -> None:
        self.assertEqual(self.centers.shape, (313, 2))
        self.assertEqual(len({tuple(center) for center in self.centers}), 313)
        self.assertEqual(tuple(self.centers[0]), (-90, 50))
        self.assertEqual(tuple(self.centers[312]), (100, 0))

    def test_tables_equal_the_direct_computation(self) -> None:
        encoder = encoding.Encoder(self.prior, 0.5, torch.device("cpu"))
        colors = self.random.integers(-100, 100, (200, 2))
        bins, weights, balance = encoder.encode(torch.tensor(colors, dtype=torch.float32))
        direct_balance = encoding.rebalancing(self.prior, 0.5)
        for index, color in enumerate(colors):
            distances = [math.dist(color, center) for center in self.centers]
            order = sorted(range(313), key=distances.__getitem__)
            gauss = np.array([math.exp(-(distances[place] ** 2) / 50) for place in order[:5]])
            if gauss.sum() < 1e-12:
                continue
            # Bins at the same distance may come in any order: compare as distributions.
            expected = np.zeros(313)
            expected[order[:5]] = gauss / gauss.sum()
            actual = np.zeros(313)
            actual[bins[index].numpy()] = weights[index].numpy()
            tie = abs(distances[order[4]] - distances[order[5]]) < 1e-9
            if not tie:
                np.testing.assert_allclose(actual, expected, atol=1e-5)
            else:
                np.testing.assert_allclose(np.sort(actual), np.sort(expected), atol=1e-5)
            self.assertAlmostEqual(float(balance[index]), direct_balance[int(bins[index][0])], places=3)

    def test_smoothing_keeps_the_sum_and_spreads_by_sigma(self) -> None:
        result = encoding.smoothed(self.prior)
        self.assertAlmostEqual(result.sum(), 1)
        direct = np.zeros(313)
        for source in range(313):
            kernel = np.array(
                [math.exp(-(math.dist(self.centers[source], center) ** 2) / 50) for center in self.centers]
            )
            direct += self.prior[source] * kernel / kernel.sum()
        np.testing.assert_allclose(result, direct, rtol=1e-9)

    def test_weights_have_expectation_one(self) -> None:
        for mix in (0.0, 0.5, 1.0):
            weights = encoding.rebalancing(self.prior, mix)
            smooth = encoding.smoothed(self.prior)
            self.assertAlmostEqual((smooth * weights).sum(), 1)
            direct = 1 / ((1 - mix) * smooth + mix / 313)
            np.testing.assert_allclose(weights / weights[0], direct / direct[0])
        np.testing.assert_allclose(encoding.rebalancing(self.prior, 1.0), 1)

    def test_prior_counts_the_nearest_bins(self) -> None:
        colors = np.repeat(self.centers[[5, 100, 200]], [1, 2, 5], axis=0)
        colors += self.random.uniform(-4, 4, colors.shape)
        prior = encoding.measure_prior(colors)
        self.assertEqual([prior[5], prior[100], prior[200]], [1 / 8, 2 / 8, 5 / 8])


if __name__ == "__main__":
    unittest.main()
