"""``rnnkit lengths RECORD``: a regime's trained network on longer sequences, as a table and a picture."""

from __future__ import annotations

import argparse
import csv
import io
from collections.abc import Sequence
from pathlib import Path

import torch
from tqdm.auto import tqdm

from rnnkit.cli.guard import Parser
from rnnkit.common.whole import save_text
from rnnkit.record.file import load, regime_of
from rnnkit.runs.lengths import LENGTHS, SEED, Row, error_by_length
from rnnkit.runs.perform import OutputError


def make_parser() -> argparse.ArgumentParser:
    """The flags of ``rnnkit lengths``."""
    parser = Parser(prog="rnnkit lengths", description=__doc__, allow_abbrev=False)
    parser.add_argument("record", metavar="RECORD", help="a ..._final_state.npz")
    parser.add_argument("--lengths", type=int, nargs="+", default=LENGTHS, metavar="L", help="steps")
    parser.add_argument("--sequences", type=int, default=1000, metavar="N", help="sequences of each length")
    parser.add_argument("--seed", type=int, default=SEED, metavar="N", help=f"of the sequences (default: {SEED})")
    parser.add_argument("--out", metavar="DIR", help="where table and picture go (default: beside it)")
    return parser


def main(argv: Sequence[str]) -> int:
    """``rnnkit lengths``: 0, 2 for a bad value, 130 for Ctrl-C."""
    arguments = make_parser().parse_args(argv)
    from rnnkit.plots.length import plot_error_by_length

    torch.set_num_threads(1)
    record = load(arguments.record)
    regime_of(record)  # refused before work begins
    out = Path(arguments.out or Path(arguments.record).parent)
    if not out.is_dir():
        raise OutputError(f"--out {out}: expected a folder, found none; make it first")
    with tqdm(total=len(arguments.lengths) * arguments.sequences, unit="sequence", disable=None) as bar:
        rows = error_by_length(record, arguments.lengths, arguments.sequences, arguments.seed, bar.update)
    stem = Path(arguments.record).name.removesuffix(".npz").removesuffix("_final_state")
    table = save_text(out / f"{stem}_lengths.csv", table_of(rows))
    picture = out / f"{stem}_lengths.png"
    plot_error_by_length(record, rows).savefig(picture, dpi=150)
    print(f"{table_of(rows)}table: {table}\npicture: {picture}")
    return 0


def table_of(rows: Sequence[Row]) -> str:
    """CSV: length (steps), sequences, wrong, error (percent), nll (nats)."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(Row._fields)
    writer.writerows(row._replace(error=round(row.error, 3), nll=round(row.nll, 5)) for row in rows)
    return text.getvalue()
