"""``rnnkit release``: renews the students' copies of the notebooks and the archive that students are given."""

from __future__ import annotations

from collections.abc import Sequence

from rnnkit.cli.guard import Parser
from rnnkit.clone.setup_env import clone_root


def main(argv: Sequence[str]) -> int:
    """``rnnkit release``: 0 done, 1 where ``--check`` finds a difference, 2 where it cannot be done."""
    parser = Parser(prog="rnnkit release", description="Renew release/ and dist/student.zip.")
    parser.add_argument("--check", action="store_true", help="change nothing: only say whether release/ is up to date")
    options = parser.parse_args(argv)
    from rnnkit.grading.release.release import ARCHIVE, CONSTRAINTS, RELEASE, build, check

    root = clone_root()
    changed = check(root) if options.check else build(root)
    for name in changed:
        print(f"{RELEASE}/{name}: {'differs from the sources' if options.check else 'renewed'}")
    if not changed:
        print(f"{RELEASE}/ is up to date")
    if not options.check:
        print(f"{ARCHIVE}: the students' files, wheel and {CONSTRAINTS}")
    return 1 if options.check and changed else 0
