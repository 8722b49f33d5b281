"""What students are given: derived from the sources, complete, and free of every answer."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import types
import zipfile

import pytest
import torch
from course import NAME, NOTEBOOKS, ROOT, SOURCE, cells, is_check, plain, secret_lines, solutions
from packaging.requirements import Requirement
from students import python, source

import rnnkit
from rnnkit import cli
from rnnkit.assignments.training_dynamics.own_setting import PLATEAU
from rnnkit.assignments.training_dynamics.questions import ASKED, EXTRA, OWN
from rnnkit.common.names import BadValue
from rnnkit.common.places import pinned_torch
from rnnkit.grading.release import release, wheel
from rnnkit.plots.sweeps import read_table
from rnnkit.regimes import FIELDS, get_regime
from rnnkit.train import parse

RELEASED = ROOT / "release" / NAME

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


@pytest.fixture(scope="module")
def fresh(given_out):
    """The students' files, derived now."""
    return given_out / "release"


@pytest.fixture(scope="module")
def built(given_out):
    """The student's wheel, built now."""
    (made,) = given_out.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def inside(built):
    """What is in it: texts by name."""
    with zipfile.ZipFile(built) as archive:
        return {name: archive.read(name).decode("utf-8") for name in archive.namelist() if not name.endswith(".png")}


def texts(folder):
    """Everything to read in a folder, notebooks cell by cell."""
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".ipynb":
            yield from ((f"{path.name}:{cell['id']}", cell["source"]) for cell in cells(path))
        elif path.suffix in (".md", ".txt", ".py"):
            yield path.name, path.read_text(encoding="utf-8")


# ---- release/ --------------------------------------------------------------------------------------------------


def test_what_is_committed_is_what_the_sources_give(fresh):
    assert release.differences(fresh, ROOT / "release") == []


def test_assignments_are_compared_each_on_its_own(tmp_path):
    for side in ("sources", "release"):
        for name in (NAME, "toy"):
            (tmp_path / side / name).mkdir(parents=True)
            (tmp_path / side / name / "1.ipynb").write_text(side if name == NAME else "the same")
    sides = tmp_path / "sources", tmp_path / "release"
    assert release.differences(*sides) == release.differences(*sides, [NAME]) == [f"{NAME}/1.ipynb"]
    assert release.differences(*sides, ["toy"]) == []


