"""The optimizer: Muon for the kernels of convolutions, AdamW for the rest.

Muon (Jordan 2024) replaces the momentum of a weight matrix by the nearest orthogonal matrix, so that
all directions of the matrix learn alike. Scaled by 0.2·√max(rows, columns) (Liu et al. 2025,
"Muon is scalable for LLM training", §2.2) its steps are as large as those of AdamW, so that one
learning rate serves both.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

# The quintic of Jordan's implementation: five steps bring singular values into 0.7 … 1.2.
_QUINTIC = (3.4445, -4.7750, 2.0315)
_STEPS = 5


def orthogonalized(matrix: Tensor) -> Tensor:
    """U Vᵀ of the singular value decomposition U S Vᵀ of (rows, columns), nearly, by Newton–Schulz
    iterations in bf16."""
    tall = matrix.shape[0] > matrix.shape[1]
    x = matrix.T if tall else matrix
    x = (x / (x.norm() + 1e-7)).bfloat16()
    a, b, c = _QUINTIC
    for _ in range(_STEPS):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    return (x.T if tall else x).to(matrix.dtype)


class Muon(torch.optim.Optimizer):
    """Muon for weights of two and more dimensions, the first one being the rows."""

    def __init__(self, parameters: list[nn.Parameter], lr: float, weight_decay: float, momentum: float = 0.95) -> None:
        super().__init__(
            [{"params": parameters, "factor": 1.0, "borrowed": False}],
            {"lr": lr, "weight_decay": weight_decay, "momentum": momentum},
        )

    @torch.no_grad()
    def step(self, closure: None = None) -> None:
        if closure is not None:
            raise ValueError("Muon takes no closure: compute the gradients before the step")
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                state = self.state[parameter]
                if not state:
                    state["momentum"] = torch.zeros_like(parameter)
                state["momentum"].lerp_(parameter.grad, 1 - group["momentum"])
                # Nesterov's look ahead.
                direction = parameter.grad.lerp(state["momentum"], group["momentum"])
                matrix = orthogonalized(direction.flatten(1))
                scale = 0.2 * max(matrix.shape) ** 0.5
                parameter.mul_(1 - group["lr"] * group["weight_decay"])
                parameter.add_(matrix.view_as(parameter), alpha=-group["lr"] * scale)


def optimizers(
    network: nn.Module,
    lr: float,
    weight_decay: float,
    muon: bool,
    borrowed: Sequence[nn.Parameter] = (),
    borrowed_rate: float = 1.0,
) -> list[torch.optim.Optimizer]:
    """What trains `network`: AdamW for everything, or Muon for the convolutions between the first
    and the head. Parameters that begin with published weights are AdamW's, at `borrowed_rate` times the
    learning rate. A group's `factor` says at how much of the rate it learns, `borrowed` whether it
    began so."""
    theirs = set(map(id, borrowed))
    trained = [
        (name.removeprefix("network."), parameter)
        for name, parameter in network.named_parameters()
        if id(parameter) not in theirs
    ]
    inner = [
        parameter
        for name, parameter in trained
        if muon and parameter.ndim > 1 and parameter.shape[1] > 1 and not name.startswith(("head.", "hints."))
    ]
    chosen = set(map(id, inner))
    decayed = [parameter for _, parameter in trained if parameter.ndim > 1 and id(parameter) not in chosen]
    plain = [parameter for _, parameter in trained if parameter.ndim <= 1]
    groups = [
        {"params": decayed, "factor": 1.0, "borrowed": False},
        {"params": plain, "weight_decay": 0.0, "factor": 1.0, "borrowed": False},
    ]
    if borrowed:
        groups += [
            {
                "params": [parameter for parameter in borrowed if parameter.ndim > 1],
                "factor": borrowed_rate,
                "borrowed": True,
            },
            {
                "params": [parameter for parameter in borrowed if parameter.ndim <= 1],
                "weight_decay": 0.0,
                "factor": borrowed_rate,
                "borrowed": True,
            },
        ]
    adam = torch.optim.AdamW(groups, lr=lr, weight_decay=weight_decay, betas=(0.9, 0.98))
    return [adam, Muon(inner, lr, weight_decay)] if inner else [adam]
