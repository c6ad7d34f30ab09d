"""A network that tells another, for every crop, how likely each color is.

The teacher sees the very crop that the student sees, mixtures of crops included, only without film's
faults: with the same answers for the same pictures again and again the student would learn those
pictures by heart in place of what the teacher knows (Beyer et al. 2022, "Knowledge distillation: A
good teacher is patient and consistent").
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .arithmetic import autocast
from .student import head_at


class Teacher:
    """Answers without learning."""

    def __init__(self, network: nn.Module, tilt: Tensor, device: torch.device) -> None:
        """`tilt` (313,) is taken from the logits: the logarithm of the weights of a teacher that was
        rebalanced."""
        self.network = network.eval().requires_grad_(False).to(device, memory_format=torch.channels_last)
        self.tilt = tilt.to(device)

    @torch.no_grad()
    def answers(self, inputs: Tensor, positions: Tensor) -> tuple[Tensor, Tensor]:
        """Of L normalized, (n, 1, h, w): the natural distributions at `positions` of the grid at a
        quarter of the size, (n·m, 313), and the deepest features, (n, c, h', w')."""
        with autocast(inputs.device):
            levels = self.network.encode(inputs.to(memory_format=torch.channels_last))
            logits = head_at(self.network, levels, positions)
        return torch.softmax(logits.float() - self.tilt, dim=1), levels[-1].float()
