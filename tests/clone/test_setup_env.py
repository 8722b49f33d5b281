"""Setting up, as far as it can be looked at without installing anything; and the pinned versions."""

from __future__ import annotations

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from rnnkit import cli
from rnnkit.clone import setup_env
from rnnkit.common.places import PACKAGE, SetupError

ROOT = PACKAGE.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
STEPS = ("make_venv", "probe_venv", "install_torch", "install_rnnkit")
PYTHONS = ["3.11", "3.12", "3.13"]


def pins() -> list[Requirement]:
    lines = (line.split("#")[0].strip() for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines())
    return [Requirement(line) for line in lines if line]


def asked_for() -> list[Requirement]:
    extra = [text for group in PROJECT.get("optional-dependencies", {}).values() for text in group]
    asked = [Requirement(text) for text in [*PROJECT["dependencies"], *extra]]
    return [one for one in asked if one.name != PROJECT["name"]]


def test_setting_up_installs_every_extra():
    extras = PROJECT["optional-dependencies"]
    (everything,) = extras["all"]
    assert Requirement(everything).extras == {*extras} - {"all"}


# ---- versions ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("asked", asked_for(), ids=lambda asked: asked.name)
def test_every_dependency_is_pinned_once_and_in_its_range(asked, python):
    environment = {"python_version": python, "sys_platform": "linux", "platform_system": "Linux"}
    name = canonicalize_name(asked.name)
    here = [pin for pin in pins() if pin.marker is None or pin.marker.evaluate(environment)]
    (pinned,) = [pin for pin in here if canonicalize_name(pin.name) == name]
    (exact,) = pinned.specifier
    assert asked.specifier.contains(Version(exact.version))


def test_pins_are_exact_and_none_stands_twice():
    for pin in pins():
        assert [spec.operator for spec in pin.specifier] == ["=="], pin
        assert not pin.extras, pin
        assert pin.url is None, pin
    for python in PYTHONS:
        here = [pin for pin in pins() if pin.marker is None or pin.marker.evaluate({"python_version": python})]
        names = [canonicalize_name(pin.name) for pin in here]
        assert len(names) == len(set(names)), python


def test_pinned_torch_is_plain():
    assert re.fullmatch(r"\d+\.\d+\.\d+", setup_env.pinned_torch(ROOT))


@pytest.mark.parametrize("text", ["numpy==2.0\n", "# torch==2.6.0\n", "torchvision==1.0\n", "torch>=2.6\n"])
def test_constraints_without_a_torch_are_refused(tmp_path, text):
    (tmp_path / "constraints.txt").write_text(text)
    with pytest.raises(SetupError, match="expected a line torch==VERSION"):
        setup_env.pinned_torch(tmp_path)


def test_supported_pythons_are_those_of_the_project():
    asked = SpecifierSet(PROJECT["requires-python"])
    oldest, newest = setup_env.OLDEST, setup_env.NEWEST
    supported = [f"3.{minor}" for minor in range(oldest[1], newest[1] + 1)]
    assert supported == PYTHONS
    for minor in range(oldest[1], newest[1] + 1):
        setup_env.check_python((3, minor), "it", "do something")
    assert all(asked.contains(python) for python in supported)
    assert not asked.contains(f"3.{oldest[1] - 1}")
    assert not asked.contains(f"3.{newest[1] + 1}")


# ---- which Python -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [(2, 7), (3, 10), (3, 14), (4, 0)])
def test_other_pythons_are_refused(version):
    with pytest.raises(SetupError) as refusal:
        setup_env.check_python(version, "/some/python", "use another")
    assert refusal.value.status == 2
    message = f"Python 3.11 to 3.13 is needed, /some/python is {version[0]}.{version[1]}; use another"
    assert str(refusal.value) == message


