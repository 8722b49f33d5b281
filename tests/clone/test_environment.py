"""environment.yml and pyproject.toml name the same packages in the same ranges."""

from __future__ import annotations

import json
import tomllib

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from rnnkit.common.places import PACKAGE

ROOT = PACKAGE.parent
# conda-forge calls them differently
CONDA_NAMES = {
    "torch": "pytorch-cpu", "matplotlib": "matplotlib-base", "typst": "typst-py", "pypandoc_binary": "pypandoc",
}  # fmt: skip
PANDOC = {"pandoc": SpecifierSet(">=3.6")}  # lies inside pypandoc_binary, not inside pypandoc
EXTRAS = ("lab", "batch", "pdf", "grading")  # what is used; `dev` and `cluster` are added by who needs them


@pytest.fixture(scope="module")
def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@pytest.fixture(scope="module")
def environment() -> dict:
    return yaml.safe_load((ROOT / "environment.yml").read_text())


def test_the_same_packages_in_the_same_ranges(project, environment):
    extras = [text for name in EXTRAS for text in project["optional-dependencies"][name]]
    asked = [Requirement(text) for text in [*project["dependencies"], *extras]]
    wanted = {CONDA_NAMES.get(one.name, one.name): one.specifier for one in asked} | PANDOC
    wanted["python"] = SpecifierSet(project["requires-python"])
    plain = [Requirement(text) for text in environment["dependencies"] if isinstance(text, str) and text != "pip"]
    assert {requirement.name: requirement.specifier for requirement in plain} == wanted


def test_rnnkit_itself_is_installed_by_pip(environment):
    assert environment["dependencies"][-2:] == ["pip", {"pip": ["-e ."]}]
    assert environment["channels"] == ["conda-forge"]


def test_the_devcontainer_sets_up_with_make():
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text())
    assert container["postCreateCommand"] == "make setup"
    assert container["image"].endswith(":3.11")
