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
CONDA_NAMES = {"torch": "pytorch-cpu", "matplotlib": "matplotlib-base", "typst": "typst-py"}
FROM_PIP = {"pypandoc_binary"}  # conda-forge has no pandoc inside a Python package: it comes along with `-e .`


@pytest.fixture(scope="module")
def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@pytest.fixture(scope="module")
def environment() -> dict:
    return yaml.safe_load((ROOT / "environment.yml").read_text())


def test_the_same_packages_in_the_same_ranges(project, environment):
    wanted = {}
    for text in project["dependencies"]:
        requirement = Requirement(text)
        if requirement.name not in FROM_PIP:
            wanted[CONDA_NAMES.get(requirement.name, requirement.name)] = requirement.specifier
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
