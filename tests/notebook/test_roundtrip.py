"""From a student's folder to the instructor's table, with the commands that both type."""

from __future__ import annotations

import csv
import json
import shutil
import zipfile

import pytest
from confined import need_sandbox
from course import NAME, NOTEBOOKS, ROOT, filled

from rnnkit import cli
from rnnkit.assignments.training_dynamics.questions import ASKED, PREDICTIONS
from rnnkit.notebook import write_model
from rnnkit.regimes import HANDOUT_REGIMES, get_regime
from rnnkit.runs.modelfile import find_cells
from rnnkit.train import train

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="  # one pixel
FIGURE = {"output_type": "display_data", "data": {"image/png": PNG, "text/plain": "<Figure>"}, "metadata": {}}


@pytest.fixture(scope="module")
def student(tmp_path_factory):
    """A folder with solved notebooks, seven runs at tiny size with the student's own cells, and answers."""
    home = tmp_path_factory.mktemp("student") / NAME
    home.mkdir()
    for path in NOTEBOOKS:
        filled(ROOT / "release" / NAME / path.name, path, home / path.name)
    write_model(home / "1_cells.ipynb")
    for key in HANDOUT_REGIMES:
        regime = get_regime(key, "tiny")
        train(regime, out=home / "runs" / regime.name, cells=home / "model.py")
    report = json.loads((home / "4_report.ipynb").read_text(encoding="utf-8"))
    for cell in report["cells"]:
        if cell["id"].endswith("_figure"):
            cell["outputs"] = [FIGURE] * "".join(cell["source"]).count("show(")
        if cell["id"] == "gradient_mem":
            cell["source"] = "Between -11.23 and nothing: <script>alert(1)</script> not a number of this run."
    (home / "4_report.ipynb").write_text(json.dumps(report), encoding="utf-8")
    assert find_cells(home / "model.py").sha256
    return home


def test_what_is_packed_is_graded_fed_back_and_exported(student, tmp_path, monkeypatch, capsys, entered):
    need_sandbox()
    monkeypatch.chdir(student)
    assert cli.main(["pack", "--student", "anna", "--out", str(tmp_path / "anna.zip")]) == 1
    assert "--allow-smoke" in "".join(capsys.readouterr())
    assert cli.main(["pack", "--student", "anna", "--allow-smoke", "--out", str(tmp_path / "anna.zip")]) == 0

    with zipfile.ZipFile(tmp_path / "lms.zip", "w") as lms:
        lms.write(tmp_path / "anna.zip", "anna.zip")
        lms.writestr("bert/1_cells.ipynb", "no notebook")
        lms.writestr("../../evil/1_cells.ipynb", "{}")
    course = tmp_path / "course"
    shutil.copytree(entered, course / "grading")
    (course / "grading" / "roster.csv").write_text("id,first_name,last_name\nanna,Anna,A\nbert,Bert,B\nclara,Clara,C\n")
    monkeypatch.chdir(ROOT)
    where = ["--course", str(course)]
    assert cli.main(["grade", "--from", str(tmp_path / "lms.zip"), *where]) == 1
    said = capsys.readouterr().out
    most = sum(question.points for question in ASKED.values() if not question.extra)
    assert f"anna: graded, {most:g} of {most + PREDICTIONS.points:g} points" in said  # nothing was predicted
    assert "bert: rejected" in said
    assert "not submitted: clara" in said
    assert "A1-A5, B1, B2: profile tiny, not full" in said
    assert "another model.py" not in said
    assert not (tmp_path / "evil").exists()

    stored = (course / "grading/autograded/anna" / NAME / "4_report.ipynb").read_text(encoding="utf-8")
    cells = {cell["id"]: cell for cell in json.loads(stored)["cells"]}
    assert "image/png" in json.dumps(cells["gradient_mem_figure"]["outputs"])  # drawn anew, from the runs handed in
    assert len(json.dumps(cells["gradient_mem_figure"]["outputs"])) > 5000
    assert "none of these runs' figures" in "".join(cells["gradient_mem_task"]["source"])

    assert cli.main(["feedback", *where]) == 0
    pages = course / "grading" / "feedback" / "anna" / NAME
    assert {path.name for path in pages.glob("*.html")} >= {"index.html", "1_cells.html", "4_report.html"}
    for page in pages.glob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert "<script>alert" not in text
        assert "MARK SCHEME" not in text
        assert "none of these runs' figures" not in text
    assert cli.main(["export", "--to", str(tmp_path / "grades.csv"), *where]) == 0
    lines = (tmp_path / "grades.csv").read_text(encoding="utf-8").splitlines()
    rows = {row["student_id"]: row for row in csv.DictReader(lines)}
    assert {student: row["status"] for student, row in rows.items()} == {
        "anna": "graded",
        "bert": "rejected",
        "clara": "not submitted",
    }
    assert float(rows["anna"]["auto"]) == most
    assert float(rows["anna"]["gru_step"]) == ASKED["gru_step"].points
    assert int(rows["anna"]["needs_manual"]) > 10
