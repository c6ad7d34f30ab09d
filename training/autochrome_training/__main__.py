"""`python -m autochrome_training`: hold out, prepare, train, export, report; seeds."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from . import data, loop


def hold_out(options: argparse.Namespace) -> None:
    print(json.dumps(data.hold_out(options.sources, options.of, options.each, options.folder)))


def prepare(options: argparse.Namespace) -> None:
    manifest = data.prepare(options.sources, options.pool, options.side, options.exclude, options.processes)
    reasons: dict[str, int] = {}
    for entry in manifest["dropped"]:
        reason = entry["reason"].split()[0]
        reasons[reason] = reasons.get(reason, 0) + 1
    print(json.dumps({"kept": len(manifest["kept"]), "dropped": reasons}))


def train(options: argparse.Namespace) -> None:
    recipe = loop.Recipe.read(options.recipe)
    if options.pictures:
        recipe.pictures = options.pictures
    if options.learning_rate:
        recipe.learning_rate = options.learning_rate
    start = None
    if options.start:
        from . import export

        start = export.read_weights(options.start)
    options.checkpoint.parent.mkdir(parents=True, exist_ok=True)
    loop.train(
        recipe,
        options.pool,
        options.checkpoint,
        start=start,
        minutes=options.minutes,
        prior=np.load(options.prior) if options.prior else None,
        seed=options.seed,
        validation=options.validation,
        teacher=options.teacher,
    )


def export_model(options: argparse.Namespace) -> None:
    from . import export

    export.export(options.checkpoint, options.model, options.name)


def reach(options: argparse.Namespace) -> None:
    from . import reach as hints

    hints.write(options.model, options.pool, options.output, options.pictures, options.steps)


def report(options: argparse.Namespace) -> None:
    from . import report as figures

    print(figures.write(options.autochrome, options.models, options.pictures, options.dials, options.prior), end="")


def seeds(options: argparse.Namespace) -> None:
    from .seeds import figures

    pool = options.pool or options.work / "pool"
    if not (pool / "manifest.json").exists():
        if not options.photographs:
            raise SystemExit(f"{pool}: no pool; name photographs to make it from (--photographs)")
        data.prepare(options.photographs, pool, 128, [options.pictures], options.processes)
    work = figures.Work(options.work, pool, options.pictures, options.prior, options.autochrome)
    print(figures.make(work, options.only, options.processes, not options.measure_only), end="")


def main() -> None:
    parser = argparse.ArgumentParser(prog="autochrome_training", description=__doc__)
    commands = parser.add_subparsers(required=True)

    command = commands.add_parser(
        "hold-out", help="pictures of some sources to a folder: figures by kind, never trained on"
    )
    command.add_argument("sources", type=Path, nargs="+", help="tar files and folders")
    command.add_argument("--of", nargs="+", required=True, help="the sources: names of folders")
    command.add_argument("--each", type=int, default=80, help="pictures of each (default 80)")
    command.add_argument("--folder", type=Path, required=True, help="where they are written")
    command.set_defaults(run=hold_out)

    command = commands.add_parser("prepare", help="pictures to a pool")
    command.add_argument("sources", type=Path, nargs="+", help="tar files and folders")
    command.add_argument("--pool", type=Path, required=True, help="the folder that is filled")
    command.add_argument("--side", type=int, default=176, help="of the squares (default 176)")
    command.add_argument(
        "--exclude", type=Path, nargs="*", default=[], help="pictures that must not be trained on, nor copies of them"
    )
    command.add_argument("--processes", type=int, default=2)
    command.set_defaults(run=prepare)

    command = commands.add_parser("train", help="a pool to a checkpoint; goes on where it stands")
    command.add_argument("recipe", type=Path)
    command.add_argument("--pool", type=Path, required=True)
    command.add_argument("--checkpoint", type=Path, required=True)
    command.add_argument("--validation", type=Path, help="a pool to measure on, not to train on")
    command.add_argument("--start", type=Path, help="begin with this model (.onnx or .pt)")
    command.add_argument("--teacher", type=Path, help="a checkpoint that is asked about each crop")
    command.add_argument(
        "--prior",
        type=Path,
        help="probabilities of the 313 bins (.npy); by default those of --start, or measured in the pool",
    )
    command.add_argument("--minutes", type=float, help="stop then; the next call goes on")
    command.add_argument("--pictures", type=int, help="instead of the recipe's number")
    command.add_argument("--learning-rate", type=float, help="instead of the recipe's")
    command.add_argument("--seed", type=int, default=1)
    command.set_defaults(run=train)

    command = commands.add_parser("export", help="a checkpoint to an ONNX model")
    command.add_argument("checkpoint", type=Path)
    command.add_argument("model", type=Path)
    command.add_argument("--name", help="the model's name (default: that of the file)")
    command.set_defaults(run=export_model)

    command = commands.add_parser("reach", help="how far hints reach: a pool and a model to hint-reach.json")
    command.add_argument("model", type=Path, help="the ONNX model that colorizes")
    command.add_argument("output", type=Path)
    command.add_argument("--pool", type=Path, required=True)
    command.add_argument("--pictures", type=int, default=1900, help="to train on (default %(default)s)")
    command.add_argument("--steps", type=int, default=12000, help="one picture each (default %(default)s)")
    command.set_defaults(run=reach)

    command = commands.add_parser("report", help="models to a table of figures")
    command.add_argument("models", type=Path, nargs="+")
    command.add_argument("--pictures", type=Path, required=True, help="color pictures, not trained on")
    command.add_argument("--dials", default="0:1,0.6:0.5,1:0.7", help="VIVIDNESS:TEMPERATURE, … (default %(default)s)")
    command.add_argument("--prior", type=Path, help="of the rebalanced figures (.npy)")
    command.add_argument("--autochrome", type=Path, default=Path("autochrome"))
    command.set_defaults(run=report)

    command = commands.add_parser("seeds", help="the systems of the literature: trained, measured, compared")
    command.add_argument("work", type=Path, help="the folder that is filled; what is there is not made again")
    command.add_argument("--pictures", type=Path, required=True, help="color pictures, not trained on")
    command.add_argument("--prior", type=Path, required=True, help="probabilities of the 313 bins (.npy)")
    command.add_argument("--photographs", type=Path, nargs="*", help="tar files and folders to train on")
    command.add_argument("--pool", type=Path, help="a pool to train on (default: WORK/pool)")
    command.add_argument("--only", nargs="*", default=[], help="names of systems, or beginnings of names")
    command.add_argument("--processes", type=int, default=2, help="systems that are trained at once")
    command.add_argument("--measure-only", action="store_true", help="train none, measure those that are trained")
    command.add_argument("--autochrome", type=Path, default=Path("autochrome"))
    command.set_defaults(run=seeds)

    options = parser.parse_args()
    options.run(options)


if __name__ == "__main__":
    main()
