"""A notebook's way through a kernel: what is sent there, what is not, and how it goes on after a death."""

from __future__ import annotations

import dis
import json

import nbformat
import pytest
from course import ASSIGNMENT, NOTEBOOKS, ROOT, filled

from rnnkit.assignments.training_dynamics.key import CANARY
from rnnkit.assignments.training_dynamics.questions import DIAGNOSTICS
from rnnkit.checks.remote import answer
from rnnkit.grading.notebooks.execute import ASK, ASK_S, RESTARTS, execute, generator, is_check, needs_kernel
from rnnkit.grading.sandbox.allowance import Allowance
from rnnkit.grading.sandbox.kernel import NoReply, Stopped, TimedOut
from rnnkit.grading.sandbox.outputs import CUT, Outputs


class Fake:
    """A kernel in this process. ``ends`` says, for texts in the code, how often and with what it stops."""

    def __init__(self, ends=None, start=None):
        self.sent, self.starts, self.closed = [], 0, False
        self.ends = {text: list(errors) for text, errors in (ends or {}).items()}
        self.start_error = start

    def start(self):
        self.starts += 1
        self.space = {"__name__": "__main__", "check": lambda *_: pytest.fail("a check was sent to the kernel")}
        if self.start_error:
            raise self.start_error

    def _stop(self, code):
        self.sent.append(code)
        for text, errors in self.ends.items():
            if text in code and errors:
                raise errors.pop(0)

    def execute(self, code, seconds, outputs=None):
        assert seconds > 0
        self._stop(code)
        if "figures." not in code and not code.startswith("%"):
            exec(code, self.space)
        return True

    def ask(self, code, expression, mime, seconds):
        assert 0 < seconds <= ASK_S
        self._stop(code + expression)
        request, target, sent_mime = eval(expression.removeprefix("_rnnkit_ask"))
        assert sent_mime == mime
        return answer(request, self.space.get(target))

    def close(self):
        self.closed = True


@pytest.fixture(scope="module")
def solved(tmp_path_factory):
    """Gives the solved diagnostics notebook."""
    path = tmp_path_factory.mktemp("solved") / DIAGNOSTICS
    filled(ROOT / "release/training_dynamics" / DIAGNOSTICS, next(p for p in NOTEBOOKS if p.name == DIAGNOSTICS), path)
    return lambda: nbformat.read(path, 4)


def run(notebook, kernel, seconds=600):
    done = execute(ASSIGNMENT, notebook, lambda: kernel, Allowance(wall=seconds), 5, {})
    assert kernel.closed
    return done


MOST = {id: question.points for id, question in ASSIGNMENT.questions.items() if question.notebook == DIAGNOSTICS}
IDS = [*MOST]


def test_checks_and_references_are_never_sent(solved):
    kernel = Fake()
    done = run(solved(), kernel)
    assert list(done.reports) == IDS
    assert {id: report.points for id, report in done.reports.items()} == {id: MOST[id] for id in IDS}
    assert kernel.starts == 1
    assert done.stopped == ""
    for code in kernel.sent:
        assert CANARY not in code
        assert 'check("' not in code
        assert "expected" not in code or "_rnnkit_ask" not in code
    for cell in filter(is_check, done.notebook.cells):
        (output,) = cell.outputs
        assert output.data["text/plain"] == done.reports[cell.id].text()


def test_a_cell_that_kills_the_kernel_is_left_out_when_the_others_run_again(solved):
    kernel = Fake({"spectral_radius": [Stopped("the kernel died")]})
    done = run(solved(), kernel)
    assert kernel.starts == 2
    assert done.stopped == ""
    assert done.reports["rho"].points == 0
    assert all(done.reports[id].points == MOST[id] for id in IDS if id != "rho")
    assert sum("def spectral_radius" in code for code in kernel.sent) == 1
    assert done.notes == ["rho_solution: the kernel died"]


def test_a_question_whose_answer_hangs_loses_its_own_points_only(solved):
    kernel = Fake({"'spectral_radius'": [TimedOut("took longer than 20 s", alive=True)]})
    done = run(solved(), kernel)
    assert kernel.starts == 1
    assert done.reports["rho"].status == "no answer"
    assert "longer than 20 s" in done.reports["rho"].text()
    assert sum(report.points for report in done.reports.values()) == sum(MOST[i] for i in IDS if i != "rho")


def test_no_reply_is_no_death(solved):
    done = run(solved(), kernel := Fake({"'spectral_radius'": [NoReply("nothing came")]}))
    assert kernel.starts == 1
    assert done.reports["rho"].points == 0
    assert done.notes == []


def test_a_kernel_that_dies_again_and_again_is_given_up(solved):
    kernel = Fake({"_rnnkit_ask": [Stopped("the kernel died")] * 100})
    done = run(solved(), kernel)
    assert kernel.starts == 1 + RESTARTS
    assert done.stopped == "the kernel died"
    assert all(report.points == 0 for report in done.reports.values())


