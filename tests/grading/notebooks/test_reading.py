"""Submitted notebooks' files: found by their names, read whatever is in them, and cleaned."""

from __future__ import annotations

import json
import os
import tracemalloc

import pytest
from course import NAME, ROOT
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnkit.grading.notebooks.reading import BadSubmission, find, read

GIVEN = json.loads((ROOT / "release" / NAME / "1_cells.ipynb").read_text(encoding="utf-8"))


def submission(**texts):
    """The given notebook with these texts in it."""
    return {**GIVEN, "cells": [{**cell, "source": texts.get(cell["id"], cell["source"])} for cell in GIVEN["cells"]]}


def cell_of(notebook, name):
    return next(cell for cell in notebook["cells"] if cell["id"] == name)


@settings(max_examples=150)
@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode("utf-16", "replace")))
def test_any_bytes_are_refused_with_a_reason_in_one_line(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("any") / "1_cells.ipynb"
    path.write_bytes(content)
    with pytest.raises(BadSubmission, match=r"^1_cells\.ipynb: [^\n]+$"):
        read(path)


# ---- files -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_texts_of_every_usual_encoding_are_read(tmp_path, encoding):
    path = tmp_path / "1_cells.ipynb"
    text = json.dumps(submission(rnn_step_solution="# é"), ensure_ascii=False)
    path.write_bytes((b"\xff\xfe" if encoding == "utf-16-le" else b"") + text.encode(encoding))
    assert cell_of(read(path), "rnn_step_solution")["source"] == "# é"


REFUSED = {
    "empty": (b"", r"is empty"),
    "pdf": (b"%PDF-1.7\n" + bytes(range(256)), "is it a PDF"),
    "zip": (b"PK\x03\x04\xff\xfe\xff", "is it a zip"),
    "truncated": (json.dumps(submission()).encode()[:5000], "is it complete"),
    "list": (b"[]", "JSON that is a list"),
    "no_cells": (b"{}", "without a list of cells"),
    "deep": (b"[" * 100_000 + b"]" * 100_000, "nested too deeply"),
    "deep_in_cells": (b'{"cells": ' + b"[" * 90_000 + b"]" * 90_000 + b"}", "nested too deeply"),
    "digits": (b'{"cells": ' + b"9" * 10_000 + b"}", "no valid JSON"),
    "brackets": (b"[" + b"[]," * 1_000_000 + b"0]", "too many parts"),
    "dicts": (b'{"x": [' + b'{"1": 1.5},' * 310_000 + b"0]}", "too many parts"),
    "brackets after quotes": (b'["\\\\", "\\"", ' + b"[]," * 310_000 + b"0]", "too many parts"),
    "large": (b" " * (21 << 20), "at most 20 MB"),
    "many": (b'{"cells": [' + b"{}," * 5000 + b"{}]}", "at most 400 cells, got 5001"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_is_no_notebook_is_refused(tmp_path, name):
    content, reason = REFUSED[name]
    path = tmp_path / "1_cells.ipynb"
    path.write_bytes(content)
    with pytest.raises(BadSubmission, match=rf"^1_cells\.ipynb: [^\n]*{reason}"):
        read(path)


def test_large_outputs_are_read_as_long_as_they_are_texts_and_numbers(tmp_path):
    notebook = submission()
    script = {"text/html": 'require([{"a": "\\\\"}], {});' * 200_000}
    rows = [[0.5] * 10] * 20_000
    numbers = {"application/vnd.plotly.v1+json": {"data": [{"x": rows, "y": rows}]}}
    cell_of(notebook, "rnn_step")["outputs"] = [{"output_type": "display_data", "data": script | numbers}]
    path = tmp_path / "1_cells.ipynb"
    path.write_text(json.dumps(notebook))
    assert read(path) == notebook


def test_what_is_refused_for_its_parts_takes_little_memory(tmp_path):
    path = tmp_path / "1_cells.ipynb"
    path.write_text('{"x": [' + '{"1": 1.5}, ' * 1_000_000 + "0]}")
    tracemalloc.start()
    try:
        with pytest.raises(BadSubmission, match="too many parts"):
            read(path)
        assert tracemalloc.get_traced_memory()[1] < 80 << 20
    finally:
        tracemalloc.stop()


def test_only_a_plain_file_is_read(tmp_path):
    (tmp_path / "real").write_text(json.dumps(submission()))
    (tmp_path / "link.ipynb").symlink_to(tmp_path / "real")
    (tmp_path / "dangling.ipynb").symlink_to("/nonexistent/x")
    (tmp_path / "folder.ipynb").mkdir()
    os.mkfifo(tmp_path / "pipe.ipynb")
    for name in ("link", "dangling", "folder", "pipe"):
        with pytest.raises(BadSubmission, match=f"{name}.ipynb: expected a file, got a link, a folder or a device"):
            read(tmp_path / f"{name}.ipynb")
    with pytest.raises(BadSubmission, match="cannot be read"):
        read(tmp_path / "absent.ipynb")


# ---- names -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["1_cells.ipynb", "1_cells (1).ipynb", "1_cells-Copy1.ipynb", "1_CELLS.IPYNB", "1-cells.ipynb", "1 cells(2).ipynb",
     "1_cells.ipynb.txt", "1_cells.ipynb.json", "1_cells - Copy (2).ipynb", "1_cells_final.ipynb", "1_cells-v2.ipynb",
     "1_cells.ipynb.ipynb", "Copy of 1_cells.ipynb", "Kopie von 1_cells.ipynb", "Kopie von Kopie von 1_cells (2).ipynb",
     "1_cells_anna_mueller.ipynb", "mueller 1_cells.ipynb", "mine/1_cells.ipynb", "mine/1_cells (1).ipynb"],
)  # fmt: skip
def test_the_notebook_that_is_meant_is_found(tmp_path, name):
    others = ("2_diagnostics.ipynb", "1_cells.txt", "11_cells.ipynb", "1_cells2.ipynb", "runs/1_cells.ipynb")
    for other in (name, *others, ".ipynb_checkpoints/1_cells.ipynb", "mine/deeper/1_cells.ipynb"):
        (tmp_path / other).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / other).touch()
    assert find(tmp_path, "1_cells.ipynb") == tmp_path / name


