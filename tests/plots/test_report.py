"""The HTML page: its sentences are computed, it needs nothing but itself, and a browser shows all of it."""

from __future__ import annotations

import dataclasses
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
from browser import barriers, browser, needs_chromium
from matplotlib.text import Text
from runtools import ROOT

from rnnkit import cli, plots
from rnnkit.assignments.training_dynamics.experiment import PAIRS
from rnnkit.cli import run as cli_run
from rnnkit.cli.report import ReportError, write_report
from rnnkit.grading.release.wheel import student_source
from rnnkit.plots import compare
from rnnkit.plots import page_sections as sections_
from rnnkit.plots.naming import number
from rnnkit.plots.page import labelled
from rnnkit.record.facts import facts_of
from rnnkit.record.file import last_filled, load, save
from rnnkit.record.keys import NEWER
from rnnkit.record.verdict import verdict
from rnnkit.regimes import HANDOUT_REGIMES, get_regime
from rnnkit.runs.tables import read_runs
from rnnkit.train import train


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """The handout's seven regimes, tiny, as a batch leaves them."""
    folder = tmp_path_factory.mktemp("runs")
    for key in HANDOUT_REGIMES:
        regime = get_regime(key, "tiny")
        train(regime, out=folder / regime.name, cells="builtin")
    return folder


@pytest.fixture(scope="module")
def page(runs):
    return write_report(runs)


def test_page_needs_nothing_but_itself(page):
    text = page.read_text()
    links = re.findall(r"(?:src|href)=\"([^\"]*)\"", text)
    assert all(link.startswith(("data:", "#")) for link in links)
    assert len([link for link in links if link.startswith("data:image/png")]) >= 12
    assert "<script" not in text
    assert "@import" not in text


def test_figures_of_the_page_say_which_run_is_unfinished(runs, monkeypatch):
    """In the title of a run's own figures, and behind its label where it stands beside others."""
    records = {path.name[:2]: load(path) for path in runs.glob("*/*_final_state.npz")}
    records["A2"] |= {"status": np.array("running")}
    drawn = []
    monkeypatch.setattr(sections_, "picture", lambda figure, caption: drawn.append(figure) or caption)
    sections_.sections(labelled(records), PAIRS)
    texts = [{text.get_text() for text in figure.findobj(Text)} for figure in drawn]
    assert sum("A2 (unfinished)" in found for found in texts) >= 5  # four comparisons with A1 and A3, one of all losses
    assert sum(any("unfinished, 41 of 41" in text for text in found) for found in texts) >= 6  # its own
    assert not any("A2" in found for found in texts)


def test_page_has_every_comparison(page):
    ids = re.findall(r"<section id=\"([a-z]+)\"", page.read_text())
    questions = ["gradient", "saturation", "clipping", "gru", "rho"]
    assert ids == [*questions, "validation", "norms", "heat", "direct", "verdicts", "facts", "runs"]


def test_pictures_come_before_tables_each_with_one_line(page):
    text = re.sub(r'<details class="numbers.*?</details>', "", page.read_text(), flags=re.DOTALL)
    assert text.rindex("<figure>") < text.index("<table")
    captions = re.findall("<figcaption>([^<]*)</figcaption>", text)
    assert len(captions) == text.count("<figure>") > 40
    assert all(len(caption) < 100 and caption.count(". ") == 0 for caption in captions)


def test_tanh_and_sigmoid_are_compared_where_both_are_there(tmp_path):
    for key in ("B1", "B1s"):
        train(get_regime(key, "tiny"), out=tmp_path / get_regime(key, "tiny").name, cells="builtin")
    text = write_report(tmp_path).read_text()
    assert '<section id="sigmoid">' in text
    assert "Settings in which B1, B1s differ: init: B1 basic_tanh, B1s sigmoid." in text


