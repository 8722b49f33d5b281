"""environment.yml and pyproject.toml name the same packages in the same ranges."""

from __future__ import annotations

import json
import tomllib
from importlib.metadata import packages_distributions

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from rnnkit.clone.setup_env import TORCH_CPU_INDEX
from rnnkit.common.extras import EXTRAS
from rnnkit.common.places import PACKAGE

ROOT = PACKAGE.parent
# conda-forge calls them differently
CONDA_NAMES = {
    "torch": "pytorch-cpu", "matplotlib": "matplotlib-base", "typst": "typst-py", "pypandoc_binary": "pypandoc",
    "PyYAML": "pyyaml",
}  # fmt: skip
PANDOC = {"pandoc": SpecifierSet(">=3.6")}  # lies inside pypandoc_binary, not inside pypandoc
USED = ("lab", "batch", "pdf", "grading")  # what is used; `dev` and `cluster` are added by who needs them


@pytest.fixture(scope="module")
def pyproject() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


@pytest.fixture(scope="module")
def project(pyproject) -> dict:
    return pyproject["project"]


@pytest.fixture(scope="module")
def environment() -> dict:
    return yaml.safe_load((ROOT / "environment.yml").read_text())


def test_the_same_packages_in_the_same_ranges(project, environment):
    extras = [text for name in USED for text in project["optional-dependencies"][name]]
    asked = [Requirement(text) for text in [*project["dependencies"], *extras]]
    wanted = {CONDA_NAMES.get(one.name, one.name): one.specifier for one in asked} | PANDOC
    wanted["python"] = SpecifierSet(project["requires-python"])
    plain = [Requirement(text) for text in environment["dependencies"] if isinstance(text, str) and text != "pip"]
    assert {requirement.name: requirement.specifier for requirement in plain} == wanted


def test_pixi_names_what_environment_yml_names(pyproject, environment):
    pixi = pyproject["tool"]["pixi"]
    plain = [Requirement(text) for text in environment["dependencies"] if isinstance(text, str) and text != "pip"]
    assert {name: SpecifierSet(text) for name, text in pixi["dependencies"].items()} == {
        requirement.name: requirement.specifier for requirement in plain
    }
    assert pixi["workspace"]["channels"] == environment["channels"]
    assert pixi["pypi-dependencies"] == {pyproject["project"]["name"]: {"path": ".", "editable": True}}


def test_uv_takes_torch_from_the_index_that_setting_up_takes_it_from(pyproject):
    uv = pyproject["tool"]["uv"]
    (index,) = uv["index"]
    assert (index["url"], index["explicit"]) == (TORCH_CPU_INDEX, True)
    assert uv["sources"].keys() == {"torch"}
    assert uv["sources"]["torch"]["index"] == index["name"]


def test_the_modules_of_every_extra_are_of_its_packages(project):
    by_module = packages_distributions()
    extras = {name: texts for name, texts in project["optional-dependencies"].items() if name != "all"}
    assert extras.keys() == EXTRAS.keys()
    for name, texts in extras.items():
        packages = {canonicalize_name(Requirement(text).name) for text in texts}
        told = [{canonicalize_name(one) for one in by_module[module]} for module in EXTRAS[name].modules]
        assert all(one & packages for one in told), name
        # of what tests need, only what their verbs start with is told
        assert name == "dev" or packages == set().union(*(one & packages for one in told)), name


def test_rnnkit_itself_is_installed_by_pip(environment):
    assert environment["dependencies"][-2:] == ["pip", {"pip": ["-e ."]}]
    assert environment["channels"] == ["conda-forge"]


def test_the_devcontainer_sets_up_with_make():
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text())
    assert container["postCreateCommand"] == "make setup"
    assert container["image"].endswith(":3.11")
