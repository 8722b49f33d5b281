"""``rnnkit pack``: what is complete is packed, what is not is named, all of it, and the folder stays as it was."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
import zipfile
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from course import ASSIGNMENT, NAME, NOTEBOOKS, ROOT, filled

from rnnkit import cli
from rnnkit.assignments import get_assignment
from rnnkit.assignments.training_dynamics.questions import EXTRA as MORE
from rnnkit.checks.tally import FILE, MOST_BYTES
from rnnkit.hand_in.collect import collect
from rnnkit.hand_in.notebooks import open_in_report
from rnnkit.notebook import find_run, write_model
from rnnkit.notebook.cells import cells_by_id, read_notebook, text_of
from rnnkit.notebook.predictions import FILE as PREDICTIONS
from rnnkit.notebook.predictions import PREDICTED, Entry, append
from rnnkit.record.file import load, save
from rnnkit.record.find import fingerprint
from rnnkit.regimes import HANDOUT_REGIMES, get_regime
from rnnkit.train import train

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="  # one, PNG
FIGURE = {"output_type": "display_data", "data": {"image/png": PIXEL, "text/plain": "<Figure>"}, "metadata": {}}
SMALL = {"output_type": "stream", "name": "stdout", "text": ["A1: not the handout's full size, profile smoke: runs\n"]}
A1 = get_regime("A1").name
NAMES = [name for name in ASSIGNMENT.notebooks if name not in ASSIGNMENT.lessons]


@contextmanager
def saved_again(folder: Path, name: str = "4_report.ipynb"):
    """The cells of a notebook by their names, to be changed."""
    path = folder / name
    notebook = json.loads(path.read_text(encoding="utf-8"))
    yield cells_by_id(notebook)
    path.write_text(json.dumps(notebook), encoding="utf-8")


def packed(folder: Path) -> dict[str, bytes]:
    """What is in the zip."""
    with zipfile.ZipFile(folder / f"{NAME}.zip") as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def record_of(folder: Path, key: str) -> Path:
    name = get_regime(key).name
    return folder / "runs" / "full" / name / f"{name}_final_state.npz"


def changed(path: Path, **content) -> None:
    save(path, load(path) | content)


def run_once(path: Path) -> None:
    """Gives the first code cell of a notebook the number of one that was run."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    next(cell for cell in notebook["cells"] if cell["cell_type"] == "code")["execution_count"] = 1
    path.write_text(json.dumps(notebook), encoding="utf-8")


@pytest.fixture(scope="module")
def complete(tmp_path_factory):
    """A folder in which everything is done; its records hold what packing reads, and nothing was trained for them."""
    home = tmp_path_factory.mktemp("complete") / NAME
    home.mkdir()
    for path in NOTEBOOKS:
        filled(ROOT / "release" / NAME / path.name, path, home / path.name)
        run_once(home / path.name)
    with saved_again(home) as cells:
        for name, cell in cells.items():
            if name.endswith("_figure") and name != "extra_torder_figure":
                cell["outputs"] = [FIGURE] * text_of(cell).count("show(")
        cells["extra_torder"]["source"] = "YOUR ANSWER HERE"
    for ending in ("_final_state.npz", ".log"):
        (home / f"own_experiment{ending}").write_bytes(b"of the run")
    write_model(home / "1_cells.ipynb")
    sha256 = hashlib.sha256((home / "model.py").read_bytes()).hexdigest()
    for key in HANDOUT_REGIMES:
        path = record_of(home, key)
        path.parent.mkdir(parents=True)
        regime = get_regime(key)
        save(path, {"regime": regime.to_json(), "status": "finished", "updates": 20000, "cells_sha256": sha256})
        (path.parent / f"{regime.name}.log").write_text("log")
    choices = {one.name: one.answers[0] for one in ASSIGNMENT.experiment.asked}
    said = [Entry(PREDICTED, run, choices, "for this reason") for run in (*HANDOUT_REGIMES, "own_experiment")]
    append(home / PREDICTIONS, said)
    (home / "runs" / "full" / "commands.txt").write_text(
        "".join(f"{get_regime(key).command()}\n" for key in HANDOUT_REGIMES)
    )
    return home


