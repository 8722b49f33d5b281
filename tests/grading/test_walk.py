"""A submitted folder is looked through, whatever lies in it."""

from __future__ import annotations

import os

from hostile.base import deep

from rnnkit.grading import walk
from rnnkit.grading.course.submission import stage_data
from rnnkit.grading.ledger import tree_hash


def found(folder):
    return {inside: about is not None for inside, about in walk.walk(folder)}


def test_files_and_links_are_found_and_links_not_followed(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "data.npz").write_text("x")
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "gone").symlink_to("/nowhere")
    os.mkfifo(tmp_path / "pipe")
    assert found(tmp_path) == {"gone": True, "loop": True, "pipe": True, "a/b/data.npz": True}


def test_what_is_too_deep_or_too_much_is_named_and_nothing_breaks(tmp_path, monkeypatch):
    folder = tmp_path / "folder"
    folder.mkdir()
    deep(folder, 150)
    ((inside, there),) = found(folder).items()
    assert not there
    assert inside.count("/") == walk.DEEPEST
    assert stage_data(folder, tmp_path / "stage")[0].endswith("ignored")
    assert tree_hash(folder) == tree_hash(folder)
    monkeypatch.setattr(walk, "MOST", 5)
    many = tmp_path / "many"
    many.mkdir()
    for number in range(10):
        (many / f"{number}").write_text("")
    assert sum(not there for there in found(many).values()) == 1


def test_a_change_of_anything_changes_the_hash(tmp_path):
    path = tmp_path / "x"
    seen = {tree_hash(tmp_path)}
    path.write_text("1")
    seen.add(tree_hash(tmp_path))
    path.write_text("2")
    seen.add(tree_hash(tmp_path))
    path.unlink()
    path.symlink_to("1")
    seen.add(tree_hash(tmp_path))
    path.unlink()
    path.symlink_to("2")
    seen.add(tree_hash(tmp_path))
    assert len(seen) == 5
