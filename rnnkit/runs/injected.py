"""Parameters that papermill injects into a notebook: those that it does not know are refused."""

from __future__ import annotations

import ast

from rnnkit.common.looking import cells_run
from rnnkit.common.names import BadValue, unknown

MARK = "# Parameters\n"  # how the cell begins that papermill adds behind the notebook's own parameters


def refuse_unknown(*known: str) -> None:
    """Refuses injected parameters that are none of the notebook's: papermill runs the defaults in their place.

    Only the cell that ran last before this one is looked at, and only if it is papermill's.

    Arguments:
        known: the notebook's parameters.

    Raises:
        BadValue: with the nearest match.
    """
    for name in _injected():
        if name not in known:
            raise BadValue(f"{unknown(name, known, 'parameter')} (papermill -p NAME VALUE)")


def _injected() -> list[str]:
    """The names that the cell before the running one sets, if papermill wrote it."""
    ran = cells_run()
    if len(ran) < 2 or not ran[-2].startswith(MARK):
        return []
    try:
        tree = ast.parse(ran[-2])
    except SyntaxError:
        return []
    targets = [target for node in tree.body if isinstance(node, ast.Assign) for target in node.targets]
    return [target.id for target in targets if isinstance(target, ast.Name)]
