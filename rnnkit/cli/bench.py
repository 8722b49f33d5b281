"""``rnnkit bench``: how fast the engines are against each other, or what an assignment trains against a plain loop."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rnnkit.cli.guard import Parser


def make_parser() -> Parser:
    """The flags of ``rnnkit bench``."""
    parser = Parser(prog="rnnkit bench", description="Time the engines against each other.", allow_abbrev=False)
    parser.add_argument("of", nargs="?", default="", metavar="ASSIGNMENT", help="what it trains, in the engines' place")
    parser.add_argument("--quick", action="store_true", help="fewer rounds: a minute, rougher")
    parser.add_argument(
        "--only", action="append", choices=("step", "chunk", "regimes"), help="this part (may be given several times)"
    )
    parser.add_argument("--T", type=int, default=125, metavar="N", help="time steps (default: %(default)s)")
    parser.add_argument("--B", type=int, default=20, metavar="N", help="sequences of a step (default: %(default)s)")
    parser.add_argument("--H", type=int, default=50, metavar="N", help="hidden units (default: %(default)s)")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write everything that was found")
    parser.add_argument("--plot", metavar="FILE", type=Path, help="draw it (png, svg or pdf)")
    parser.add_argument("--wall", action="store_true", help="the time that passes (default: processor time)")
    parser.add_argument("--device", default="cpu", help="cpu (the default) or cuda")
    return parser


def main(argv: Sequence[str]) -> int:
    """Prints tables, writes JSON and a picture where asked; 2 for a bad value."""
    parser = make_parser()
    options = parser.parse_args(argv)
    import torch

    from rnnkit.bench import bench
    from rnnkit.bench.cases import BenchError

    for file in filter(None, (options.json, options.plot)):
        if not file.absolute().parent.is_dir():
            raise BenchError(f"{file}: expected a folder that is there, found none; make it first")
    if options.plot and options.plot.suffix not in (".png", ".svg", ".pdf"):
        raise BenchError(f"--plot: expected a file that ends in .png, .svg or .pdf, got {options.plot}")
    for flag in ("T", "B", "H", "only", "device"):
        if options.of and getattr(options, flag) != parser.get_default(flag):
            raise BenchError(f"--{flag} has no effect on {options.of}, which has its own sizes; leave it out")
    for flag in ("T", "B", "H"):
        if getattr(options, flag) < 1:
            raise BenchError(f"--{flag}: expected at least 1, got {getattr(options, flag)}")
    if not re.fullmatch(r"cpu|cuda(:[0-9]{1,3})?", options.device):
        raise BenchError(f"--device: expected cpu or cuda, got {options.device!r}; give one of them")
    if options.device != "cpu" and not torch.cuda.is_available():
        raise BenchError(f"--device: expected a CUDA device for {options.device!r}, found none; use cpu")
    torch.set_num_threads(1)  # as in training
    plan = bench.Plan(
        options.only or tuple(bench.TITLES), bench.QUICK if options.quick else bench.FULL,
        options.T, options.B, options.H, device=options.device, wall=options.wall, of=options.of,
    )  # fmt: skip
    result = bench.bench(plan, lambda text: print(text, flush=True))
    if options.json:
        options.json.write_text(json.dumps(result, indent=1, default=asdict) + "\n", encoding="utf-8")
    if options.plot:
        from rnnkit.bench.picture import figure

        figure(result).savefig(options.plot, dpi=110)
    return 0
