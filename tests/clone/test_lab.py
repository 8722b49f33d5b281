"""JupyterLab as a student meets it: a real browser on the released notebooks."""

from __future__ import annotations

import re
import shutil
import time

import pytest
from browser import CHROMIUM, barriers, browser, needs_chromium
from confined import until

if CHROMIUM is None:
    pytest.skip("no chromium on this machine", allow_module_level=True)

from labtools import PATIENCE, Notebook, server
from nbconvert import HTMLExporter
from playwright.sync_api import expect

from rnnkit.common.places import PACKAGE
from rnnkit.plots.live import Moments
from rnnkit.record.file import last_filled, load

RELEASE = PACKAGE.parent / "release" / "training_dynamics"
RIGHT = """@method_of(RNN)
def step(self, x_t, h_prev):
    return PHI[self.phi](x_t @ self.W_xh + h_prev @ self.W_hh + self.b_h)"""
NO_BIAS = RIGHT.replace(" + self.b_h", "")
SHOWS = """from rnnkit.notebook import explore
from rnnkit.plots.sequences import plot_sequence
from rnnkit.tasks import get_task
display(plot_sequence(get_task("mul"), length=24))
explore()"""

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """The address of a JupyterLab on the students' folder, the folder, and a browser."""
    folder = shutil.copytree(RELEASE, tmp_path_factory.mktemp("student") / "course")
    with server(folder) as address, browser() as chromium:
        yield address, folder, chromium


@pytest.fixture
def open_notebook(lab):
    address, folder, chromium = lab
    contexts = []

    def opened(name: str) -> Notebook:
        contexts.append(chromium.new_context(viewport={"width": 1300, "height": 1000}))
        return Notebook(contexts[-1].new_page(), address, folder / name)

    yield opened
    for context in contexts:
        context.close()


def test_student_is_told_what_is_wrong_and_then_that_it_is_right(open_notebook):
    notebook = open_notebook("1_cells.ipynb")
    for name in ("setup", "rnn_class", "rnn_step_solution"):
        notebook.run(name)
    stub = notebook.run("rnn_step")
    expect(stub).to_contain_text("not written yet")
    expect(stub).not_to_contain_text("0.0")
    notebook.fill("rnn_step_solution", NO_BIAS)
    notebook.run("rnn_step_solution")
    wrong = notebook.run("rnn_step")
    expect(wrong).to_contain_text("the bias b_h is missing")
    expect(wrong).to_contain_text("0 of 3 points")
    notebook.fill("rnn_step_solution", RIGHT)
    notebook.run("rnn_step_solution")
    right = notebook.run("rnn_step")
    expect(right).to_contain_text("3 of 3 points")
    expect(right).not_to_contain_text("3.0")  # it is there, for nbgrader


@pytest.mark.slow
def test_figures_and_widgets_are_for_those_too_who_do_not_see_them_and_use_keys_alone(open_notebook):
    notebook = open_notebook("1_cells.ipynb")
    notebook.run("setup")
    notebook.fill("rnn_step_solution", SHOWS)
    notebook.run("rnn_step_solution")
    shown = notebook.cell("rnn_step_solution").locator(".jp-Cell-outputArea")
    expect(shown.locator(".rnnkit-figure img").first).to_have_attribute(
        "alt", re.compile(r"map of input, .* from 0 to 1")
    )
    shown.locator("details").first.locator("summary").focus()
    notebook.page.keyboard.press("Enter")
    expect(shown.locator("details table").first).to_be_visible()
    picture = shown.locator("img.widget-image")
    expect(picture).to_have_attribute("title", re.compile(r"from .* at \d+ to .* at \d+"))
    before = picture.get_attribute("title")
    shown.locator(".noUi-handle").last.focus()
    notebook.page.keyboard.press("ArrowRight")
    expect(picture).not_to_have_attribute("title", before)
    found = barriers(notebook.page, ".jp-OutputArea-output")
    assert [one for one in found if "noUi-handle" not in one] == []  # ipywidgets' sliders have no name of their own


