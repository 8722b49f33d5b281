"""Steps of our own in nbgrader's pipeline; nbgrader_config.py puts them in their places."""

from __future__ import annotations

from nbconvert.preprocessors import Preprocessor
from nbformat.v4 import new_markdown_cell
from nbgrader.api import Gradebook
from nbgrader.preprocessors import ClearSolutions, NbGraderPreprocessor
from nbgrader.utils import is_task

from rnnkit.common.made_for import stamp
from rnnkit.notebook.cells import SOLUTION

# Formgrader makes 0 of whatever is typed into a box "/ 0.0": nobody types there. To give a check "full credit" of 0
# would take away what it gave as extra credit.
CLOSED = """<script>
for (const box of document.querySelectorAll("input.score")) {
  if (box.parentNode.textContent.trim() !== "/ 0.0") continue;
  const cell = box.closest(".nbgrader_cell");
  box.readOnly = true;
  box.title = "There are no points here; enter extra credit";
  if (cell.querySelector(".input_area")) cell.querySelector(".full-credit").remove();
}
</script>"""


class NamedStubs(ClearSolutions):
    """Stubs in the place of solutions: nbgrader's own step, with the question's id in every code cell."""

    def preprocess_cell(self, cell, resources, cell_index):
        """Question ``rnn_step`` has its stub in the cell ``rnn_step_solution``."""
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        question = grade_id.removesuffix(SOLUTION)
        if cell.cell_type == "code" and question != grade_id:
            code = f'# YOUR CODE HERE (question {question})\nraise NotImplementedError("question {question}")'
            self.code_stub = {**self.code_stub, resources["language"]: code}
        return super().preprocess_cell(cell, resources, cell_index)


class Versioned(NbGraderPreprocessor):
    """The kit's version in the metadata of a released notebook."""

    def preprocess(self, nb, resources):
        """What the notebook has said before is replaced."""
        stamp(nb)
        return nb, resources


class SettledTasks(NbGraderPreprocessor):
    """Scores task cells without points, whose points stand in the answer below: else each would wait for a person."""

    def preprocess(self, nb, resources):
        """Runs after nbgrader has saved the scores of the checks."""
        names = resources["nbgrader"]
        tasks = [cell.metadata.nbgrader for cell in nb.cells if is_task(cell)]
        with Gradebook(names["db_url"]) as gradebook:
            for task in (task for task in tasks if not task.get("points")):
                grade = gradebook.find_grade(task["grade_id"], names["notebook"], names["assignment"], names["student"])
                grade.auto_score, grade.needs_manual_grade = 0.0, False
            gradebook.db.commit()
        return nb, resources


class OneBox(Preprocessor):
    """One box for points in Formgrader for each question: at its answer, and none at the task, which has no points."""

    def preprocess(self, nb, resources):
        """Formgrader's page alone is changed: who makes feedback has to know the tasks, to cut their mark schemes."""
        if "submission_id" in resources:
            for cell in filter(is_task, nb.cells):
                if not cell.metadata.nbgrader.get("points"):
                    del cell.metadata["nbgrader"]
            nb.cells.append(new_markdown_cell(CLOSED))
        return nb, resources
