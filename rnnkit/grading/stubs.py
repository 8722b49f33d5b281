"""What stands in the place of a solution in the students' notebooks: a stub that names its question."""

from __future__ import annotations

from nbgrader.preprocessors import ClearSolutions

SOLUTION = "_solution"


class NamedStubs(ClearSolutions):
    """nbgrader's own preprocessor, with the question's id in the stub of every code cell."""

    def preprocess_cell(self, cell, resources, cell_index):
        """Question ``rnn_step`` has its stub in the cell ``rnn_step_solution``."""
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        question = grade_id.removesuffix(SOLUTION)
        if cell.cell_type == "code" and question != grade_id:
            code = f'# YOUR CODE HERE (question {question})\nraise NotImplementedError("question {question}")'
            self.code_stub = {**self.code_stub, resources["language"]: code}
        return super().preprocess_cell(cell, resources, cell_index)