def test_the_name_itself_comes_first(tmp_path):
    for name in ("1_cells.ipynb", "1_cells (1).ipynb"):
        (tmp_path / name).touch()
    assert find(tmp_path, "1_cells.ipynb").name == "1_cells.ipynb"


def test_a_name_with_more_in_it_counts_where_there_is_no_other(tmp_path):
    (tmp_path / "old").mkdir()
    for name in ("1_cells_anna.ipynb", "old/1_cells.ipynb"):
        (tmp_path / name).touch()
    with pytest.raises(BadSubmission, match=r"got 1_cells_anna\.ipynb, old/1_cells\.ipynb; hand in one"):
        find(tmp_path, "1_cells.ipynb")
    (tmp_path / "1_cells (1).ipynb").touch()
    assert find(tmp_path, "1_cells.ipynb").name == "1_cells (1).ipynb"


def test_folders_that_are_links_are_not_looked_into(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "1_cells.ipynb").touch()
    (tmp_path / "ada").mkdir()
    (tmp_path / "ada" / "mine").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BadSubmission, match="expected this notebook, got mine"):
        find(tmp_path / "ada", "1_cells.ipynb")


def test_what_was_found_instead_is_named(tmp_path):
    with pytest.raises(BadSubmission, match="got an empty folder"):
        find(tmp_path, "1_cells.ipynb")
    with pytest.raises(BadSubmission, match="cannot be read"):
        find(tmp_path / "absent", "1_cells.ipynb")
    (tmp_path / "rea\ndme.txt").touch()
    with pytest.raises(BadSubmission, match=r"got rea\?dme\.txt$"):
        find(tmp_path, "1_cells.ipynb")
    (tmp_path / "Untitled.ipynb").touch()
    with pytest.raises(BadSubmission, match=r"got Untitled\.ipynb$"):
        find(tmp_path, "1_cells.ipynb")
    (tmp_path / "1_cells (1).ipynb").touch()
    (tmp_path / "1_cells (2).ipynb").touch()
    with pytest.raises(BadSubmission, match=r"got 1_cells \(1\)\.ipynb, 1_cells \(2\)\.ipynb; hand in one"):
        find(tmp_path, "1_cells.ipynb")