@pytest.fixture
def home(complete, tmp_path, monkeypatch):
    """A copy of it, to work in."""
    folder = tmp_path / NAME
    shutil.copytree(complete, folder)
    monkeypatch.chdir(folder)
    return folder


def files_in(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# ---- complete ---------------------------------------------------------------------------------------------------


def test_what_is_complete_is_packed_and_nothing_else_changes(home, capsys):
    before = files_in(home)
    assert cli.main(["pack", "--student", "ada"]) == 0
    assert "Hand in this file" in capsys.readouterr().out
    after = files_in(home)
    assert set(after) - set(before) == {f"{NAME}_ada.zip"}
    assert {name: after[name] for name in before} == before
    (home / f"{NAME}_ada.zip").rename(home / f"{NAME}.zip")
    content = packed(home)
    names = [*(get_regime(key).name for key in HANDOUT_REGIMES), "own_experiment"]
    runs = [f"runs/{name}/{name}" for name in names]
    expected = {*NAMES, "model.py", "commands.txt", "ai_chats.txt", "report.pdf", "manifest.json", PREDICTIONS}
    expected |= {f"{run}{ending}" for run in runs for ending in ("_final_state.npz", ".log")}
    assert set(content) == expected
    assert content["report.pdf"].startswith(b"%PDF-")
    assert content["ai_chats.txt"] == b"none\n"
    for name in (*NAMES, "model.py"):
        assert content[name] == before[name]
    manifest = json.loads(content.pop("manifest.json"))
    assert manifest["files"] == {name: hashlib.sha256(data).hexdigest() for name, data in content.items()}
    assert (manifest["student"], manifest["profile"], manifest["missing"]) == ("ada", "full", [])
    assert list(manifest["runs"]) == list(HANDOUT_REGIMES)


def test_runs_of_the_last_question_are_taken_along_and_not_due(home, capsys):
    for outputs in ([], [SMALL, FIGURE, FIGURE]):  # not made; made at smoke size
        with saved_again(home) as cells:
            cells["sigmoid_figure"]["outputs"] = outputs
        assert cli.main(["pack"]) == 0, capsys.readouterr().out
    name = get_regime("A1s").name
    (home / "runs" / "smoke" / name).mkdir(parents=True)
    content = {"regime": get_regime("A1s", "smoke").to_json(), "status": "finished", "updates": 2001}
    save(home / "runs" / "smoke" / name / f"{name}_final_state.npz", content)
    assert cli.main(["pack"]) == 1  # its log belongs to it
    (home / "runs" / "smoke" / name / f"{name}.log").write_text("log")
    assert cli.main(["pack"]) == 0
    assert f"runs/{name}/{name}_final_state.npz" in packed(home)
    with saved_again(home) as cells:
        cells["sigmoid"]["source"] = "YOUR ANSWER HERE"
    assert cli.main(["pack"]) == 1
    assert "4_report.ipynb: answers to write: sigmoid" in capsys.readouterr().out


def test_the_same_files_give_the_same_bytes_and_another_file_is_kept(home, tmp_path, capsys):
    assert cli.main(["pack"]) == 0
    first = (home / f"{NAME}.zip").read_bytes()
    assert cli.main(["pack", "--out", str(tmp_path / "again.zip")]) == 0
    assert (tmp_path / "again.zip").read_bytes() == first
    assert cli.main(["pack"]) == 0
    assert not list(home.glob("*kept*"))
    record_of(home, "A1").with_name(f"{A1}.log").write_text("another log")
    assert cli.main(["pack"]) == 0
    assert "kept as training_dynamics_kept_1.zip" in capsys.readouterr().out
    assert (home / f"{NAME}_kept_1.zip").read_bytes() == first
    assert (home / f"{NAME}.zip").read_bytes() != first


def test_check_writes_nothing(home, capsys):
    before = files_in(home)
    assert cli.main(["pack", "--check"]) == 0
    assert "complete; nothing written" in capsys.readouterr().out
    record_of(home, "A1").unlink()
    assert cli.main(["pack", "--check"]) == 1
    assert "missing: A1: no run; rnnkit run A1 --profile full" in capsys.readouterr().out
    assert set(files_in(home)) == set(before) - {record_of(home, "A1").relative_to(home).as_posix()}


def test_notebooks_are_not_executed(home):
    with saved_again(home) as cells:
        cells["folder"]["source"] = f"open('executed', 'w')\n{text_of(cells['folder'])}"
    assert cli.main(["pack"]) == 0
    assert not (home / "executed").exists()


def test_a_folder_can_be_named_and_the_runs_be_elsewhere(home, tmp_path, monkeypatch):
    (home / "runs" / "full").rename(tmp_path / "mine")
    monkeypatch.chdir(tmp_path)
    assert cli.main(["pack", NAME]) == 1
    assert cli.main(["pack", NAME, "--runs", "mine"]) == 0
    assert (home / f"{NAME}.zip").is_file()


def test_a_missing_model_is_written_from_the_notebook_into_the_zip_alone(home):
    written = (home / "model.py").read_bytes()
    (home / "model.py").unlink()
    assert cli.main(["pack"]) == 0
    assert packed(home)["model.py"] == written
    assert not (home / "model.py").exists()


# ---- incomplete -------------------------------------------------------------------------------------------------


def without_log(home):
    record_of(home, "A2").with_name(f"{get_regime('A2').name}.log").unlink()


def without_run(home):
    shutil.rmtree(record_of(home, "B2").parent)


def half_a_run(home):
    path = record_of(home, "A3")
    changed(path, status="running", updates=4000)
    path.rename(path.with_name(path.name.replace("_final", "")))


def damaged(home):
    record_of(home, "A4").write_bytes(b"PK\x03\x04 and no more")


def small_run(home):
    changed(record_of(home, "A5"), regime=get_regime("A5", "smoke").to_json())


def other_settings(home):
    changed(record_of(home, "B1"), regime=get_regime("B1").replace(lr=0.5).to_json())


def other_model(home):
    changed(record_of(home, "A1"), cells_sha256="0" * 64)


def built_in(home):
    changed(record_of(home, "A1"), cells_sha256="builtin")


def no_answer(home):
    with saved_again(home) as cells:
        cells["clip_rnn"]["source"], cells["gates_mul"]["source"] = ["YOUR ANSWER HERE\n"], " \n"


def no_answer_cell(home):
    with saved_again(home) as cells:
        cells["clip_rnn"].update(id="gone", metadata={})


def no_figure(home):
    with saved_again(home) as cells:
        cells["gates_mul_figure"]["outputs"] = [FIGURE]  # it draws two


def small_figure(home):
    with saved_again(home) as cells:
        cells["rho_mem_figure"]["outputs"].append(SMALL)


def no_notebook(home):
    (home / "3_regime.ipynb").unlink()


def broken_notebook(home):
    (home / "2_diagnostics.ipynb").write_text("{")


def no_cells(home):
    (home / "1_cells.ipynb").write_text('{"cells": [{"cell_type": "code", "metadata": null}, 3]}')


def unsolved(home):
    with saved_again(home, "2_diagnostics.ipynb") as cells:
        cells["rho_solution"]["source"] = "def spectral_radius(W):\n    raise NotImplementedError('rho')"


INCOMPLETE = {
    without_log: "A2: no log; expected ",
    without_run: "B2: no run; rnnkit run B2 --profile full",
    half_a_run: "A3: not at its end, 4000 of ",
    damaged: "A4: runs/full/",
    small_run: "A5: a run of profile smoke, not full; rnnkit run A5 --profile full",
    other_settings: "B1: not the handout's settings: lr 0.5 (handout 0.01); ",
    other_model: "A1: trained with another model.py (sha256 000000000000) than the one here",
    built_in: "A1: trained with rnnkit's own cells, not with model.py",
    no_answer: "4_report.ipynb: answers to write: clip_rnn, gates_mul",
    no_answer_cell: "4_report.ipynb: answers to write: clip_rnn",
    no_figure: "4_report.ipynb: figures missing in gates_mul_figure; run all cells and save",
    small_figure: "4_report.ipynb: figures of smaller runs in rho_mem_figure",
    no_notebook: "3_regime.ipynb: no such file here",
    broken_notebook: "2_diagnostics.ipynb: not a saved notebook; save it again",
    no_cells: "1_cells.ipynb: not a saved notebook; save it again",
    unsolved: "2_diagnostics.ipynb: question rho is still to be solved",
}


@pytest.mark.parametrize("fault", INCOMPLETE, ids=lambda fault: fault.__name__)
def test_what_is_missing_is_named_and_nothing_is_packed(home, fault, capsys):
    fault(home)
    assert cli.main(["pack"]) == 1
    printed = capsys.readouterr()
    (line,) = [line for line in printed.out.splitlines() if line.startswith("missing: ")]
    assert line.startswith(f"missing: {INCOMPLETE[fault]}")
    assert "nothing packed" in printed.err
    assert not list(home.glob("*.zip"))


def test_everything_that_is_missing_is_named_at_once(home, capsys):
    faults = [without_log, without_run, half_a_run, damaged, small_run, other_settings, other_model, no_answer]
    for fault in [*faults, no_figure, no_notebook, unsolved]:
        fault(home)
    assert cli.main(["pack"]) == 1
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("missing: ")]
    for fault in [*faults, no_figure, no_notebook, unsolved]:
        assert [line for line in lines if line.startswith(f"missing: {INCOMPLETE[fault]}")], fault
    assert len(lines) == len(faults) + 3


