"""``rnnkit release``: renews the students' copies of the notebooks and the archive that students are given."""

from __future__ import annotations

from collections.abc import Sequence

from rnnkit.cli.guard import Parser
from rnnkit.common.names import unknown
from rnnkit.common.places import clone_root


def main(argv: Sequence[str]) -> int:
    """``rnnkit release``: 0 done, 1 where ``--check`` finds a difference, 2 where it cannot be done."""
    parser = Parser(prog="rnnkit release", description="Renew release/ and the students' zips in dist/.")
    parser.add_argument("assignments", nargs="*", metavar="ASSIGNMENT", help="only these (default: all)")
    parser.add_argument("--check", action="store_true", help="change nothing: only say whether release/ is up to date")
    options = parser.parse_args(argv)
    from rnnkit.grading.release.release import CONSTRAINTS, RELEASE, ReleaseError, archive, assignments, build, check

    root = clone_root()
    chosen = options.assignments or assignments(root)
    for name in chosen:
        if name not in assignments(root):
            raise ReleaseError(unknown(name, assignments(root), "assignment"))
    changed = check(root, chosen) if options.check else build(root, chosen)
    for name in changed:
        print(f"{RELEASE}/{name}: {'differs from the sources' if options.check else 'renewed'}")
    if not changed:
        print(f"{RELEASE}/ is up to date")
    for name in () if options.check else chosen:
        print(f"{archive(root, name).relative_to(root)}: the students' files, wheel and {CONSTRAINTS}")
    return 1 if options.check and changed else 0
