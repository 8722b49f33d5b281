"""Each layer works where the packages of the others are not installed."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from importlib import metadata

import pytest
from course import ONE_THREAD, ROOT
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from rnnkit.cli.verbs import VERBS
from rnnkit.common.places import PACKAGE
from rnnkit.grading.release import wheel

BLOCK = """
import sys
from importlib.machinery import PathFinder
class Poorer(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name.partition(".")[0] in {blocked}:  # but for what another package brings inside of itself
            path = [one for one in path or sys.path if "_vendor" in one]
        return super().find_spec(name, path, target)
sys.meta_path[sys.meta_path.index(PathFinder)] = Poorer
"""


def brought(extras):
    """The names of all packages that installing the kit with these extras brings."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = [*project["dependencies"], *(text for name in extras for text in project["optional-dependencies"][name])]
    todo, found = [Requirement(text) for text in asked], set()
    while todo:
        wanted = todo.pop()
        met = {(wanted.name, extra) for extra in {"", *wanted.extras}} - found
        found |= met
        for _, extra in met:
            needs = map(Requirement, metadata.requires(wanted.name) or [])
            todo += [one for one in needs if one.marker is None or one.marker.evaluate({"extra": extra})]
    return {canonicalize_name(name) for name, _ in found}


def without(folder, extras, code):
    """What code prints in a process that has, as its children do, only what the kit with these extras brings."""
    there = brought(extras) | {"rnnkit"}
    modules = metadata.packages_distributions().items()
    blocked = sorted(name for name, owners in modules if there.isdisjoint(map(canonicalize_name, owners)))
    (folder / "sitecustomize.py").write_text(BLOCK.format(blocked=blocked))
    path = os.pathsep.join([str(folder), str(ROOT)])
    env = os.environ | ONE_THREAD | {"PYTHONPATH": path, "IPYTHONDIR": str(folder / ".ipython")}
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


CORE = """
from matplotlib.figure import Figure
from rnnkit import cells, plots
from rnnkit.assignments.training_dynamics import check
from rnnkit.notebook import explore
from rnnkit.record.file import load
from rnnkit.regimes import get_regime
from rnnkit.train import train

record = load(train(get_regime("A2", "tiny"), out=".", cells="builtin"))
assert isinstance(plots.over_training(record), Figure)
assert isinstance(explore(), Figure)
assert check("rnn_step", cells.RNN) == 0.0  # against the rules: it is the kit's own
print("works")
"""


def test_the_core_alone_and_every_module_that_students_have(tmp_path):
    files = [path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py")]
    given = [path for path in files if "key" not in path.parts and not path.as_posix().startswith(wheel.KEPT_HOME)]
    names = {".".join(["rnnkit", *path.with_suffix("").parts]).removesuffix(".__init__") for path in given}
    imports = [f"import {name}\n" for name in sorted(names) if not name.endswith(".__main__")]
    assert len(imports) > 100
    assert without(tmp_path, [], "".join(imports) + CORE).endswith("works\n")


def test_a_verb_without_its_extra_says_in_one_line_which(tmp_path):
    code = """
import contextlib, io
from rnnkit.cli.verbs import VERBS, main
for name, verb in VERBS.items():
    if verb.extra:
        with contextlib.redirect_stderr(io.StringIO()) as said:
            assert main([name]) == 2, name
        print(said.getvalue(), end="")
"""
    said = without(tmp_path, [], code).splitlines()
    wanted = [f"rnnkit {name}: needs the extra {verb.extra} (no " for name, verb in VERBS.items() if verb.extra]
    assert len(said) == len(wanted) >= 10
    assert all(line.startswith(start) and "run `" in line for line, start in zip(said, wanted, strict=True))


@pytest.mark.parametrize(
    ("arguments", "extra"),
    [
        (["run", "A1", "--profile", "tiny"], "batch"),
        (["sweep", "some.yaml"], "batch"),
        (["sweep", "some.toml", "--dask", "127.0.0.1:1"], "cluster"),
    ],
)
def test_what_needs_an_extra_only_for_some_of_its_work_says_so_too(tmp_path, arguments, extra):
    (tmp_path / "some.yaml").write_text("{}")
    (tmp_path / "some.toml").write_text('name = "some"\nregime = "A1"\nprofile = "tiny"\nseeds = [1]\n')
    code = f"import sys; from rnnkit.cli import main; sys.stderr = sys.stdout; print(main({arguments}))"
    done = without(tmp_path, [], code)
    assert f"needs the extra {extra} (no " in done
    assert done.endswith("\n2\n")


def test_lab_alone(tmp_path):
    code = """
import jupyterlab.labapp
from rnnkit.plots.explorer import Explorer
explorer = Explorer()
before = bytes(explorer.image.value)
next(iter(explorer.controls.values())).value
assert before.startswith(b"\\x89PNG")
print("works")
"""
    assert without(tmp_path, ["lab"], code).endswith("works\n")


def test_batch_alone(tmp_path):
    notebook = ROOT / "release" / "training_dynamics" / "3_regime.ipynb"
    words = ["run", "A2", "--profile", "tiny", "--cells", "builtin", "--jobs", "1", "--notebook", str(notebook)]
    code = f"from rnnkit.cli import main; assert main({words}) == 0; print('works')"
    assert without(tmp_path, ["batch"], code).endswith("works\n")


def test_pdf_alone(tmp_path):
    code = """
import nbformat
from nbformat.v4 import new_markdown_cell, new_notebook
from rnnkit.notebook.pdf import report_pdf
nbformat.write(new_notebook(cells=[new_markdown_cell("a **word** and $x^2$")]), "report.ipynb")
assert report_pdf("report.ipynb").content.startswith(b"%PDF-")
print("works")
"""
    assert without(tmp_path, ["pdf"], code).endswith("works\n")


def test_grading_alone(tmp_path):
    code = """
import importlib, pkgutil, rnnkit.grading
for found in pkgutil.walk_packages(rnnkit.grading.__path__, "rnnkit.grading."):
    if found.name != "rnnkit.grading.sandbox.launcher":
        importlib.import_module(found.name)
from pathlib import Path
from rnnkit.grading.release.release import generate
generate(Path({root!r}), Path("out"), ["bptt"])
assert Path("out/bptt/1_bptt.ipynb").is_file()
print("works")
"""
    assert without(tmp_path, ["grading"], code.replace("{root!r}", repr(str(ROOT)))).endswith("works\n")


def test_cluster_alone(tmp_path):
    code = """
from distributed import LocalCluster
from rnnkit.runs.pool import dask_executor
with LocalCluster(n_workers=1, processes=False, dashboard_address=None) as cluster:
    with dask_executor(cluster.scheduler_address) as executor:
        assert executor.submit(sum, [1, 2]).result() == 3
print("works")
"""
    assert without(tmp_path, ["cluster"], code).endswith("works\n")