def test_a_folder_without_any_work_is_told_so(tmp_path, capsys):
    folder = tmp_path / NAME
    shutil.copytree(ROOT / "release" / NAME, folder)
    assert cli.main(["pack", str(folder)]) == 1
    out = capsys.readouterr().out
    for text in ("model.py: 1_cells.ipynb: no model.py yet", "question rnn_step is", "question clip is", "A1: no run"):
        assert text in out
    assert "AI chats: not answered" in out
    assert "4_report.ipynb: not run since it was last cleared" in out


def test_smaller_runs_pass_where_that_is_allowed(home):
    small_run(home)
    small_figure(home)
    assert cli.main(["pack", "--allow-smoke"]) == 0
    manifest = json.loads(packed(home)["manifest.json"])
    assert manifest["profile"] == "mixed"
    assert manifest["runs"]["A5"]["profile"] == "smoke"
    other_settings(home)
    assert cli.main(["pack", "--allow-smoke", "--check"]) == 1


def test_a_run_as_it_is_trained_is_taken(home):
    shutil.rmtree(record_of(home, "A1").parent)
    train(get_regime("A1", "tiny"), out=home, cells=home / "model.py")
    found = collect(ASSIGNMENT, home, smoke=True)
    assert found.missing == []
    assert found.runs["A1"] == {"name": A1, "profile": "tiny", "status": "finished"}
    taken = {name for name in found.files if name.startswith(f"runs/{A1}/")}
    assert {f"runs/{A1}/{A1}_final_state.npz", f"runs/{A1}/{A1}.log"} <= taken


