"""One HTML page of a folder of runs: pictures, facts and commands."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from rnnkit.common.pages import pages
from rnnkit.common.whole import save_text
from rnnkit.regimes import REGIMES

PAGE = "report.html"
EMPTY = {"about": "", "units": "", "sections": [], "verdicts": {}, "floors": {}, "runs": []}


def write_page(folder: Path, page: Mapping[str, Any], missing: Mapping[str, str], command: str) -> Path:
    """Writes ``report.html``: self-contained, no network, no scripts.

    Arguments:
        folder: of the runs.
        page: ``title`` and ``facts`` (a row of a table for each run's label); what else there is, as in `EMPTY`:
            ``about`` the runs in a sentence, ``units`` of the facts, ``sections`` with pictures, ``verdicts`` of
            classes and evidence, ``floors`` with their meaning, ``runs`` with title, status and the words of a command.
        missing: runs without a record, and why.
        command: that makes the page again, but for the folder.

    Returns:
        The page's path.
    """
    command = f"{command} {shlex.quote(str(folder))}"
    facts = page["facts"].values()
    # not all have all of them, and what none has is left out
    columns = [*dict.fromkeys(name for row in facts for name, value in row.items() if value not in ("", None))]
    template = pages("rnnkit.plots").get_template("report.html")
    made = template.render(**(EMPTY | dict(page)), columns=columns, missing=missing, command=command)
    return save_text(folder / PAGE, made)


def labelled(records: Mapping[str, Any], known: Iterable[str] = REGIMES) -> dict[str, Any]:
    """Records under the short names of their runs (A1, B2), where those are the beginning and tell them apart.

    The known runs come in their order, then the others.
    """
    order = {label: place for place, label in enumerate(known)}
    short = {name: head if (head := name.split("_")[0]) in order else name for name in records}
    twice = {label for label, count in Counter(short.values()).items() if count > 1}
    labels = {name if label in twice else label: name for name, label in short.items()}
    return {label: records[labels[label]] for label in sorted(labels, key=lambda one: order.get(one, len(order)))}
