"""Tables of figures in Markdown, measured by `autochrome evaluate` on the real path."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path


def evaluate(autochrome: Path, model: Path, pictures: Path, dials: str, prior: Path | None) -> dict:
    """What `autochrome evaluate` finds for one model."""
    command = [
        str(autochrome),
        "evaluate",
        str(pictures),
        "--model",
        str(model),
        "--dials",
        dials,
        "--json",
        "--progress",
        "none",
        *(["--prior", str(prior)] if prior else []),
    ]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        raise SystemExit(f"{' '.join(command)}: {result.stderr.strip()}")
    return json.loads(result.stdout)


def table(found: list[tuple[str, dict]]) -> str:
    """A row for each model and setting of the dials, and those of the paper."""
    lines = [
        "| network | vividness | T | AuC | gain | rebalanced | gain | PSNR | SSIM | ΔE₀₀ | colorfulness | ΔCF |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]

    def row(name: str, figures: dict, *dials: str) -> str:
        gains = [f"{figures[key]:+.2f}" if key in figures else "" for key in ("aucGain", "rebalancedAUCGain")]
        cells = [
            name,
            *dials,
            f"{figures['auc']:.2f}",
            gains[0],
            f"{figures['rebalancedAUC']:.2f}",
            gains[1],
            f"{figures['psnr']:.2f}",
            f"{figures['ssim']:.4f}",
            f"{figures['deltaE2000']:.2f}",
            f"{figures['colorfulness']:.1f}",
            f"{figures['deltaColorfulness']:.1f}",
        ]
        return f"| {' | '.join(cells)} |"

    first = found[0][1]
    lines.append(row("gray", first["gray"], "", ""))
    for name, report in found:
        seen = set()
        for figures in report["rows"]:
            # The dials do nothing to a network that gives ab.
            key = tuple(figures[name] for name in ("auc", "rebalancedAUC", "colorfulness"))
            if key in seen:
                continue
            seen.add(key)
            dials = [
                f"{figures[key]:g}" if figures.get(key) is not None else "" for key in ("vividness", "temperature")
            ]
            lines.append(row(name, figures, *dials))
    for published in first["published"]:
        lines.append(
            f"| {published['name']} (published) | | | | {published['aucGain']:+.1f} | | "
            f"{published['rebalancedAUCGain']:+.1f} | | | | | |"
        )
    lines.append("")
    lines.append(f"{first['pictures']} pictures; colorfulness of the truth {first['truthColorfulness']:.1f}.")
    return "\n".join(lines) + "\n"


def write(autochrome: Path, models: list[Path], pictures: Path, dials: str, prior: Path | None) -> str:
    """The table of `models`, each under the name of its file."""
    return table([(model.stem, evaluate(autochrome, model, pictures, dials, prior)) for model in models])