def test_omega_is_shown_and_told_where_there_is_one(tmp_path):
    records = {}
    for key in ("C2", "C2d"):
        regime = get_regime(key, "tiny")
        records[key] = load(train(regime, out=tmp_path / regime.name, cells="builtin"))
    text = write_report(tmp_path).read_text()
    assert re.findall(r"<section id=\"([a-z]+)\"", text)[-6:-4] == ["omega", "heat"]
    for key, record in records.items():
        tenth = max(1, len(record["Omega"]) // 10)
        first, last = np.median(record["Omega"][:tenth]), np.median(record["Omega"][-tenth:])
        said, share = verdict(record)["Omega"], 100 * np.median(record["steps_in_past"][-tenth:])
        assert (
            said == f"{'direct' if key == 'C2d' else 'total'}, {first:.3g} to {last:.3g}, at {share:.0f} % of the steps"
        )
    value, steps = compare.omegas(records).axes
    assert [len(ax.get_lines()) for ax in (value, steps)] == [2, 2]
    assert max(steps.get_lines()[1].get_ydata()) < 0.2  # the direct term: one step in all
    assert min(steps.get_lines()[0].get_ydata()) > 0.9


def test_page_has_the_exact_commands_and_the_profile(page):
    text = page.read_text()
    for key in HANDOUT_REGIMES:
        assert get_regime(key, "tiny").command() in re.sub("<[^>]*>", "", text)
    assert "profile tiny" in text


def test_numbers_in_the_page_are_the_records(page, runs):
    text = page.read_text()
    for record in read_runs(runs)[0].values():
        facts = facts_of(record)
        assert f"<td>{round(facts.best_nll, 4)}</td>" in text
        assert f"<td>{facts.best_nll:.4f}, " in text  # the verdict
        assert f"<td>{facts.regime.name}</td>" in text
        assert f"<td>{round(facts.valid_nll, 4)}</td>" in text


def test_page_is_made_again_without_training(page, runs, capsys):
    before = page.read_bytes()
    stamps = {path: path.stat().st_mtime_ns for path in runs.rglob("*.npz")}
    assert cli.main(["report", str(runs)]) == 0
    assert str(page) in capsys.readouterr().out
    assert page.read_bytes() == before
    assert stamps == {path: path.stat().st_mtime_ns for path in runs.rglob("*.npz")}


@pytest.mark.parametrize("make", ["missing", "empty"])
def test_folder_without_records_is_refused(tmp_path, make, capsys):
    folder = tmp_path / "x"
    if make == "empty":
        folder.mkdir()
    with pytest.raises(ReportError, match="expected"):
        write_report(folder)
    assert cli.main(["report", str(folder)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_the_page_without_a_folder_trains_the_runs_of_the_whole_report(monkeypatch):
    asked = {}
    monkeypatch.setattr(cli_run, "_run", lambda arguments: asked.update(vars(arguments)) or 0)
    assert cli_run.report([]) == 0
    assert asked["words"] == ["training_dynamics", "A1", "A2", "A3", "A4", "A5", "B1", "B2", "A1s", "B1s"]
    assert asked["profile"] == "smoke"


def test_labels_are_short_where_that_is_unique():
    assert list(labelled({"A1_x": {}, "B1_y": {}})) == ["A1", "B1"]
    assert list(labelled({"A1_x": {}, "A1_y": {}, "B1_z": {}})) == ["B1", "A1_x", "A1_y"]


def test_every_picture_has_words_and_tables_with_the_records_numbers(page, runs):
    text = page.read_text()
    pictures = re.findall(r"<figure.*?</figure>", text, re.DOTALL)
    for one in pictures:
        (words,) = re.findall(r'<img alt="([^"]*)"', one)
        assert re.search(r"\d", words), words
        assert "<td>" in one, words
    for label, record in labelled(read_runs(runs)[0]).items():
        first, last = record["valid_nll"][[0, last_filled(record)]]
        (own,) = [one for one in pictures if f"<figcaption>{label}: validation over training." in one]
        assert f"from {number(first)} at 0 to {number(last)} at " in own
        assert f"<td>{number(last)}</td>" in own


@needs_chromium
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_the_page(page, scheme):
    with browser() as chromium:
        tab = chromium.new_page(color_scheme=scheme)
        tab.goto(page.as_uri())
        assert barriers(tab) == []


@needs_chromium
@pytest.mark.parametrize("width", [390, 1200], ids=["phone", "desktop"])
def test_browser_shows_every_picture_without_a_network(page, width):
    with browser() as chromium:
        context = chromium.new_context(viewport={"width": width, "height": 900}, offline=True)
        tab, said, asked = context.new_page(), [], []
        tab.on("console", lambda message: said.append(message.text))
        tab.on("pageerror", lambda error: said.append(str(error)))
        tab.on("request", lambda request: asked.append(request.url))
        tab.goto(page.as_uri())
        pictures = tab.evaluate("[...document.images].map(i => [i.complete, i.naturalWidth, i.clientWidth])")
        across = tab.evaluate("document.documentElement.scrollWidth")
    assert said == []
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert len(pictures) >= 12
    assert all(complete and natural > 100 and shown > 100 for complete, natural, shown in pictures)
    assert across <= width  # nothing makes the page itself scroll sideways
    assert all(shown > 0.85 * min(width, 390) - 60 for _, _, shown in pictures)  # none is a strip


@needs_chromium
def test_pictures_stand_beside_each_other_and_under_one_another_on_a_phone(page):
    columns = "getComputedStyle(document.querySelector('.grid')).gridTemplateColumns.split(' ').length"
    found = {}
    with browser() as chromium:
        for width in (390, 1400):
            tab = chromium.new_page(viewport={"width": width, "height": 900})
            tab.goto(page.as_uri())
            found[width] = tab.evaluate(columns)
    assert found == {390: 1, 1400: 4}


@needs_chromium
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_follows_the_readers_colours_and_figures_stay_on_white(page, scheme):
    with browser() as chromium:
        tab = chromium.new_page(color_scheme=scheme)
        tab.goto(page.as_uri())
        of = "getComputedStyle(document.{}).backgroundColor.match(/[0-9]+/g).map(Number)"
        body, image = tab.evaluate(of.format("body")), tab.evaluate(of.format("images[0]"))
    assert (max(body[:3]) < 60) is (scheme == "dark")
    assert image == [255, 255, 255]


# ---- what students are not told ---------------------------------------------------------------------------------

ANSWERS = re.compile(
    r"vanish|explod|spread|moderate|saturating|decided|leaning|correlat|cannot|conclude", re.IGNORECASE
)


@pytest.fixture(scope="module")
def students_page(runs, tmp_path_factory):
    """The page of the same records, made by what the students' wheel is built from."""
    source, folder = tmp_path_factory.mktemp("student"), tmp_path_factory.mktemp("records") / "runs"
    student_source(ROOT, source)
    shutil.copytree(runs, folder)
    program = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from rnnkit.cli import report\n"
        "assert report.__file__.startswith(sys.argv[1])\n"
        "print(report.write_report(sys.argv[2]))\n"
    )
    command = [sys.executable, "-c", program, str(source), str(folder)]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder / "report.html"


def test_a_students_page_answers_no_question(students_page, page):
    pictures = re.compile('src="data:[^"]*"')
    text, ours = (pictures.sub("", path.read_text()) for path in (students_page, page))
    assert not ANSWERS.findall(text)
    assert 'id="verdicts"' not in text
    assert 'id="verdicts"' in ours
    assert len(ANSWERS.findall(ours)) > 10  # the search would find them
    assert text.count("<figure>") == ours.count("<figure>")
    assert [row for row in re.findall("<td>[^<]*</td>", text) if row not in ours] == []


def test_students_have_no_verdicts(tmp_path):
    student_source(ROOT, tmp_path)
    assert not (tmp_path / "rnnkit" / "verdict.py").exists()
    users = [path for path in (tmp_path / "rnnkit").rglob("*.py") if "rnnkit.record.verdict" in path.read_text("utf-8")]
    assert [path.name for path in users] == ["page_sections.py"]


def test_no_figure_answers_a_question(records):
    figures = [getattr(plots, name)(record) for name in plots.__all__ for record in records.values()]
    figures += [getattr(compare, name)(records) for name in compare.__all__]
    for figure in figures:
        words = " ".join(text.get_text() for text in figure.findobj(Text))
        assert not ANSWERS.findall(words), words


# ---- words ------------------------------------------------------------------------------------------------------


def with_last(record, **rows):
    """A copy of a record whose last checks' diagnostics are replaced."""
    changed = dict(record)
    for name, value in rows.items():
        changed[name] = record[name].copy()
        changed[name][:, : np.isfinite(record[name][-1]).sum()] = value
    return changed


@pytest.fixture(scope="module")
def records(runs):
    return labelled(read_runs(runs)[0])


@pytest.mark.parametrize(
    ("g", "kind"), [(1e-11, "vanishing"), (1e-9, "vanishing"), (1e-4, "moderate"), (30.0, "exploding")]
)
def test_gradient_in_words(records, g, kind):
    row = verdict(with_last(records["B1"], grad_time=g))
    assert row["gradient"] == kind
    assert row["log10 g: median (5th to 95th percentile)"].startswith(f"{np.log10(g + 1e-12):.2f} ")
    assert row["steps below -8"] == ("100 %" if g < 1e-8 else "0 %")


@pytest.mark.parametrize(("share", "kind"), [(0.9, "saturating"), (0.2, "partly saturating"), (0.01, "not saturating")])
def test_saturation_in_words(records, share, kind):
    row = verdict(with_last(records["A1"], unit_sat_time=share))
    assert (row["saturation"], row["saturated units"]) == (kind, f"{100 * share:.1f} %")


def test_gates_are_spoken_of_only_where_there_are_any(records):
    record, name = records["A4"], "gates: mean value, distance"
    z, r = (np.nanmean(record[f"gate_{gate}_mean_time"][-1]) for gate in "zr")
    assert verdict(record)[name].startswith(f"z {z:.2f}, ")
    assert f"; r {r:.2f}, " in verdict(record)[name]
    older = {key: value for key, value in record.items() if key not in NEWER}
    assert verdict(older)[name].startswith("z –, ")
    assert verdict(records["A1"])[name] == "–"


def test_clipped_share_is_counted(records):
    record = records["A3"]
    share = np.mean(record["gradient_norm"] > 0.01)
    assert verdict(record)["clipped updates"] == f"{100 * share:.0f} % to 0.01"


def test_a_run_without_diagnostics_says_so(tmp_path):
    regime = dataclasses.replace(get_regime("A1", "tiny"), collectDiags=False)
    record = load(train(regime, out=tmp_path / regime.name, cells="builtin"))
    assert verdict(record)["gradient"] == "not recorded"
    text = write_report(tmp_path).read_text()
    assert 'id="heat"' not in text


def test_a_diverged_run_is_told(tmp_path):
    regime = get_regime("B1", "tiny", lr=1e3)
    record = load(train(regime, out=tmp_path / regime.name, cells="builtin"))
    assert str(record["status"]) == "diverged"
    text = write_report(tmp_path).read_text()
    assert f"diverged at iteration {int(record['updates']) - 1}" in text


def test_a_damaged_record_is_named_and_left_out(runs, tmp_path, capsys):
    name = get_regime("A1", "tiny").name
    (tmp_path / name).mkdir()
    (tmp_path / name / f"{name}_final_state.npz").write_bytes(b"PK\x03\x04 cut short")
    other = get_regime("B1", "tiny").name
    (tmp_path / other).mkdir()
    save(tmp_path / other / f"{other}_final_state.npz", load(runs / other / f"{other}_final_state.npz"))
    assert list(read_runs(tmp_path)[0]) == [other]
    assert list(read_runs(tmp_path)[1]) == [name]
    assert cli.main(["report", str(tmp_path)]) == 1
    assert name in capsys.readouterr().err
    assert f"{name} is missing here" in (tmp_path / "report.html").read_text()


def test_what_is_compared_says_in_what_it_differs(page):
    text = page.read_text()
    assert "Settings in which A1, A2, A3 differ: clipstyle: A1 nothing, A2 rescale, A3 rescale; cutoff:" in text
    assert "Settings in which B1, B2 differ: model: B1 rnn, B2 gru; diagGates: B1 False, B2 True." in text