def test_nothing_else_is_committed(fresh):
    listed = subprocess.run(["git", "ls-files", "release"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode or not listed.stdout:
        pytest.skip("no git here")
    assert set(listed.stdout.split()) == {f"release/{p.relative_to(fresh).as_posix()}" for p in files_in(fresh)}


def files_in(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


def test_all_notebooks_and_the_students_files_are_there(fresh):
    there = {path.name for path in (fresh / NAME).iterdir() if path.is_file()}
    assert there == {path.name for path in NOTEBOOKS} | {"README.md", "HANDOUT.md", "requirements.txt", "AGENTS.md"}


@pytest.mark.parametrize("word", ["BEGIN SOLUTION", "END SOLUTION", "MARK SCHEME", "HIDDEN TESTS", "AUTOTEST"])
def test_no_marker_is_left(fresh, word):
    assert not [name for name, text in texts(fresh) if word in text]


def test_no_line_of_an_answer_is_left(fresh):
    secrets = secret_lines()
    assert len(secrets) > 20
    found = {(name, line) for name, text in texts(fresh) for line in map(plain, text.splitlines()) if line in secrets}
    assert not found


def test_the_search_for_answers_would_find_one(tmp_path):
    secrets = secret_lines()
    for path in NOTEBOOKS:
        shutil.copy(path, tmp_path)
    found = {line for _, text in texts(tmp_path) for line in map(plain, text.splitlines()) if line in secrets}
    assert len(found) > 20


@each_notebook
def test_solution_cells_hold_a_stub_that_names_its_question(fresh, path):
    source = {cell["id"]: cell for cell in cells(path)}
    for cell in cells(fresh / NAME / path.name):
        if not cell["about"].get("solution"):
            continue
        original = source[cell["id"]]["source"]
        if cell["cell_type"] == "code":
            question = cell["id"].removesuffix("_solution")
            assert question in ASKED
            assert f'raise NotImplementedError("question {question}")' in cell["source"]
            assert f"# YOUR CODE HERE (question {question})" in cell["source"]
            assert cell["source"].split("\n")[:2] == original.split("\n")[:2], "the signature must stay"
        else:
            assert cell["source"].strip().endswith("YOUR ANSWER HERE")


@each_notebook
def test_cells_are_locked_as_they_should_be(fresh, path):
    for cell in cells(fresh / NAME / path.name):
        about, locked = cell["about"], cell["metadata"].get("deletable") is False
        if about:
            assert about["grade_id"] == cell["id"]
            assert locked is (about["locked"] or about["grade"] or about["solution"]), cell["id"]
            assert (cell["metadata"].get("editable") is False) is about["locked"], cell["id"]
        assert not set(cell["metadata"].get("tags", [])) & {"skip-execution", "raises-exception"}, cell["id"]


@each_notebook
def test_check_cells_can_fail_in_public(fresh, path):
    """A check cell whose released text does nothing would be worth its points for nothing."""
    for cell in filter(is_check, cells(fresh / NAME / path.name)):
        last = cell["source"].strip().splitlines()[-1]
        end = "" if cell["about"]["points"] else ";"  # nbgrader takes a number that is shown for points: there are none
        assert re.fullmatch(rf'check\("{cell["id"]}"(, \w+)?\){end}', last), last


@each_notebook
def test_solutions_are_marked_and_tasks_are_followed_by_their_answer(path):
    found = cells(path)
    for cell, after in zip(found, [*found[1:], None], strict=True):
        if cell["about"].get("solution"):
            assert cell["id"] in solutions(path), "without markers nbgrader would clear the whole cell"
        if cell["about"].get("task"):
            assert cell["about"]["points"] == 0
            assert cell["source"].count("MARK SCHEME ===") == 2
            assert after["id"] == cell["id"].removesuffix("_task")
            assert after["about"]["grade"]
            assert after["about"]["solution"]


@each_notebook
def test_one_thread_where_something_is_computed(path):
    text = "\n".join(cell["source"] for cell in cells(path))
    assert "import torch" not in text or "torch.set_num_threads(1)" in text


def test_3_regime_has_no_points_and_free_parameters():
    found = {cell["id"]: cell for cell in cells(SOURCE / "3_regime.ipynb")}
    assert not any(cell["about"].get("grade") or cell["about"].get("solution") for cell in found.values())
    free = {name for name, cell in found.items() if not cell["about"]}
    assert free == {"parameters", "predict", "payoff"}
    assert all(cell["about"]["locked"] for name, cell in found.items() if name not in free)


def test_the_extra_credit_is_counted_apart():
    points = {cell["id"]: cell["about"].get("points", 0) for cell in cells(SOURCE / "4_report.ipynb")}
    assert points["extra_torder"] == points["ai_chats"] == 0
    extra = int(OWN.points + sum(question.points for question in ASKED.values() if question.extra))
    (row,) = [line for line in (SOURCE / "README.md").read_text().splitlines() if line.startswith(f"| `{EXTRA[:-6]}`")]
    assert f"| {extra}, extra credit |" in row


def test_what_running_a_notebook_leaves_is_not_released(tmp_path):
    for name in ("nbgrader_config.py", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    folder = tmp_path / "notebooks" / NAME
    shutil.copytree(SOURCE, folder, ignore=shutil.ignore_patterns("runs", "model*.py"))
    (folder / "runs" / "smoke").mkdir(parents=True)
    for left in ("model.py", "A1_final_state.npz", "runs/smoke/a.npz", "notes.txt"):
        (folder / left).write_text("h_t = secret")
    release.generate(tmp_path, tmp_path / "out")
    there = {path.relative_to(tmp_path / "out").parts[-1] for path in files_in(tmp_path / "out")}
    assert not there & {"model.py", "A1_final_state.npz", "a.npz", "notes.txt"}


# ---- the student's wheel ---------------------------------------------------------------------------------------


def test_the_wheel_lacks_the_instructors_side(inside):
    assert "rnnkit/checks/__init__.py" in inside
    assert any(name.startswith("rnnkit/assignments/training_dynamics/expected/") for name in inside)
    kept_home = ("rnnkit/grading", "tests", "notebooks", "rnnkit/checks/gen")
    assert not [name for name in inside if name.startswith(kept_home)]
    packed = inside["rnnkit/engines/bptt.py"]
    assert "unpack(" in packed
    assert "addmm" not in packed


def test_the_wheel_is_all_that_an_installation_needs(inside):
    modules = {f"rnnkit/{path.relative_to(ROOT / 'rnnkit').as_posix()}" for path in (ROOT / "rnnkit").rglob("*.py")}
    home = tuple(f"rnnkit/{name}" for name in wheel.KEPT_HOME)
    kept_home = {name for name in modules if name.startswith(home) or "/key/" in name}
    alias = {name for name in modules if name.startswith("rnnkit/starter/")}
    assert modules - kept_home - alias <= set(inside)
    assert {name.removeprefix("rnnkit/starter/") for name in alias} <= set(inside)
    for name, text in inside.items():
        if name.endswith(".py"):
            compile(text, name, "exec")


def test_no_line_of_an_answer_is_in_the_wheel(inside):
    secrets = secret_lines()
    found = {(name, line) for name, text in inside.items() for line in map(plain, text.splitlines()) if line in secrets}
    assert not found


def test_the_wheel_tells_which_question_comes_first(inside):
    assert "SOLUTION" not in inside["rnnkit/cells.py"]
    module = types.ModuleType("student_cells")
    exec(compile(inside["rnnkit/cells.py"], "cells.py", "exec"), module.__dict__)
    for name, question in {"RNN": "rnn_step", "GRU": "gru_step"}.items():
        assert question in ASKED
        with pytest.raises(NotImplementedError, match=rf"{name}\.step is yours.*question {question} .*model\.py"):
            getattr(module, name)(2, 3, 1).step(torch.zeros(1, 2), torch.zeros(1, 3))


def test_the_wheel_carries_the_students_files(fresh, built):
    with zipfile.ZipFile(built) as archive:
        there = {name: archive.read(name) for name in archive.namelist() if name.startswith("rnnkit/given/")}
    given = {f"rnnkit/given/{path.relative_to(fresh).as_posix()}": path.read_bytes() for path in files_in(fresh)}
    assert there == {name: data for name, data in given.items() if not name.endswith("/requirements.txt")}


def test_the_wheel_comes_out_the_same_again(fresh, built, tmp_path):
    again = wheel.build_wheel(ROOT, tmp_path, release.carried(fresh))
    assert again.read_bytes() == built.read_bytes()


@pytest.mark.parametrize(
    "text",
    [
        "class A:\n    ### BEGIN SOLUTION\n    x = 1\n",
        "class A:\n    x = 1\n    ### END SOLUTION\n",
        "class A:\n    ### BEGIN SOLUTION\n    x = 1\n    ### BEGIN SOLUTION\n    ### END SOLUTION\n",
    ],
)
def test_unpaired_markers_are_refused(text):
    with pytest.raises(BadValue, match="expected"):
        wheel.without_solutions(text)


# ---- what solves the extra credit ------------------------------------------------------------------------------

# C1's flags, and how they would stand in a command, in TOML, in Python and in JSON.
SOLVING = get_regime("C1")
GIVEN_AWAY = rf"clip{SOLVING.cutoff:g}".replace(".", "") + rf"|cutoff\W{{1,6}}{SOLVING.cutoff:g}\b|{SOLVING.name}"
# Not asked for: what the handout calls stuck, and the grid of the paper's figure 7.
PUBLIC = {"stuck.csv", "figure7.csv", "payoff.csv", "payoff_choice.csv"}  # none of these solves temporal order


@pytest.fixture(scope="module")
def students(tmp_path_factory):
    """The student's source."""
    return source(tmp_path_factory.mktemp("source"))


@pytest.mark.parametrize("text", [SOLVING.command(), "cutoff = 0.3", '"cutoff": 0.3', "cutoff=0.3", "order_clip03"])
def test_the_search_for_the_setting_would_find_it(text):
    assert re.search(GIVEN_AWAY, text)


def test_what_solves_temporal_order_is_not_given(fresh, students):
    places = [*files_in(fresh), *files_in(students), *files_in(ROOT / "release")]
    texts = {path: path.read_text(encoding="utf-8", errors="ignore") for path in places}
    assert len(texts) > 150
    assert not [path for path, text in texts.items() if re.search(GIVEN_AWAY, text)]


def test_no_table_of_solved_runs_has_their_settings(fresh):
    own = fresh / NAME
    tables = {path.name: path.read_text(encoding="utf-8").splitlines()[0].split(",") for path in own.rglob("*.csv")}
    assert {"solved.csv", "solved_curves.csv", "solved_lengths.csv", "tasks.csv"} | PUBLIC == set(tables)
    for name, columns in tables.items():
        assert name in PUBLIC or not set(columns) & (set(FIELDS) - {"task", "seed"}), name
    assert {path.name for path in own.rglob("*.toml")} == {name.replace(".csv", ".toml") for name in PUBLIC}


def test_students_have_no_regime_that_solves_it(students):
    code = (
        "from rnnkit.regimes import REGIMES, Regime, named; import sys; "
        "print(*REGIMES); print(*named(Regime.from_json(sys.argv[1])))"
    )
    found = python(students, "-c", code, SOLVING.to_json())
    names, which = found.stdout.splitlines()
    assert {"A1", "B2", "C2", "C4d"} <= set(names.split())
    assert ("C1" in names.split(), which.strip()) == (False, "custom")
    asked, refused = (python(students, "-m", "rnnkit", "run", word) for word in ("--help", "C1"))
    assert (asked.returncode, refused.returncode) == (0, 2)
    assert "C1" not in asked.stdout + refused.stderr.replace("'C1'", "")


def test_the_command_to_start_from_runs_and_is_one_that_stays_stuck(fresh):
    (cell,) = [cell for cell in cells(fresh / NAME / EXTRA) if cell["id"] == "own_text"]
    (command,) = re.findall(r"python -m trainingRNNs_torch.train (.*)", cell["source"])
    regime, where, notices = parse(command.split())
    assert (where, notices) == ({}, [])
    free = ("name", "seed", "checkFreq", "cbs", "stop_error", "diagBins")  # all but the seed change nothing in training
    assert regime == get_regime("C4").replace(**{name: getattr(regime, name) for name in free})
    rows = read_table(fresh / NAME / "sweeps" / "stuck.csv", ("alpha", "omega_on", "seed", "best_error"))
    wanted = regime.alpha, regime.omega_on, regime.seed
    (row,) = [row for row in rows if (float(row["alpha"]), row["omega_on"], int(row["seed"])) == wanted]
    assert int(row["updates"]) == regime.maxiters
    assert min(float(row["best_error"]), float(row["valid_error"])) > PLATEAU


# ---- dist/student.zip ------------------------------------------------------------------------------------------


def test_the_archive_holds_the_students_files_and_the_wheel_that_is_asked_for(fresh, built, tmp_path):
    path = tmp_path / "dist" / "student.zip"
    release.write_archive(fresh / NAME, built, release.constraints(ROOT), path)
    first = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
        requirements = archive.read(f"{NAME}/requirements.txt").decode()
    beside = {f"{NAME}/{built.name}", f"{NAME}/constraints.txt"}
    assert names == {p.relative_to(fresh).as_posix() for p in files_in(fresh / NAME)} | beside
    (wanted,) = [line for line in requirements.splitlines() if line.startswith("./")]
    assert wanted == f"./{built.name}[lab,batch,pdf]"
    assert rnnkit.__version__ in wanted
    release.write_archive(fresh / NAME, built, release.constraints(ROOT), path)
    assert path.read_bytes() == first


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
@pytest.mark.parametrize("system", ["linux", "win32", "darwin"])
def test_the_archive_has_a_version_of_all_that_the_wheel_asks_for(inside, python, system):
    (metadata,) = [text for name, text in inside.items() if name.endswith(".dist-info/METADATA")]
    asked = [Requirement(line.partition(": ")[2]) for line in metadata.splitlines() if line.startswith("Requires-Dist")]
    here = [{"python_version": python, "sys_platform": system, "extra": extra} for extra in ("lab", "batch", "pdf")]
    pins = {
        pin.name.lower(): str(pin.specifier) for pin in pinned() if pin.marker is None or pin.marker.evaluate(here[0])
    }
    needed = {one.name.lower() for one in asked if one.marker is None or any(map(one.marker.evaluate, here))}
    assert {"torch", "jupyterlab", "papermill", "typst"} <= needed <= set(pins)
    assert all(re.fullmatch(r"==[\w.+]+", pin) for pin in pins.values())
    assert pins["torch"].endswith("+cpu") == (system != "darwin"), "a plain torch may be gigabytes of CUDA"
    assert pins["torch"].removesuffix("+cpu") == f"=={pinned_torch(ROOT)}"


def test_the_archives_versions_are_the_clones():
    theirs = {line for line in release.constraints(ROOT).splitlines() if not line.startswith(("#", "torch=="))}
    ours = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert theirs == {line for line in ours if line and not line.startswith(("#", "torch=="))}


def test_the_readme_installs_with_these_versions_by_pip_and_by_uv(fresh):
    text = (fresh / NAME / "README.md").read_text(encoding="utf-8")
    both = [line for line in text.splitlines() if "-r requirements.txt" in line]
    install = re.compile(r"(pip|uv pip) install .*-c constraints\.txt -r requirements\.txt")
    assert [install.search(line)[1] for line in both] == ["pip", "uv pip"]
    first = re.compile(
        r"(pip|uv pip) install --no-deps -c constraints\.txt torch --extra-index-url https://download\.pytorch\.org/whl/cpu$"
    )
    before = [text.splitlines()[text.splitlines().index(line) - 1] for line in both]  # torch alone from that index
    assert [first.search(line)[1] for line in before] == ["pip", "uv pip"]


def pinned():
    return [Requirement(line) for line in release.constraints(ROOT).splitlines() if not line.startswith("#")]


# ---- the command -----------------------------------------------------------------------------------------------


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """A small clone of its own."""
    root = tmp_path / "clone"
    for name in ("rnnkit", "notebooks"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("nbgrader_config.py", "pyproject.toml", "LICENSE", "constraints.txt"):
        shutil.copy(ROOT / name, root)
    monkeypatch.setattr("rnnkit.cli.release.clone_root", lambda: root)
    return root


def test_release_renews_what_changed_and_nothing_else(clone, capsys):
    assert cli.main(["release"]) == 0
    first = capsys.readouterr().out
    assert f"release/{NAME}/1_cells.ipynb: renewed" in first
    assert (clone / "dist" / "student.zip").is_file()

    assert cli.main(["release", "--check"]) == 0
    assert "up to date" in capsys.readouterr().out

    there = clone / "release" / NAME
    (there / "runs").mkdir()
    (there / "runs" / "mine.npz").write_text("mine")
    (there / "AGENTS.md").write_text("changed")
    (there / "old.ipynb").write_text("{}")
    assert cli.main(["release", "--check"]) == 1
    assert (there / "AGENTS.md").read_text() == "changed"
    capsys.readouterr()
    assert cli.main(["release"]) == 0
    renewed = [f"release/{NAME}/{name}: renewed" for name in ("AGENTS.md", "old.ipynb")]
    assert capsys.readouterr().out.splitlines()[:2] == renewed
    assert (there / "runs" / "mine.npz").exists()
    assert not (there / "old.ipynb").exists()
    assert cli.main(["release", "--check"]) == 0


def test_a_notebook_that_nbgrader_refuses_changes_nothing(clone, capsys):
    path = clone / "notebooks" / NAME / "1_cells.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    notebook["cells"].append(dict(notebook["cells"][1], id="another"))  # a grade_id that is there twice
    path.write_text(json.dumps(notebook), encoding="utf-8")
    assert cli.main(["release"]) == 2
    assert f"notebooks/{NAME}: nbgrader cannot make" in capsys.readouterr().err
    assert not (clone / "release").exists()