def test_of_several_runs_of_a_regime_the_full_one_is_taken(home):
    path = record_of(home, "A1")
    shutil.copytree(path.parent, home / "runs" / A1)
    changed(path, regime=get_regime("A1", "smoke").to_json())
    found = collect(ASSIGNMENT, home)
    assert found.missing == []
    assert found.files[f"runs/{A1}/{path.name}"] == home / "runs" / A1 / path.name


def test_a_finished_smaller_run_is_taken_before_half_of_the_full_one_and_that_is_said(home, monkeypatch):
    half = record_of(home, "A1")
    small = home / "runs" / "smoke" / A1 / half.name
    shutil.copytree(half.parent, small.parent)
    changed(small, regime=get_regime("A1", "smoke").to_json())
    changed(half, status="running", updates=4000)
    half.rename(half.with_name(f"{A1}_state.npz"))
    found = collect(ASSIGNMENT, home, smoke=True)
    assert (found.missing, found.files[f"runs/{A1}/{half.name}"]) == ([], small)
    assert found.runs["A1"]["profile"] == "smoke"
    assert found.notes == [f"A1: left out: {half.with_name(f'{A1}_state.npz')}, unfinished, 4000 of 50000 updates"]
    monkeypatch.chdir(home)
    assert find_run("A1").resolve() == small  # what the notebook draws is what is packed


