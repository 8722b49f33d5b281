"""The dashboard and the record browser: live before a person, plain text or nothing elsewhere."""

from __future__ import annotations

from base64 import b64decode

import numpy as np
import pytest
from ipywidgets import IntSlider
from matplotlib.figure import Figure

from rnnkit.plots import still, widgets
from rnnkit.plots.live import Moments, moment
from rnnkit.plots.naming import number
from rnnkit.record.file import load
from rnnkit.regimes import get_regime
from rnnkit.train import train

pytestmark = pytest.mark.usefixtures("in_front_of_a_person")

PNG = b"\x89PNG"


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    return load(train(get_regime("B2", "tiny"), out=tmp_path_factory.mktemp("run"), cells="builtin"))


class Clock:
    """Stands still unless it is told that time has passed."""

    now = 100.0

    def __call__(self):
        return self.now


def test_dashboard_shows_one_picture_that_changes(tmp_path, shown, capsys):
    clock, pictures = Clock(), []
    board = widgets.Dashboard(widgets.Rhythm(clock))  # drawing takes no time: at every check

    def follow(trainer, check):
        clock.now += 1
        board(trainer, check)
        pictures.append(b64decode(shown[0]["image/png"]))

    path = train(get_regime("A1", "tiny"), out=tmp_path, cells="builtin", on_check=follow)
    board.finish(load(path))
    assert len(shown) == 1
    assert len(set(pictures)) == len(pictures) == 5
    assert all(picture.startswith(PNG) for picture in pictures)
    assert capsys.readouterr() == ("", "")


def simulated(checks, seconds, cost, first=None):
    """The checks at which a run's pictures are drawn, and the share of the time that drawing takes."""
    clock, drawn = Clock(), []
    pace = widgets.Rhythm(clock)

    def picture():
        clock.now += (first or cost) if not drawn else cost
        drawn.append(slot)

    for slot in range(checks + 1):
        if pace.due(slot / checks):
            pace.draw(slot / checks, picture)
        clock.now += seconds / checks
    return drawn, pace.share


@pytest.mark.parametrize("checks", [20, 2500])
@pytest.mark.parametrize("seconds", [5, 12, 120, 7200])
@pytest.mark.parametrize("cost", [0.01, 0.025])
def test_a_run_has_a_picture_at_once_ten_and_more_later_and_drawing_takes_a_tenth_of_it(checks, seconds, cost):
    drawn, share = simulated(checks, seconds, cost, first=5 * cost)
    assert drawn[0] == 0
    assert len(drawn) > 10
    assert share <= 0.1
    gaps = np.diff([*drawn, checks])
    assert max(gaps) <= checks / 6  # spread over the run


def test_drawing_that_is_slow_stays_within_its_share():
    drawn, share = simulated(checks=2500, seconds=60, cost=1.0)
    assert 3 <= len(drawn) <= 7
    assert share <= 0.12
    assert drawn[0] == 0


def test_a_long_run_is_followed_closely():
    drawn, share = simulated(checks=2500, seconds=7200, cost=0.05)
    assert len(drawn) > 1000
    assert share <= 0.1


def test_smoke_size_is_seen_from_its_start(tmp_path, shown):
    """On a clock that goes on with the updates: nothing depends on this machine."""
    clock, seen = Clock(), []
    board = widgets.Dashboard(widgets.Rhythm(clock))
    draw = board._draw

    def drawn(record):
        clock.now += 0.05 if seen else 0.4
        draw(record)
        seen.append(int(record["updates"]))

    board._draw = drawn

    def follow(trainer, check):
        clock.now = max(clock.now, 100.0 + 12 * trainer.updates / 2001)
        board(trainer, check)

    regime = get_regime("A1", "smoke", nhid=5, min_length=10, max_length=12, bs=2, ebs=20, cbs=10)
    train(regime, out=tmp_path, cells="builtin", on_check=follow)
    assert seen[0] == 0
    assert len(seen) > 10
    assert board.rhythm.share <= 0.1


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


def test_a_checks_picture_does_not_depend_on_what_was_shown_before(record):
    moments, again = Moments(record), Moments(record)
    forth = [moments.png(record, slot) for slot in range(5)]
    back = [again.png(record, slot) for slot in reversed(range(5))]
    assert forth == back[::-1]


def test_browser_is_a_figure_under_papermill_and_silent_in_autograding(record, monkeypatch):
    monkeypatch.setenv("RNNKIT_PLAIN", "1")
    assert isinstance(widgets.browse(record), Figure)
    monkeypatch.setenv("NBGRADER_EXECUTION", "1")
    assert widgets.browse(record) is None


def test_moment_says_which(record):
    titles = [moment(record, slot).get_suptitle() for slot in (0, 2)]
    assert "check 0 of 4, untrained" in titles[0]
    assert f"check 2 of 4, after {record['check_updates'][2]} updates" in titles[1]
    assert "tiny profile" in titles[0]


def test_moment_of_a_run_without_diagnostics(tmp_path):
    regime = get_regime("A1", "tiny", collectDiags=False)
    figure = moment(load(train(regime, out=tmp_path, cells="builtin")))
    (bars,) = figure.axes[3].patches
    assert np.sum(bars.get_data().values) == 0


def test_a_widget_leaves_its_picture_in_a_page_without_widgets(record, monkeypatch):
    seen = []
    monkeypatch.setattr(still, "display", lambda data, **_: seen.append(data))
    box = widgets.browse(record)
    box._ipython_display_()
    widget, picture = seen
    assert "application/vnd.jupyter.widget-view+json" in widget
    assert b64decode(picture["image/png"]).startswith(b"\x89PNG")
    assert picture["image/png"] in picture["text/html"]
    loss = f"from {number(record['valid_nll'][0])} at 0"
    assert loss in picture["text/plain"]
    assert loss in box.children[1].tooltip
    assert f"<td>{number(record['valid_nll'][0])}</td>" in box.children[3].value
    assert ":has(.widget-vbox)" in picture["text/html"]
