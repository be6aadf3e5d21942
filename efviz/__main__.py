"""python -m efviz: data sets and sweeps without a browser."""

import argparse
import sys
from collections.abc import Sequence

from efviz.datasets import DATASETS, DataUnavailable, load


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit status."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.command(options))
    except (DataUnavailable, ValueError) as error:
        print(f"efviz: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("efviz: stopped; what was finished is kept", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m efviz", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")
    data = commands.add_parser(
        "data",
        help="list the real data sets, where each came from, and fetch those that are not here",
        description="List the real data sets and where each came from, and fetch the rest.",
    )
    data.add_argument("names", nargs="*", metavar="name", help="only these data sets")
    data.add_argument("--no-fetch", action="store_true", help="list only, ask no network")
    data.set_defaults(command=_data)
    return parser


def _data(options: argparse.Namespace) -> int:
    unknown = [name for name in options.names if name not in DATASETS]
    if unknown:
        raise ValueError(f"no data set {unknown[0]!r}; there are {', '.join(DATASETS)}")
    missing = []
    for name in options.names or DATASETS:
        entry = DATASETS[name]
        if not entry.found() and entry.remote and not options.no_fetch:
            try:
                entry.remote.table(progress=sys.stderr.isatty())
            except DataUnavailable as error:
                missing.append(str(error))
        found = entry.found()
        words = found or "not here"
        if found:
            data = load(name)
            words = f"{data.X.shape[0]} × {data.X.shape[1]}, from {found}"
        print(f"{name}: {entry.title}\n  {words}\n  {entry.citation}; {entry.licence}")
        print(f"  {entry.notes}\n")
    for sentence in missing:
        print(f"efviz: {sentence}", file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    raise SystemExit(main())
