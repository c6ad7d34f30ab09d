"""The optimizer: Muon for the kernels of convolutions, AdamW for the rest.

Muon (Jordan 2024) replaces the momentum of a weight matrix by the nearest orthogonal matrix, so that
all directions of the matrix learn alike. Scaled by 0.2·√max(rows, columns) (Liu et al. 2025,
"Muon is scalable for LLM training", §2.2) its steps are as large as those of AdamW, so that one
learning rate serves both.
"""

from __future__ import annotations

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

    def __init__(self, parameters: list[nn.Parameter], lr: float, weight_decay: float,
                 momentum: float = 0.95) -> None:
        super().__init__([{"params": parameters, "factor": 1.0}],
                         {"lr": lr, "weight_decay": weight_decay, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:
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


def optimizers(network: nn.Module, lr: float, weight_decay: float, muon: bool,
               encoder_rate: float = 0.0) -> list[torch.optim.Optimizer]:
    """What trains `network`: AdamW for everything, or Muon for the convolutions between the first
    and the head. A pretrained encoder's are AdamW's, at `encoder_rate` times the learning rate; a
    group's `factor` says so."""
    trained, borrowed = [], []
    for name, parameter in network.named_parameters():
        if not parameter.requires_grad:
            continue
        name = name.removeprefix("network.")
        (borrowed if name.startswith("encoder.") else trained).append((name, parameter))
    inner = [parameter for name, parameter in trained if muon and parameter.ndim > 1
             and parameter.shape[1] > 1 and not name.startswith(("head.", "hints."))]
    chosen = set(map(id, inner))
    decayed = [parameter for _, parameter in trained
               if parameter.ndim > 1 and id(parameter) not in chosen]
    plain = [parameter for _, parameter in trained if parameter.ndim <= 1]
    groups = [{"params": decayed, "factor": 1.0},
              {"params": plain, "weight_decay": 0.0, "factor": 1.0}]
    if encoder_rate > 0:
        groups.append({"params": [parameter for _, parameter in borrowed], "weight_decay": 0.0,
                       "factor": encoder_rate})
    adam = torch.optim.AdamW(groups, lr=lr, weight_decay=weight_decay, betas=(0.9, 0.98))
    return [adam, Muon(inner, lr, weight_decay)] if inner else [adam]
