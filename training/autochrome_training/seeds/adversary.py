"""Discriminators and what they and the generators play for.

| kind | discriminator | plays for |
|---|---|---|
| `gan` | dense layers over a picture of 16×16 | cross entropy, not saturating (Goodfellow et al. 2014) |
| `dcgan` | strided convolutions with batch norm | the same (Radford et al. 2016) |
| `lsgan` | the same | least squares (Mao et al. 2017) |
| `ebgan` | an autoencoder | its error, up to a margin (Zhao et al. 2017) |
| `wgan` | convolutions without normalization | the difference of means, weights clipped (Arjovsky et al. 2017) |
| `wgan-gp` | the same | the same, with a penalty on the gradient (Gulrajani et al. 2017) |

All see L and ab, both about ±1, so that they judge a coloring of that gray picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

KINDS = ("gan", "dcgan", "lsgan", "ebgan", "wgan", "wgan-gp")


@dataclass
class Adversary:
    """The table `adversary` of a recipe."""

    kind: str
    weight: float = 0.01
    """How much of the generator's loss it is."""
    channels: int = 32
    """Channels of the first layer."""
    rate: float = 2e-4
    """The learning rate of the discriminator."""
    steps: int = 1
    """Steps of the discriminator for each of the generator's."""
    clip: float = 0.01
    """The largest weight, `wgan`."""
    penalty: float = 10.0
    """How much the gradient's penalty counts, `wgan-gp`."""
    margin: float = 0.1
    """The error that an autoencoder should reach on what is generated, `ebgan`."""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise SystemExit(f"no adversary is called {self.kind}; there are {', '.join(KINDS)}")


def _strided(channels: int, levels: int, norm: bool) -> list[nn.Module]:
    """Convolutions 4×4 of stride 2 with LeakyReLU, the first one from 3 channels."""
    layers: list[nn.Module] = []
    widths = [3, *(channels << min(level, 3) for level in range(levels))]
    for index, (inputs, outputs) in enumerate(pairwise(widths)):
        normed = norm and index > 0
        layers.append(nn.Conv2d(inputs, outputs, 4, 2, 1, bias=not normed))
        layers += [nn.BatchNorm2d(outputs)] if normed else []
        layers.append(nn.LeakyReLU(0.2))
    return layers


class Dense(nn.Module):
    """The discriminator of the first GANs: no convolutions."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.AdaptiveAvgPool2d(16),
            nn.Flatten(),
            nn.Linear(3 * 256, 8 * channels),
            nn.LeakyReLU(0.2),
            nn.Dropout(0.3),
            nn.Linear(8 * channels, 8 * channels),
            nn.LeakyReLU(0.2),
            nn.Dropout(0.3),
            nn.Linear(8 * channels, 1),
        )

    def forward(self, picture: Tensor) -> Tensor:
        return self.layers(picture)[:, 0].float()


class Convolutional(nn.Module):
    """Four halvings and the mean of what each place says."""

    def __init__(self, channels: int, norm: bool) -> None:
        super().__init__()
        self.layers = nn.Sequential(*_strided(channels, 4, norm), nn.Conv2d(8 * channels, 1, 3, padding=1))

    def forward(self, picture: Tensor) -> Tensor:
        return self.layers(picture).float().mean((1, 2, 3))


class Autoencoder(nn.Module):
    """How far its copy of a picture is from it: the energy."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        back: list[nn.Module] = []
        for inputs, outputs in pairwise((4 * channels, 2 * channels, channels, 3)):
            back.append(nn.ConvTranspose2d(inputs, outputs, 4, 2, 1))
            back += [nn.BatchNorm2d(outputs), nn.ReLU()] if outputs > 3 else []
        self.layers = nn.Sequential(*_strided(channels, 3, norm=True), *back)

    def forward(self, picture: Tensor) -> Tensor:
        return (self.layers(picture).float() - picture).square().mean((1, 2, 3))


def discriminator(adversary: Adversary) -> nn.Module:
    """The discriminator of this kind, picture (n, 3, h, w) to a number for each (n,)."""
    match adversary.kind:
        case "gan":
            return Dense(adversary.channels)
        case "ebgan":
            return Autoencoder(adversary.channels)
        case kind:
            return Convolutional(adversary.channels, norm=not kind.startswith("wgan"))


def optimizer(adversary: Adversary, judge: nn.Module) -> torch.optim.Optimizer:
    """The optimizer that each paper uses."""
    match adversary.kind:
        case "wgan":
            # Momentum makes a clipped critic unstable (Arjovsky et al., §4).
            return torch.optim.RMSprop(judge.parameters(), lr=adversary.rate)
        case "wgan-gp":
            return torch.optim.Adam(judge.parameters(), lr=adversary.rate, betas=(0.0, 0.9))
        case _:
            return torch.optim.Adam(judge.parameters(), lr=adversary.rate, betas=(0.5, 0.999))