def test_wrong_python_is_refused_before_anything_is_made(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(setup_env.sys, "version_info", (3, 10, 1))
    monkeypatch.setattr(setup_env, "clone_root", lambda: tmp_path)
    assert cli.main(["setup"]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith("rnnkit setup: Python 3.11 to 3.13 is needed")
    assert not list(tmp_path.iterdir())


# ---- torch ------------------------------------------------------------------------------------------------------


def test_torch_is_looked_for_as_a_cpu_build_first():
    attempts = setup_env.torch_attempts("2.6.0", "linux")
    wanted = [arguments[-1] for _, arguments in attempts]
    assert wanted == ["torch==2.6.0+cpu", "torch==2.6.0+cpu", "torch==2.6.0"]
    assert ["--index-url" in arguments for _, arguments in attempts] == [False, True, False]
    index = attempts[1][1]
    assert index[index.index("--index-url") + 1] == setup_env.TORCH_CPU_INDEX
    assert "CUDA" in attempts[2][0]


@pytest.mark.parametrize(("platform", "count"), [("linux", 3), ("win32", 3), ("darwin", 1)])
def test_torch_is_never_unpinned_and_a_mac_has_its_plain_build(platform, count):
    attempts = setup_env.torch_attempts("2.6.0", platform)
    assert {arguments[-1] for _, arguments in attempts} <= {"torch==2.6.0", "torch==2.6.0+cpu"}
    assert all("2.6.0" in announcement for announcement, _ in attempts)
    assert (len(attempts), attempts[-1][1]) == (count, ["torch==2.6.0"])


@pytest.mark.parametrize("present", ["2.6.0", "2.6.0+cpu", "2.6.0+cu126"])
def test_torch_of_the_right_version_stays(tmp_path, monkeypatch, present):
    (tmp_path / "constraints.txt").write_text("torch==2.6.0\n")
    monkeypatch.setattr(setup_env, "pip_install", lambda *_: pytest.fail("installs"))
    setup_env.install_torch(tmp_path, tmp_path / "python", present)


@pytest.mark.parametrize("works", [0, 1, 2, None], ids=["first", "second", "third", "none"])
def test_torch_comes_from_the_first_place_that_has_it(tmp_path, monkeypatch, works):
    (tmp_path / "constraints.txt").write_text("torch==2.6.0\n")
    asked = []

    def pip_install(root, python, *arguments):
        asked.append(arguments)
        return None if len(asked) - 1 == works else "ERROR: not here"

    monkeypatch.setattr(setup_env, "pip_install", pip_install)
    attempts = [("--no-deps", *arguments) for _, arguments in setup_env.torch_attempts("2.6.0")]
    if works is None:
        with pytest.raises(SetupError, match=r"expected torch 2\.6\.0 from one of the places"):
            setup_env.install_torch(tmp_path, tmp_path / "python", "none")
        assert asked == attempts
    else:
        setup_env.install_torch(tmp_path, tmp_path / "python", "2.5.0+cpu")
        assert asked == attempts[: works + 1]


# ---- stamp ------------------------------------------------------------------------------------------------------


@pytest.fixture
def clone(tmp_path):
    for name in ("pyproject.toml", "constraints.txt"):
        (tmp_path / name).write_text(name)
    return tmp_path


def ready(clone):
    """The place of the stamp in a .venv that has a Python."""
    python = setup_env.venv_python(clone)
    python.parent.mkdir(parents=True)
    python.touch()
    return clone / ".venv" / setup_env.STAMP


def test_stamp_changes_with_what_is_asked_for_and_with_the_place(clone, tmp_path_factory):
    stamps = [setup_env.stamp_text(clone), setup_env.stamp_text(clone)]
    assert stamps[0] == stamps[1]
    for name in ("pyproject.toml", "constraints.txt"):
        (clone / name).write_text("changed")
        stamps.append(setup_env.stamp_text(clone))
    other = tmp_path_factory.mktemp("other")
    for name in ("pyproject.toml", "constraints.txt"):
        (other / name).write_text("changed")
    stamps.append(setup_env.stamp_text(other))
    assert len(set(stamps)) == 4
    digest, place = stamps[0].splitlines()
    assert re.fullmatch("[0-9a-f]{64}", digest)
    assert place == str(clone)


@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt"])
def test_missing_files_are_named(clone, name):
    (clone / name).unlink()
    with pytest.raises(SetupError, match=f"expected {name} in .*git checkout {name}"):
        setup_env.stamp_text(clone)


def test_venv_of_another_place_is_refused(clone):
    setup_env.check_place(clone, "")  # no stamp yet
    setup_env.check_place(clone, setup_env.stamp_text(clone))
    with pytest.raises(SetupError, match="made for /somewhere/else and cannot be moved; delete the folder"):
        setup_env.check_place(clone, "digest\n/somewhere/else\n")


def test_nothing_is_done_where_the_stamp_is_up_to_date(clone, monkeypatch, capsys):
    ready(clone).write_text(setup_env.stamp_text(clone))
    monkeypatch.setattr(setup_env, "clone_root", lambda: clone)
    for name in STEPS:
        monkeypatch.setattr(setup_env, name, lambda *_: pytest.fail("does something"))
    assert setup_env.main([]) == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("reason", ["forced", "changed", "no stamp"])
def test_otherwise_everything_is_done_and_stamped_last(clone, monkeypatch, reason):
    stamp = ready(clone)
    if reason != "no stamp":
        stamp.write_text(setup_env.stamp_text(clone))
    if reason == "changed":
        (clone / "constraints.txt").write_text("changed")
    monkeypatch.setattr(setup_env, "clone_root", lambda: clone)
    done = []
    for name in STEPS:
        monkeypatch.setattr(setup_env, name, lambda *_, name=name: done.append((name, stamp.exists())))
    assert setup_env.main(["--force"] if reason == "forced" else []) == 0
    assert done == [(name, False) for name in STEPS]
    assert stamp.read_text() == setup_env.stamp_text(clone)


def test_another_folder_is_set_up_as_it_is_asked_for(clone, monkeypatch):
    monkeypatch.setattr(setup_env, "clone_root", lambda: clone)
    monkeypatch.setattr(setup_env, "make_venv", lambda root, folder: (root / folder).mkdir())
    given: list[object] = []
    for name in STEPS[1:]:
        monkeypatch.setattr(setup_env, name, lambda *these: given.extend(these))
    assert setup_env.main(["--folder", ".venv-other"]) == 0
    assert given.count(setup_env.venv_python(clone, ".venv-other")) == len(STEPS[1:])
    assert [path.name for path in clone.glob(".venv*")] == [".venv-other"]
    assert (clone / ".venv-other" / setup_env.STAMP).read_text() == setup_env.stamp_text(clone)


@pytest.mark.parametrize("line", ["version = 3.{}.1", "version_info = 3.{}.1"], ids=["venv", "uv"])
def test_an_environment_of_another_python_is_refused_with_a_way_out(clone, monkeypatch, line):
    made = ready(clone).with_name("pyvenv.cfg")
    minor = setup_env.sys.version_info[1]
    made.write_text(f"home = /usr/bin\n{line.format(minor)}\n")
    setup_env.check_made_with(clone, ".venv")
    made.write_text(f"home = /usr/bin\n{line.format(minor + 1)}\n")
    stamp = made.with_name(setup_env.STAMP)
    stamp.write_text(setup_env.stamp_text(clone))  # up to date, but not this Python's
    monkeypatch.setattr(setup_env, "clone_root", lambda: clone)
    with pytest.raises(SetupError, match=rf"made with Python 3\.{minor + 1}, this is 3\.{minor}; .*VENV=\.venv-3"):
        setup_env.main([])


def test_a_failed_set_up_leaves_no_stamp(clone, monkeypatch, capsys):
    stamp = ready(clone)
    stamp.write_text(f"old\n{clone}\n")
    monkeypatch.setattr(setup_env, "clone_root", lambda: clone)
    monkeypatch.setattr(setup_env, "probe_venv", lambda _: (_ for _ in ()).throw(SetupError("broken")))
    assert cli.main(["setup"]) == 1
    assert capsys.readouterr().err == "rnnkit setup: broken\n"
    assert not stamp.exists()