def test_one_that_does_not_start_and_one_without_time(solved):
    for kernel, seconds, words in ((Fake(start=Stopped("no room")), 600, "no room"), (Fake(), -1, "used up")):
        done = run(solved(), kernel, seconds)
        assert words in done.stopped
        assert all(report.points == 0 for report in done.reports.values())
        assert done.notebook.cells[1].outputs[0].output_type == "error"


class Short(Fake):
    """A kernel in which some names are left out: what uses them raises, and shows some error."""

    error, well = "NotHere", False

    def execute(self, code, seconds, outputs=None):
        try:
            return super().execute(code.removeprefix("%%time\n"), seconds, outputs)
        except NameError:
            content = {"ename": self.error, "evalue": "left out", "traceback": []}
            if outputs is not None:
                outputs.take("error", content)
            return self.well


# a class of the kit's as a base; !pip; an error below %%capture, where the cell itself is said to be well
@pytest.mark.parametrize(("error", "well"), [("TypeError", False), ("Exception", False), ("NotHere", True)])
def test_a_cell_that_uses_what_is_left_out_goes_on_behind_it(solved, monkeypatch, error, well):
    monkeypatch.setattr(Short, "error", error)
    monkeypatch.setattr(Short, "well", well)
    notebook = solved()
    cell = next(cell for cell in notebook.cells if cell.id == "rho_solution")
    cell.source = f"%%time\nleft_out.draw()\n\n# a comment\n{cell.source}\nleft_out.draw()"
    done = run(notebook, kernel := Short())
    assert done.reports["rho"].points == MOST["rho"]
    assert cell.outputs[-1].ename == error
    assert kernel.starts == 1


def test_questions_of_a_notebook_that_holds_answers_are_asked_aside(solved):
    notebook = solved()
    own = nbformat.v4.new_code_cell("helper = left_out.load()\ndef mine(W):\n    return W", id="own")
    notebook.cells[2:2] = [own, nbformat.v4.new_code_cell("# nothing but a remark", id="remark")]
    given, asides, closed_before = Short(), [], []

    def aside():
        closed_before.append(given.closed)
        asides.append(Short())
        return asides[-1]

    done = execute(ASSIGNMENT, notebook, lambda: given, Allowance(), 5, {}, aside)
    assert [done.reports[id].points for id in IDS] == [MOST[id] for id in IDS]
    assert not [code for code in given.sent if "_rnnkit_ask" in code]
    assert len(asides) == len(IDS)
    assert all(kernel.closed for kernel in asides)
    assert closed_before == [True] * len(IDS)  # nothing that holds answers runs while one is asked for
    assert any("def mine" in code and "left_out" not in code for code in asides[-1].sent)
    assert not [code for code in asides[-1].sent if "figures." in code or "write_diagnostics(" in code]


def test_only_what_is_graded_needs_a_kernel():
    needed = {path.name: needs_kernel(nbformat.read(path, 4)) for path in NOTEBOOKS}
    graded = {"1_cells.ipynb": True, DIAGNOSTICS: True, "4_report.ipynb": True, "5_extra_credit.ipynb": True}
    assert needed == graded | {"0_why_gradients_vanish.ipynb": False, "3_regime.ipynb": False}


def test_random_inputs_differ_by_question_and_repeat_by_seed():
    first, again, other, next_seed = (generator(*a).random() for a in ((1, "rho"), (1, "rho"), (1, "clip"), (2, "rho")))
    assert first == again
    assert len({first, other, next_seed}) == 3


def test_outputs_are_bounded():
    outputs = Outputs(most_bytes=1000)
    for _ in range(5):
        outputs.take("stream", {"name": "stdout", "text": "a" * 100})
    outputs.take("stream", {"name": "stderr", "text": "b"})
    outputs.take("stream", {"name": "stdout", "text": "c" * 10_000})
    outputs.take("display_data", {"data": {"text/plain": "d" * 10_000}})
    outputs.take("comm_open", {"data": "e"})
    texts = [output.text for output in outputs.shown]
    assert texts == ["a" * 500, "b", CUT]
    outputs.take("clear_output", {"wait": True})
    assert outputs.shown == []
    flood = Outputs()
    for _ in range(3000):
        flood.take("display_data", {"data": {"text/plain": "x"}})
    assert len(flood.shown) == 2001
    assert len(json.dumps(flood.shown)) < 300_000


@pytest.mark.parametrize("content", [{}, {"data": 3}, {"data": {"text/plain": float("nan")}}, {"traceback": 5}])
def test_outputs_of_odd_form_are_taken_as_they_are(content):
    outputs = Outputs()
    for kind in ("stream", "display_data", "execute_result", "error", "status"):
        outputs.take(kind, content)
    assert len(outputs.shown) == 4


def test_what_asks_needs_no_name_that_a_student_may_have_taken():
    todo, wanted = [const for const in compile(ASK, "ask", "exec").co_consts if hasattr(const, "co_code")], set()
    assert todo
    for code in todo:
        wanted |= {one.argval for one in dis.get_instructions(code) if one.opname in ("LOAD_GLOBAL", "LOAD_NAME")}
        todo += [const for const in code.co_consts if hasattr(const, "co_code")]
    assert wanted <= {"__name__"}  # of the class
