"""``rnnkit release``: renews the students' copies of the notebooks and the archive that students are given."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rnnkit.assignments import get_assignment
from rnnkit.cli.guard import Parser
from rnnkit.common.names import BadValue, unknown
from rnnkit.common.places import clone_root
from rnnkit.common.variant import VARIANTS
from rnnkit.grading.variants import keep, kept, place


def main(argv: Sequence[str]) -> int:
    """``rnnkit release``: 0 done, 1 where ``--check`` finds a difference, 2 where it cannot be done."""
    parser = Parser(prog="rnnkit release", description="Renew release/ and the students' zips in dist/.")
    parser.add_argument("assignments", nargs="*", metavar="ASSIGNMENT", help="only these (default: all)")
    parser.add_argument("--check", action="store_true", help="change nothing: only say whether release/ is up to date")
    told = "settings of the runs are drawn from each student's id and this word, which is in the zip (README.md)"
    parser.add_argument("--variants", metavar="WORD", help=told)
    parser.add_argument("--course", type=Path, help="with --variants: the folder with grading/ in it (the clone)")
    options = parser.parse_args(argv)
    from rnnkit.grading.release.release import CONSTRAINTS, RELEASE, ReleaseError, archive, assignments, build, check

    root = clone_root()
    chosen = options.assignments or assignments(root)
    for name in chosen:
        if name not in assignments(root):
            raise ReleaseError(unknown(name, assignments(root), "assignment"))
    if options.variants is not None and (len(options.assignments) != 1 or options.check):
        raise BadValue("--variants: expected one ASSIGNMENT to be named before it, and no --check")
    course = (options.course or root).resolve()
    if options.variants is not None:
        keep(course, get_assignment(chosen[0]).variants(options.variants))
    variants = {name: one for name in chosen if (one := kept(course, name))}
    changed = check(root, chosen) if options.check else build(root, chosen, variants)
    for name in changed:
        print(f"{RELEASE}/{name}: {'differs from the sources' if options.check else 'renewed'}")
    if not changed:
        print(f"{RELEASE}/ is up to date")
    for name in () if options.check else chosen:
        own = f", and {VARIANTS}: {variants[name].word}, kept in {place(course, name)}" if name in variants else ""
        print(f"{archive(root, name).relative_to(root)}: the students' files, wheel and {CONSTRAINTS}{own}")
    return 1 if options.check and changed else 0
