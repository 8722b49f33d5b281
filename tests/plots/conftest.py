"""Notebooks before a person, without one."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from rnnkit.plots import widgets


@pytest.fixture
def in_front_of_a_person(monkeypatch):
    monkeypatch.delenv("RNNKIT_PLAIN", raising=False)
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)


@pytest.fixture
def shown(monkeypatch):
    """The places that pictures were displayed in, and what stands there now."""
    seen = []

    def display(data, **_):
        place = len(seen)
        seen.append(data)
        return SimpleNamespace(update=lambda data, raw: seen.__setitem__(place, data))

    monkeypatch.setattr(widgets, "display", display)
    return seen
