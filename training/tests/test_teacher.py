import unittest

import torch
import torch.nn.functional as F

from autochrome_training import network, student, teacher

CPU = torch.device("cpu")


class Answers(unittest.TestCase):
    def setUp(self) -> None:
        torch.manual_seed(4)
        self.network = network.build("tiny", 313)
        self.inputs = torch.randn(3, 1, 64, 64)
        self.positions = torch.tensor([0, 17, 255])

    def test_they_are_the_network_s_distributions_at_the_positions(self) -> None:
        said, features = teacher.Teacher(self.network, torch.zeros(313), CPU).answers(self.inputs, self.positions)
        with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
            levels = self.network.eval().encode(self.inputs)
            whole = self.network.head(self.network.decode(levels)).float()
        expected = torch.softmax(whole, 1).flatten(2)[:, :, self.positions]
        torch.testing.assert_close(said, expected.permute(0, 2, 1).reshape(-1, 313), atol=1e-3, rtol=5e-2)
        torch.testing.assert_close(features, levels[-1].float(), atol=5e-2, rtol=5e-2)
        self.assertFalse(said.requires_grad or features.requires_grad)

    def test_the_tilt_is_taken_back(self) -> None:
        tilt = torch.zeros(313)
        tilt[7] = 2.0
        plain, natural = (
            teacher.Teacher(self.network, given, CPU).answers(self.inputs, self.positions)[0]
            for given in (torch.zeros(313), tilt)
        )
        torch.testing.assert_close(natural.sum(1), torch.ones(9))
        odds = (plain[:, 7] / (1 - plain[:, 7])) / (natural[:, 7] / (1 - natural[:, 7]))
        torch.testing.assert_close(odds, torch.full((9,), torch.e**2), atol=1e-3, rtol=1e-2)

    def test_hints_are_brought_to_the_student_s_size(self) -> None:
        wanted = torch.randn(4, 3, 3, 3)
        exact = F.batch_norm(F.interpolate(wanted, (6, 6), mode="bilinear"), None, None, training=True)
        self.assertLess(float(student.hint_distance(exact, wanted)), 1e-6)
        self.assertGreater(float(student.hint_distance(exact.flip(3), wanted)), 0.1)


if __name__ == "__main__":
    unittest.main()