def _entropy(said: Tensor, real: bool) -> Tensor:
    return F.binary_cross_entropy_with_logits(said, torch.full_like(said, float(real)))


def judged(adversary: Adversary, judge: nn.Module, real: Tensor, made: Tensor) -> tuple[Tensor, float]:
    """The discriminator's loss on real pictures and on generated ones, which carry no gradient; and in how many of
    the cases it is right, 0…1."""
    said_real, said_made = judge(real), judge(made.detach())
    match adversary.kind:
        case "gan" | "dcgan":
            loss = _entropy(said_real, True) + _entropy(said_made, False)
            right = ((said_real > 0).float().mean() + (said_made < 0).float().mean()) / 2
        case "lsgan":
            loss = 0.5 * ((said_real - 1).square().mean() + said_made.square().mean())
            right = ((said_real > 0.5).float().mean() + (said_made < 0.5).float().mean()) / 2
        case "ebgan":
            loss = said_real.mean() + F.relu(adversary.margin - said_made).mean()
            right = (said_made > said_real).float().mean()
        case _:
            loss = said_made.mean() - said_real.mean()
            right = (said_real > said_made).float().mean()
            if adversary.kind == "wgan-gp":
                loss = loss + adversary.penalty * gradient_penalty(judge, real, made.detach())
    return loss, float(right)


def gradient_penalty(judge: nn.Module, real: Tensor, made: Tensor) -> Tensor:
    """The squared distance of the gradient's length from 1 at places between real and generated pictures."""
    share = torch.rand(len(real), 1, 1, 1, device=real.device)
    between = torch.lerp(real, made, share).requires_grad_(True)
    (gradient,) = torch.autograd.grad(judge(between).sum(), between, create_graph=True)
    return (gradient.flatten(1).norm(dim=1) - 1).square().mean()


def fooling(adversary: Adversary, judge: nn.Module, made: Tensor) -> Tensor:
    """The generator's loss: what it plays for."""
    said = judge(made)
    match adversary.kind:
        case "gan" | "dcgan":
            return _entropy(said, True)
        case "lsgan":
            return 0.5 * (said - 1).square().mean()
        case "ebgan":
            return said.mean()
        case _:
            return -said.mean()


@torch.no_grad()
def bound(adversary: Adversary, judge: nn.Module) -> None:
    """Clips the weights of a `wgan`."""
    if adversary.kind == "wgan":
        for parameter in judge.parameters():
            parameter.clamp_(-adversary.clip, adversary.clip)


class DivergedError(Exception):
    """Training came to nothing; says when and why."""


@dataclass
class Balance:
    """Who wins, over the last steps; and whether training still goes anywhere.

    A discriminator that is nearly always right teaches nothing: its steps are left out until it is wrong again."""

    right: float = 0.5
    content: float | None = None
    least: float | None = None
    skipped: int = 0
    steps: int = 0

    WINS = 0.95
    """The share of right answers above which the discriminator waits; not for a Wasserstein critic, which should be
    as good as it can."""
    WORSE = 3.0
    """How many times the least loss of the content so far counts as diverged."""

    def waits(self, adversary: Adversary) -> bool:
        """Whether the discriminator leaves its step out."""
        self.steps += 1
        waits = not adversary.kind.startswith("wgan") and self.right > self.WINS
        self.skipped += waits
        if waits:
            # Forgets slowly what it knew, so that it comes back.
            self.right -= 0.002
        return waits

    def figures(self) -> dict[str, float]:
        """How often the discriminator is right of late, and which share of its steps was left out."""
        return {"right": round(self.right, 3), "left out": round(self.skipped / max(1, self.steps), 3)}

    def update(self, right: float) -> None:
        self.right += 0.05 * (right - self.right)

    def follow(self, content: float, adversarial: float) -> None:
        """Raises `DivergedError` if a number is not finite or the content is far worse than it was."""
        if not (abs(content) < 1e6 and abs(adversarial) < 1e6):
            raise DivergedError(f"the losses are {content:g} (content) and {adversarial:g} (adversary)")
        self.content = content if self.content is None else self.content + 0.02 * (content - self.content)
        self.least = self.content if self.least is None else min(self.least, self.content)
        if self.steps > 100 and self.content > self.WORSE * self.least:
            raise DivergedError(f"the content's loss rose to {self.content:.4g} from {self.least:.4g}")