def test_half_a_run_that_is_packed_anyway_is_the_one_that_was_drawn(home):
    half_a_run(home)
    found = collect(ASSIGNMENT, home)
    name = get_regime("A3").name
    assert found.runs["A3"]["status"] == "running"
    assert found.files[f"runs/{name}/{name}_state.npz"] == find_run("A3").resolve()


def test_figures_of_another_record_than_the_packed_one_are_missing(home):
    right = fingerprint(record_of(home, "A1").read_bytes())
    with saved_again(home) as cells:
        for figure, shown in {"rho_mem_figure": {"A1": "0" * 16}, "gradient_mem_figure": {"A1": right}}.items():
            cells[figure]["outputs"] = [FIGURE | {"metadata": {"rnnkit": shown}} for _ in cells[figure]["outputs"]]
    (line,) = collect(ASSIGNMENT, home).missing
    assert "other records than those that are handed in, in rho_mem_figure; run all cells and save" in line


def test_figures_of_unfinished_runs_are_missing(home):
    with saved_again(home) as cells:
        cells["rho_mem_figure"]["outputs"].append(SMALL | {"text": ["A1: unfinished, 20 of 50000 updates: runs\n"]})
    (line,) = collect(ASSIGNMENT, home, smoke=True).missing
    assert "figures of unfinished runs in rho_mem_figure" in line


@pytest.mark.parametrize("name", [path.name for path in sorted((ROOT / "release").iterdir())])
def test_a_report_that_was_not_run_is_told_so(name):
    assignment = get_assignment(name)
    notebook = read_notebook(ROOT / "release" / name / assignment.hand_in.report)
    *_, line = open_in_report(notebook, (), False, {})
    count = sum(cell["cell_type"] == "code" for cell in notebook["cells"])
    assert line.startswith("not run since it was last cleared, none of its ")
    assert line.endswith(f" {count} code cells has a result; run all cells and save")


def test_a_labs_report_of_which_the_first_cell_alone_was_run_is_told_so():
    notebook = read_notebook(ROOT / "release" / "orthogonal_init" / "3_report.ipynb")
    next(cell for cell in notebook["cells"] if cell["cell_type"] == "code")["execution_count"] = 1
    *_, line = open_in_report(notebook, (), False, {})
    assert (
        line
        == "tables and figures missing in rates, outputs, gaussian, inits, lengths and 3 more; run all cells and save"
    )
    for cell in notebook["cells"]:
        cell["outputs"] = [SMALL]
    assert [line.split(":")[0] for line in open_in_report(notebook, (), True, {})] == ["answers to write"]


def test_a_notebook_of_questions_that_was_not_run_is_worth_a_note(home):
    path = home / "1_cells.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
    path.write_text(json.dumps(notebook), encoding="utf-8")
    found = collect(ASSIGNMENT, home)
    assert found.missing == []
    (note,) = found.notes
    assert note.startswith("1_cells.ipynb: not run")


def test_runs_with_a_prefix_of_ones_own_are_packed(home):
    path = record_of(home, "A1")
    regime = get_regime("A1").replace(name="mine")
    changed(path, regime=regime.to_json())
    path.rename(home / "mine_final_state.npz")
    path.with_name(f"{A1}.log").rename(home / "mine.log")
    found = collect(ASSIGNMENT, home)
    assert found.missing == []
    assert found.runs["A1"] == {"name": "mine", "profile": "full", "status": "finished"}
    assert {f"runs/{A1}/mine_final_state.npz", f"runs/{A1}/mine.log"} <= set(found.files)


def test_in_time_what_there_is_can_be_packed_anyway(home, capsys):
    without_run(home)
    no_figure(home)
    assert cli.main(["pack", "--anyway"]) == 0
    assert "NOT COMPLETE, 2 to do" in capsys.readouterr().out
    content = packed(home)
    assert "report.pdf" in content
    missing = json.loads(content["manifest.json"])["missing"]
    assert [line.split(":")[0] for line in missing] == ["B2", "4_report.ipynb"]


