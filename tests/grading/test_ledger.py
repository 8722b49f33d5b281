"""The ledger: what it keeps of the grading before the last one, and entries that know less."""

from __future__ import annotations

import json

from rnnkit.grading.ledger import GRADED, Entry, Ledger

SCORES = {
    "rho": {"notebook": "a.ipynb", "points": 1.5, "most": 2.0, "extra": False, "status": "partly right", "text": ""},
    "more": {"notebook": "a.ipynb", "points": 1.0, "most": 1.0, "extra": True, "status": "solved", "text": ""},
}


def test_what_stands_is_kept_for_the_next_grading():
    entry = Entry("anna", GRADED, graded="2026-01-02T00:00:00+00:00", scores=SCORES)
    scores = {"rho": 1.5, "more": 1.0}
    assert entry.standing == {"graded": entry.graded, "points": 1.5, "scores": scores}
    assert Entry("anna", GRADED, graded=entry.graded).standing == {}


def test_entries_without_later_fields_are_read_and_kept(tmp_path):
    path, old = tmp_path / "ledger.json", {"student": "anna", "status": GRADED, "scores": SCORES}
    path.write_text(json.dumps({"entered": {}, "assignments": {"toy": {"anna": old}}}))
    ledger = Ledger(path, "toy")
    assert ledger.entries["anna"].before == {}
    assert ledger.entries["anna"].points == 1.5
    ledger.save()
    assert Ledger(path, "toy").entries == ledger.entries
