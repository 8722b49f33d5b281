"""The dashboard and the record browser: live before a person, plain text or nothing elsewhere."""

from __future__ import annotations

import numpy as np
import pytest
from ipywidgets import Image, IntSlider
from matplotlib.figure import Figure

from rnnkit import widgets
from rnnkit.plots.live import moment
from rnnkit.record import load
from rnnkit.regimes import get_regime
from rnnkit.train import train

PNG = b"\x89PNG"


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    return load(train(get_regime("B2", "tiny"), out=tmp_path_factory.mktemp("run"), cells="builtin"))


@pytest.fixture(autouse=True)
def in_front_of_a_person(monkeypatch):
    monkeypatch.delenv("RNNKIT_PLAIN", raising=False)
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)


@pytest.fixture
def shown(monkeypatch):
    seen = []
    monkeypatch.setattr(widgets, "display", seen.append)
    return seen


def test_dashboard_shows_one_picture_that_changes(tmp_path, shown, monkeypatch, capsys):
    monkeypatch.setattr(widgets, "SHARE", 1e9)  # draw at every check
    board, pictures = widgets.Dashboard(), []

    def follow(trainer, check):
        board(trainer, check)
        pictures.append(bytes(board.image.value))

    path = train(get_regime("A1", "tiny"), out=tmp_path, cells="builtin", on_check=follow)
    board.finish(load(path))
    assert len(shown) == 1
    assert isinstance(shown[0], Image)
    assert len(set(pictures)) == len(pictures) == 5
    assert all(picture.startswith(PNG) for picture in pictures)
    assert capsys.readouterr() == ("", "")


def test_dashboard_draws_seldom_when_drawing_is_slow(tmp_path, shown, monkeypatch):
    drawn = []
    monkeypatch.setattr(widgets, "SHARE", 1e-9)
    monkeypatch.setattr(widgets.Dashboard, "_draw", lambda self, record: drawn.append(record))
    train(get_regime("A1", "tiny"), out=tmp_path, cells="builtin", on_check=widgets.Dashboard())
    assert len(drawn) == 1


@pytest.mark.parametrize("variable", ["RNNKIT_PLAIN", "NBGRADER_EXECUTION"])
def test_dashboard_is_plain_text_where_nobody_looks(tmp_path, shown, monkeypatch, capsys, variable):
    monkeypatch.setenv(variable, "1")
    board = widgets.Dashboard()
    path = train(get_regime("A1", "tiny"), out=tmp_path, cells="builtin", on_check=board)
    board.finish(load(path))
    out, err = capsys.readouterr()
    assert shown == []
    assert err == ""
    assert out.splitlines()[0].startswith("update 0: valid nll ")
    assert 1 < len(out.splitlines()) <= 11


def test_browser_follows_its_slider(record):
    box = widgets.browse(record)
    slider = next(child for child in box.children[0].children if isinstance(child, IntSlider))
    image = box.children[1]
    assert (slider.min, slider.max, slider.value) == (0, 4, 4)
    pictures = {bytes(image.value)}
    for slot in range(4):
        slider.value = slot
        pictures.add(bytes(image.value))
    assert len(pictures) == 5


def test_browser_is_a_figure_under_papermill_and_silent_in_autograding(record, monkeypatch):
    monkeypatch.setenv("RNNKIT_PLAIN", "1")
    assert isinstance(widgets.browse(record), Figure)
    monkeypatch.setenv("NBGRADER_EXECUTION", "1")
    assert widgets.browse(record) is None


def test_moment_says_which(record):
    titles = [moment(record, slot).get_suptitle() for slot in (0, 2)]
    assert "untrained" in titles[0]
    assert f"after {record['check_updates'][2]} updates" in titles[1]
    assert "tiny profile" in titles[0]


def test_moment_of_a_run_without_diagnostics(tmp_path):
    regime = get_regime("A1", "tiny", collectDiags=False)
    figure = moment(load(train(regime, out=tmp_path, cells="builtin")))
    counts = [patch.get_height() for patch in figure.axes[3].patches]
    assert np.sum(counts) == 0
