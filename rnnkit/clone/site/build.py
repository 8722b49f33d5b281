"""``rnnkit site``: builds the site into ``dist/site``, from the clone alone and without a network."""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rnnkit.cli.guard import Parser
from rnnkit.clone.site.formulas import with_mathml
from rnnkit.common.places import SetupError, clone_root

CONFIG = Path(__file__).with_name("mkdocs.yml")


def build(root: Path, target: Path) -> None:
    """Builds the site.

    Arguments:
        root: the clone.
        target: the folder of the site; what is in it is replaced.

    Raises:
        SetupError: a warning of mkdocs: a link or an anchor that leads nowhere, a page that nothing leads to.
    """
    os.environ.setdefault("NO_MKDOCS_2_WARNING", "1")  # mkdocs-material's banner on what comes after it
    os.environ["COLUMNS"] = "100"  # of the verbs' help
    from mkdocs.commands.build import build as mkdocs
    from mkdocs.config import load_config
    from mkdocs.exceptions import MkDocsException

    from rnnkit.clone.site.contents import write

    logging.basicConfig(format="%(levelname)s %(message)s", level=logging.WARNING)
    with tempfile.TemporaryDirectory() as folder:
        pages = Path(folder) / "pages"
        nav = write(root, pages)
        try:
            mkdocs(load_config(str(CONFIG), docs_dir=str(pages), site_dir=str(target), nav=nav))
        except MkDocsException as error:
            raise SetupError(f"mkdocs: {error}") from error
    (target / "404.html").unlink()  # a server's, with paths from its root
    for page in target.rglob("*.html"):
        page.write_text(with_mathml(page.read_text("utf-8")), encoding="utf-8")


def main(argv: Sequence[str]) -> int:
    """Builds it, and says where its first page is."""
    parser = Parser(prog="rnnkit site", description="Build the documentation as a site.", allow_abbrev=False)
    parser.add_argument("--to", metavar="DIR", type=Path, help="the folder of the site (default: dist/site)")
    root = clone_root()
    target = (parser.parse_args(argv).to or root / "dist" / "site").absolute()
    build(root, target)
    print(f"open {target / 'index.html'}")
    return 0