@pytest.mark.parametrize("more", [[], ["--anyway"], ["--check"]], ids=str)
def test_without_a_word_on_ai_chats_nothing_is_packed(home, more, capsys):
    with saved_again(home) as cells:
        cells["ai_chats"]["source"] = "YOUR ANSWER HERE"
    assert cli.main(["pack", *more]) == 1
    assert "AI chats: not answered; write the link of every chat into that cell, or none" in capsys.readouterr().out
    assert not list(home.glob("*.zip"))


def test_anyway_says_what_it_cannot_pass_over(home, capsys):
    with saved_again(home) as cells:
        cells["ai_chats"]["source"] = "YOUR ANSWER HERE"
    without_run(home)
    assert cli.main(["pack", "--anyway"]) == 1
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 2
    assert said[0].startswith("rnnkit pack: --anyway cannot pass over: 4_report.ipynb: AI chats: not answered")
    assert cli.main(["pack"]) == 1
    assert "--anyway" not in capsys.readouterr().err


def test_a_run_of_another_profile_is_said_to_be_that(home, capsys):
    without_run(home)
    regime = get_regime("B2", "tiny")
    path = home / "runs" / "tiny" / regime.name / f"{regime.name}_final_state.npz"
    path.parent.mkdir(parents=True)
    save(path, load(record_of(home, "A1")) | {"regime": regime.to_json()})
    assert cli.main(["pack", "--check"]) == 1
    assert "missing: B2: only profile tiny; hand in full; rnnkit run B2 --profile full\n" in capsys.readouterr().out
    path.write_bytes(b"no record")
    assert cli.main(["pack", "--check"]) == 1
    assert "missing: B2: no run; rnnkit run B2 --profile full\n" in capsys.readouterr().out


def test_a_full_run_in_another_folder_is_found(home, capsys):
    (home / "runs" / "full").rename(home / "mine")
    assert cli.main(["pack", "--check"]) == 1
    assert "missing: A1: not where it is looked for; there is one with --runs mine\n" in capsys.readouterr().out
    assert cli.main(["pack", "--check", "--runs", "mine"]) == 0


def test_how_often_checks_ran_goes_along_where_it_is_there(home):
    assert FILE not in collect(ASSIGNMENT, home).files
    (home / FILE).write_text('{"questions": {}}')
    assert collect(ASSIGNMENT, home).files[FILE] == home / FILE
    (home / FILE).write_text(" " * (MOST_BYTES + 1))
    assert FILE not in collect(ASSIGNMENT, home).files


# ---- commands, extra credit, the PDF ------------------------------------------------------------------------------


def test_commands_that_are_not_written_down_come_from_the_records(home, capsys):
    own = "rnnkit run A1 A2 A3 A4 --profile full\n"
    (home / "commands.txt").write_text(own)
    assert cli.main(["pack"]) == 0
    assert "the commands of A5, B1, B2 are taken from the runs' records" in capsys.readouterr().out
    added = [get_regime(key).command() for key in ("A5", "B1", "B2")]
    assert packed(home)["commands.txt"].decode() == own + "# from the records of the runs:\n" + "".join(
        f"{command}\n" for command in added
    )


def test_the_run_of_the_extra_credit_goes_along(home, capsys):
    with saved_again(home) as cells:
        cells["extra_torder"]["source"] = "It succeeds at 1.386."
        cells["extra_run"]["source"] = 'extra = "mine"'
    assert cli.main(["pack", "--check"]) == 0
    assert "extra_torder: no finished run 'mine' or 'extra_torder' found" in capsys.readouterr().out
    for ending in ("_final_state.npz", ".log"):
        (home / f"mine{ending}").write_bytes(b"of the run")
    assert "runs/mine/mine_final_state.npz" in collect(ASSIGNMENT, home).files


def test_the_command_of_ones_own_experiment_is_added_from_its_record(home):
    (home / "commands.txt").write_text("rnnkit run A1 A2 A3 A4 A5 B1 B2\n")
    settings = replace(get_regime("A1"), lr=0.02, name="own_experiment").to_json()
    record = {"regime": settings, "status": "finished", "updates": 20000, "cells_sha256": "0"}
    save(home / "own_experiment_final_state.npz", record)
    said = collect(ASSIGNMENT, home).notes
    assert "commands.txt: the commands of own_experiment are taken from the runs' records" in said


