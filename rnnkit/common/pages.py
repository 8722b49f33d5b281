"""The HTML pages that the kit writes: one head, one style and one script for all of them."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import rnnkit

if TYPE_CHECKING:
    import jinja2


def pages(package: str, **filters: Callable[..., Any]) -> jinja2.Environment:
    """The templates of a package, which extend ``page.html``; a page that sets ``scripted`` has ``page.js``.

    A page is whole in one file, loads nothing, and runs no other script than that: its policy names the script's hash.

    Arguments:
        package: that has the templates, in its folder of that name.
        filters: of the templates, beside ``points``.
    """
    import jinja2

    made = jinja2.Environment(
        loader=jinja2.ChoiceLoader([jinja2.PackageLoader(package), jinja2.PackageLoader("rnnkit.common")]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    assert made.loader is not None
    script = made.loader.get_source(made, "page.js")[0]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    made.globals |= {"version": rnnkit.__version__, "script": script, "script_hash": f"sha256-{digest}"}
    made.filters |= {"points": lambda number: f"{round(number, 2):g}", **filters}
    return made
