"""nbgrader's settings: what lies where, and how notebooks are executed. Run nbgrader in this folder."""

import os
import sys

from nbgrader.converters import Autograde, GenerateAssignment, GenerateFeedback
from nbgrader.preprocessors import ClearHiddenTests, ClearMarkScheme, ClearSolutions

from rnnkit.grading.notebooks.preprocessors import NamedStubs, OneBox, SettledTasks, Versioned

c = get_config()  # noqa: F821

# nbgrader starts alembic by its bare name: without this a new gradebook fails where .venv is not activated.
os.environ["PATH"] = os.pathsep.join([os.path.dirname(sys.executable), os.environ.get("PATH", os.defpath)])

# The gradebook's folder: without it Formgrader cannot begin.
os.makedirs(os.path.join(os.path.dirname(os.path.abspath(__file__)), "grading"), exist_ok=True)

c.CourseDirectory.course_id = "rnnkit"
c.CourseDirectory.source_directory = "notebooks"
c.CourseDirectory.release_directory = "release"
c.CourseDirectory.submitted_directory = "grading/submitted"
c.CourseDirectory.autograded_directory = "grading/autograded"
c.CourseDirectory.feedback_directory = "grading/feedback"
c.CourseDirectory.solution_directory = "grading/solution"
c.CourseDirectory.db_url = "sqlite:///grading/gradebook.db"
# What running the notebooks leaves behind; a student's own model.py is no part of a submission that counts.
c.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", "model.py", "model_kept_*.py", ".*.lock"]

c.GenerateAssignment.preprocessors = [
    NamedStubs if preprocessor is ClearSolutions else preprocessor
    for preprocessor in GenerateAssignment().preprocessors
] + [Versioned]
c.Autograde.autograde_preprocessors = [*Autograde().autograde_preprocessors, SettledTasks]
# Students are not shown what is marked how: the next year's would read it.
c.GenerateFeedback.preprocessors = [ClearHiddenTests, ClearMarkScheme, *GenerateFeedback().preprocessors]
c.HTMLExporter.preprocessors = [OneBox]  # of Formgrader's pages

c.Execute.timeout = 60  # seconds for each cell; a check takes less than one
c.Execute.skip_cells_with_tag = ""  # or a tag in a submission could keep a check from running
c.Execute.extra_arguments = [
    "--HistoryManager.hist_file=:memory:",
    "--InteractiveShellApp.ignore_cwd=True",  # a submitted rnnkit/ is not imported
]
c.OverwriteCells.add_missing_cells = True
c.LimitOutput.max_lines = 200