def test_the_run_of_ones_own_experiment_goes_along_and_is_not_due(home, capsys):
    assert "runs/own_experiment/own_experiment_final_state.npz" in collect(ASSIGNMENT, home).files
    with saved_again(home) as cells:
        cells["own_run"]["source"] = 'own_run = "mine"\nbeside = "A4"'
    assert cli.main(["pack", "--check"]) == 0
    assert "own_experiment: no finished run 'mine' found" in capsys.readouterr().out


def test_the_run_that_5_extra_credit_names_goes_along_and_without_that_notebook_nothing_is_missing(home, capsys):
    with saved_again(home, MORE) as cells:
        cells["extra_run"]["source"] = 'extra = "theirs"'
    for ending in ("_final_state.npz", ".log"):
        (home / f"theirs{ending}").write_bytes(b"of the run")
    assert {"runs/theirs/theirs_final_state.npz", MORE} <= set(collect(ASSIGNMENT, home).files)
    with saved_again(home, MORE) as cells:
        cells["extra_run"]["source"] = 'extra = "nowhere"'
    assert any("no finished run" in note and "'nowhere'" in note for note in collect(ASSIGNMENT, home).notes)
    (home / MORE).unlink()
    found = collect(ASSIGNMENT, home)
    assert found.missing == []
    assert not {name for name in found.files if "theirs" in name or name == MORE}


def test_a_pdf_of_ones_own_is_taken(home, tmp_path):
    (tmp_path / "mine.pdf").write_bytes(b"%PDF-1.7 mine")
    assert cli.main(["pack", "--pdf", str(tmp_path / "mine.pdf")]) == 0
    assert packed(home)["report.pdf"] == b"%PDF-1.7 mine"
    assert cli.main(["pack", "--pdf", "model.py"]) == 2


def test_where_no_pdf_can_be_made_that_is_said(home, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "typst", None)
    assert cli.main(["pack"]) == 1
    assert "missing: report.pdf: needs the extra pdf (no typst here); run `python -m pip" in capsys.readouterr().out


# ---- bad usage, bad disks ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--student", "../x"], "--student: expected letters, digits"),
        (["--student", "-x"], "student: expected"),
        (["--runs", "nowhere"], "--runs: expected a folder, got nowhere"),
        (["--out", "nowhere/x.zip"], "--out: expected a file in a folder that is there"),
        (["--out", "."], "--out: expected a file"),
        (["--pdf", "nowhere"], "--pdf: expected a PDF, got nowhere"),
        (["--alow-smoke"], "unrecognized arguments: --alow-smoke"),
        (["runs"], "expected an assignment's notebooks in "),
        (["runs"], "found none of them; cd into the assignment's folder"),
        (["runs", "--assignment", "bptt"], "expected 1_bptt.ipynb"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_usage_is_refused(home, arguments, message, capsys):
    before = files_in(home)
    assert cli.main(["pack", *arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("rnnkit pack: ")
    assert message in line
    assert files_in(home) == before


def test_a_full_disk_leaves_the_earlier_file(home, monkeypatch, capsys):
    (home / f"{NAME}.zip").write_bytes(b"earlier")
    before = files_in(home)
    real = zipfile.ZipFile.writestr

    def full(self, member, content, how):
        if member.filename == "report.pdf":
            raise OSError(28, "No space left on device")
        real(self, member, content, how)

    monkeypatch.setattr(zipfile.ZipFile, "writestr", full)
    assert cli.main(["pack"]) == 1
    assert "No space left on device" in capsys.readouterr().err
    assert files_in(home) == before


def test_what_predictions_lack_and_what_was_changed_is_said_and_nothing_waits_for_it(home, capsys):
    assert cli.main(["pack", "--check"]) == 0
    assert "predictions:" not in capsys.readouterr().out
    append(home / PREDICTIONS, [Entry("opened", "A1"), Entry(PREDICTED, "A1", {}, "another one")])
    assert cli.main(["pack", "--check"]) == 0
    assert "note: predictions: A1: changed after its figure was opened; what it was before" in capsys.readouterr().out
    (home / PREDICTIONS).unlink()
    assert cli.main(["pack"]) == 0
    assert "note: predictions: 0 of 4 points; not A1 (no prediction yet), A2" in capsys.readouterr().out
