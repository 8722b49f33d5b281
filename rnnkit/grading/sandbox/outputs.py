"""What a student's kernel shows, as bounded outputs of a notebook, whatever its messages hold."""

from __future__ import annotations

import json
from typing import Any

from nbformat.v4 import new_output

MOST_VALUES = 200_000  # of a message
MOST_LINES = 200  # of a traceback
SHOWN = ("stream", "display_data", "execute_result", "error")
KEPT = ("text/plain", "image/png", "image/jpeg")
CUT = "[output cut by the grader]\n"


class Outputs:
    """What a cell shows, within a budget of bytes and messages that the cells of a notebook share."""

    def __init__(self, most_bytes: int = 200_000, budget: dict[str, int] | None = None) -> None:
        self.shown: list[Any] = []
        self.left = most_bytes
        self.budget = {"bytes": 2_000_000, "messages": 2000} if budget is None else budget
        self.cut = False

    def take(self, kind: str, content: dict[str, Any]) -> None:
        """Keeps one message; drops it, with a note, where the budget is spent."""
        if kind == "clear_output":
            self.shown.clear()
        elif kind in SHOWN:
            output = output_of(kind, content)
            size = _size(output)
            self.budget["messages"] -= 1
            if size > self.left or size > self.budget["bytes"] or self.budget["messages"] < 0:
                if not self.cut:
                    self.cut = True
                    self.shown.append(new_output("stream", name="stdout", text=CUT))
                return
            self.left -= size
            self.budget["bytes"] -= size
            self._add(output)

    def _add(self, output: Any) -> None:
        last = self.shown[-1] if self.shown and not self.cut else output
        if last is not output and last.output_type == output.output_type == "stream" and last.name == output.name:
            last.text += output.text
        else:
            self.shown.append(output)


def output_of(kind: str, content: dict[str, Any]) -> Any:
    """A message's content as an output, whatever was in it."""
    if kind == "stream":
        name = "stderr" if content.get("name") == "stderr" else "stdout"
        return new_output("stream", name=name, text=_text(content.get("text")))
    if kind == "error":
        lines = content.get("traceback")
        traceback = [_text(line) for line in lines[:MOST_LINES]] if isinstance(lines, list) else []
        return new_output(
            "error", ename=_text(content.get("ename")), evalue=_text(content.get("evalue")), traceback=traceback
        )
    data = content.get("data")
    bundle = data if isinstance(data, dict) else {}
    texts = {mime: bundle[mime] for mime in KEPT if isinstance(bundle.get(mime), str)}
    return new_output("display_data", data=texts)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _size(output: Any) -> int:
    texts = output.get("data", {}).values() if output.output_type == "display_data" else output.get("traceback", [])
    named = (output.get(name, "") for name in ("text", "ename", "evalue"))
    return sum(map(len, [*texts, *named]))


def careful_json(text: bytes) -> Any:
    """The content of a message; one of very many small values, which would fill the memory, is a `ValueError`."""
    if sum(text.count(sign) for sign in (b"[", b"{", b",")) > MOST_VALUES:
        raise ValueError(f"a message of more than {MOST_VALUES} values")
    return json.loads(text)