@pytest.mark.slow
def test_locked_cell_refuses_deletion_and_an_own_cell_does_not(open_notebook):
    notebook = open_notebook("1_cells.ipynb")
    page = notebook.page
    notebook.cell("setup").locator(".jp-InputPrompt").click()
    page.keyboard.press("d")
    page.keyboard.press("d")
    expect(notebook.cell("setup")).to_contain_text("from rnnkit.cells import PHI, Cell")
    page.keyboard.press("b")  # a cell of one's own below
    page.keyboard.press("Escape")
    expect(page.locator(".jp-Cell.jp-mod-selected .cm-content")).to_have_text("")
    page.keyboard.press("d")
    page.keyboard.press("d")
    expect(page.locator(".jp-Cell.jp-mod-selected .cm-content")).not_to_have_text("")


@pytest.mark.slow
def test_validate_names_the_unsolved_checks(open_notebook):
    notebook = open_notebook("1_cells.ipynb")
    notebook.page.get_by_text("Validate", exact=True).click()
    dialog = notebook.page.locator(".jp-Dialog")
    expect(dialog).to_be_visible()
    expect(dialog).to_contain_text("rnn_step")


@pytest.mark.slow
def test_dashboard_and_browser_of_a_regime(open_notebook):
    notebook = open_notebook("3_regime.ipynb")
    notebook.run("imports")
    notebook.fill("parameters", 'regime = "A1"\nprofile = "tiny"\noverrides = {}\ncells = "builtin"\nout = None')
    for name in ("parameters", "settings"):
        notebook.run(name)
    pictures = notebook.run("training").locator("img")
    expect(pictures.first).to_be_visible()
    scrubber = notebook.run("browser")
    picture = scrubber.locator(".widget-image")
    expect(picture).to_be_visible()
    before = picture.get_attribute("src")
    scrubber.locator(".noUi-handle").focus()
    notebook.page.keyboard.press("ArrowLeft")
    expect(picture).not_to_have_attribute("src", before)
    assert check_shown(notebook, scrubber) == 3

    # From the first check on in play mode: to a stop in the middle, then to the end.
    notebook.page.keyboard.press("Home")
    expect(scrubber.locator(".widget-readout")).to_have_text("0")
    play = scrubber.locator("button").first
    play.click()
    expect(scrubber.locator(".widget-readout")).not_to_have_text("0")
    play.click()  # pause
    assert check_shown(notebook, scrubber) == int(scrubber.locator(".widget-readout").inner_text())
    play.click()
    expect(scrubber.locator(".widget-readout")).to_have_text("4")
    assert check_shown(notebook, scrubber) == 4


@pytest.mark.slow
def test_explorer_moves_and_leaves_its_grid_when_the_kernel_is_gone(open_notebook):
    notebook = open_notebook("0_why_gradients_vanish.ipynb")
    output = notebook.run("why_explore")
    picture, grid = output.locator(".widget-image"), output.locator(".rnnkit-still")
    expect(picture).to_be_visible()
    for slider in output.locator(".widget-slider").filter(has_not_text="gate bias").all():  # an RNN has none
        before = picture.get_attribute("src")
        slider.locator(".noUi-handle").focus()
        notebook.page.keyboard.press("ArrowRight")
        expect(picture).not_to_have_attribute("src", before)
    expect(grid).to_be_hidden()
    notebook.page.keyboard.press("Control+S")
    file = notebook.folder / "0_why_gradients_vanish.ipynb"
    assert until(lambda: "rnnkit-still" in file.read_text(), PATIENCE)
    page, _ = HTMLExporter().from_filename(file)
    notebook.page.set_content(page, wait_until="domcontentloaded")
    expect(notebook.page.locator(".rnnkit-still")).to_be_visible()


def check_shown(notebook, scrubber) -> int | None:
    """The check whose picture stands in the page, once it has come to rest: known by its bytes."""
    record = load(next(notebook.folder.rglob("*_final_state.npz")))
    moments = Moments(record)
    pictures = [moments.png(record, slot) for slot in range(last_filled(record) + 1)]
    fetch = "async url => Array.from(new Uint8Array(await (await fetch(url)).arrayBuffer()))"
    deadline, found = time.monotonic() + PATIENCE, None
    while time.monotonic() < deadline:
        shown = bytes(notebook.page.evaluate(fetch, scrubber.locator(".widget-image").get_attribute("src")))
        found = pictures.index(shown) if shown in pictures else None
        if str(found) == scrubber.locator(".widget-readout").inner_text():
            return found
        notebook.page.wait_for_timeout(200)
    return found
