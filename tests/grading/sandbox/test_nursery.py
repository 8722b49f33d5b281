"""The sandbox that the kernels of a submission have one after another: each finds it as if it were the first."""

from __future__ import annotations

import shutil
from contextlib import closing

import numpy as np
import pytest
from confined import inside, kernels, need_sandbox, said, started
from course import ROOT

from rnnkit.assignments.training_dynamics.questions import QUESTIONS
from rnnkit.checks.forbidden import Forbidden
from rnnkit.checks.runner import examine
from rnnkit.grading.notebooks.execute import ASK
from rnnkit.grading.sandbox import kernel as kernel_of_grader
from rnnkit.grading.sandbox import launcher, preloaded
from rnnkit.grading.sandbox.kernel import Stopped, TimedOut, random_mime
from rnnkit.grading.sandbox.mounts import LARGE
from rnnkit.grading.sandbox.nursery import begun_before
from rnnkit.grading.sandbox.runtime import scoring_runtime, student_runtime
from rnnkit.grading.score.score import score

LOOK = """
import os
places = ("/submission", "/tmp", "/home/student", "/dev/shm")
files = []
for place in places:
    for folder, folders, names in os.walk(place):
        folders[:] = [name for name in folders if not os.path.ismount(f"{folder}/{name}")]
        files += [f"{folder}/{name}" for name in names]
own = [path for path in files if not any(tool in path for tool in ("ipython", "matplotlib", "fontconfig"))]
print(sorted(own), open("data.txt").read(), os.path.islink("runs/large.npz"), oct(os.stat(".").st_mode))
import sys
print("LEFT" in os.environ, hasattr(sys.modules["torch"].nn, "LEFT"))
print(sorted(int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid()))
"""
MESS = """
import os, subprocess, sys
subprocess.Popen([sys.executable, "-c", "import os, time; os.setsid(); time.sleep(600)"])
os.remove("data.txt"); os.remove("runs/large.npz"); os.mkdir("deep")
for path in ("model.py", "deep/a", "/tmp/b", "/home/student/.c", "/dev/shm/d"): open(path, "w").write("left")
os.environ["LEFT"] = "1"; import torch; torch.nn.LEFT = 1
os.chmod(".", 0o555)
"""


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    need_sandbox()
    stage = tmp_path_factory.mktemp("stage")
    (stage / "data.txt").write_text("from the stage")
    (stage / "runs").mkdir()
    (stage / "runs" / "large.npz").write_bytes(bytes(LARGE))
    return stage


@pytest.fixture(scope="module", params=["cold", "copies"])
def addresses(request):
    """How sandboxes begin: by themselves, or as copies of a process that is root's."""
    need_sandbox()
    if request.param == "cold":
        yield {}
        return
    if not preloaded.possible():
        pytest.skip("sandboxes begin as copies for root alone")
    with begun_before([student_runtime(ROOT).resolve()]) as addresses:
        assert addresses
        yield addresses


def test_each_kernel_finds_it_as_the_first_one_did(stage, addresses):
    with kernels(stage, addresses=addresses) as make:
        found = []
        for _ in range(2):
            with closing(make()) as kernel:
                kernel.start()
                found.append(said(kernel, LOOK))
                assert said(kernel, MESS) == ""
                pids = said(kernel, "print(os.getpid(), os.getppid(), open('/proc/self/comm').read())").split()
                assert pids[1:] == ["2", "python"]
    assert found[0] == found[1]
    files = "['/submission/data.txt', '/submission/runs/large.npz'] from the stage True 0o40755"
    assert found[0].splitlines() == [files, "False False", "[1, 2]"]


def test_a_kernel_is_as_one_of_its_own(stage, addresses):
    code = (
        "import sys, rnnkit, signal, subprocess\n"
        "print([path for path in sys.path if 'python' not in path], rnnkit.__file__)\n"
        "print(sys.dont_write_bytecode, sys.flags.safe_path, sys.flags.isolated, signal.getsignal(signal.SIGCHLD))\n"
        "there = 'import rnnkit, sys; print(rnnkit.__file__, sys.flags.safe_path)'\n"
        "print(subprocess.run([sys.executable, '-c', there], capture_output=True, text=True).stdout)"
    )
    with started(stage, addresses=addresses) as kernel:
        assert said(kernel, code).replace(", '/submission'", "") == inside(code, stage=stage).stdout.decode()
        assert said(kernel, "print(sys.argv[0])") == "ipykernel_launcher\n"


def test_a_module_that_a_cell_has_written_is_imported_and_takes_no_other_place(stage, addresses):
    with kernels(stage, addresses=addresses) as make, closing(make()) as kernel:
        kernel.start()
        for name in ("helper", "json", "torch", "rnnkit"):
            assert "Writing" in said(kernel, f"%%writefile {name}.py\nmine = 3\n")
        code = "import importlib, helper, sys\nfor name in ('json', 'torch', 'rnnkit'): sys.modules.pop(name, None)\n"
        code += "print(helper.mine, [importlib.util.find_spec(n).origin[:8] for n in ('json', 'torch', 'rnnkit')])"
        assert "3 [" in (told := said(kernel, code))
        assert "/submiss" not in told


def test_its_launcher_is_out_of_reach(stage, addresses):
    code = """
import os
for name in ("mem", "environ", "fd"):
    try:
        print(os.listdir(f"/proc/2/{name}") if name == "fd" else open(f"/proc/2/{name}", "rb"))
    except PermissionError:
        print("no")
print([name for name in os.listdir("/proc/self/fd") if "gate" in os.path.realpath(f"/proc/self/fd/{name}")])
"""
    with kernels(stage, addresses=addresses) as make, closing(make()) as kernel:
        kernel.start()
        assert said(kernel, code).split() == ["no", "no", "no", "[]"]


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import os; os.kill(os.getpid(), 9)", "ended by SIGKILL"),
        ("import os, time; os.kill(os.getppid(), 9); time.sleep(30)", "ended by SIGKILL"),
        ("x = bytearray(b'x') * (3 << 30)", "used more than 2048 MB of memory"),
    ],
    ids=["killed", "launcher", "memory"],
)
def test_a_kernel_that_died_has_its_reason_and_a_successor(stage, addresses, code, reason):
    with kernels(stage, addresses=addresses) as make:
        with closing(make()) as kernel:
            kernel.start()
            with pytest.raises(Stopped, match=reason):
                kernel.execute(code, 30)
        with closing(make()) as kernel:
            kernel.start()
            assert said(kernel, "print(open('data.txt').read())") == "from the stage\n"


def test_an_interrupt_reaches_the_kernel_and_one_that_hangs_is_replaced(stage, addresses, monkeypatch):
    monkeypatch.setattr(kernel_of_grader, "REVIVE_S", 30)
    with kernels(stage, addresses=addresses) as make, closing(make()) as kernel:
        kernel.start()
        with pytest.raises(TimedOut) as stopped:
            kernel.execute("x = 1\nwhile True: pass", 2)
        assert stopped.value.alive
        assert said(kernel, "print(x)") == "1\n"
        monkeypatch.setattr(kernel_of_grader, "REVIVE_S", 0.5)
        with pytest.raises(TimedOut) as stopped:
            kernel.execute("import os, signal; signal.signal(2, signal.SIG_IGN)\nwhile True: pass", 2)
        assert not stopped.value.alive
        kernel.start()
        assert said(kernel, "print('x' in dir(), os.getppid() if 'os' in dir() else 2)") == "False 2\n"


def test_what_cannot_be_removed_ends_the_sandbox_and_the_next_one_is_fresh(stage, addresses):
    with kernels(stage, addresses=addresses) as make:
        for _ in range(2):
            with closing(make()) as kernel:
                kernel.start()
                assert said(kernel, "import os; print(os.path.exists('closed'))") == "False\n"
                said(kernel, "os.makedirs('closed/in'); os.chmod('closed', 0)")


def test_it_is_run_nowhere_else():
    with pytest.raises(SystemExit, match="first process of a sandbox"):
        launcher.main()


def test_what_an_interpreter_begins_with_comes_before_the_kernel(stage, tmp_path):
    shutil.copytree(student_runtime(ROOT), tmp_path / "runtime")
    (tmp_path / "runtime" / "sitecustomize.py").write_text("import torch\ntorch.nn.GRU = None\n")
    with kernels(stage, runtime=tmp_path / "runtime") as make, closing(make()) as kernel:
        kernel.start()
        assert said(kernel, "import torch; print(torch.nn.GRU)") == "None\n"
    (tmp_path / "runtime" / "sitecustomize.py").write_text("import no_such_module\n")
    with (
        kernels(stage, runtime=tmp_path / "runtime") as make,
        closing(make()) as kernel,
        pytest.raises(Stopped, match="did not start"),
    ):
        kernel.start()


@pytest.mark.parametrize(
    ("body", "used"),
    [
        ("w.sum().backward(); return 1.0", "torch.autograd.backward"),
        ("return torch.autograd.grad(w.sum(), w)[0]", "torch.autograd.grad"),
    ],
    ids=["method", "function"],
)
def test_a_forbidden_module_outside_of_the_kit_is_against_the_rules_here_too(tmp_path, monkeypatch, body, used):
    """The module is forbidden on both sides; the answer is asked for inside, as for points."""
    shutil.copytree(scoring_runtime(ROOT), tmp_path / "runtime")
    path = tmp_path / "runtime" / "rnnkit" / "assignments" / "training_dynamics" / "questions.py"
    path.write_text(path.read_text("utf-8").replace("modules=(", 'modules=("torch.autograd", '), "utf-8")
    question = QUESTIONS["rho"]
    monkeypatch.setitem(question.__dict__, "forbids", Forbidden(modules=("torch.autograd",)))
    source = f"import torch\ndef spectral_radius(W):\n    w = torch.ones(1, requires_grad=True)\n    {body}\n"
    exec(source, space := {"__name__": "__main__"})
    with started(runtime=tmp_path / "runtime") as kernel:
        assert kernel.execute(source, 30)
        mime = random_mime()

        def ask(request):
            return kernel.ask(ASK, f"_rnnkit_ask({request!r}, 'spectral_radius', {mime!r})", mime, 60)

        confined = score(question, ask, np.random.default_rng(0))
    for report in (confined, examine(question, space["spectral_radius"])):
        assert (report.points, report.status) == (0, "against the rules"), report.text()
        assert used in report.messages[0]


def test_matplotlib_finds_its_list_of_fonts_and_no_kernel_can_change_it(stage, addresses):
    code = """
import matplotlib, os
from matplotlib import font_manager
name = f"{matplotlib.get_cachedir()}/fontlist-v{font_manager.FontManager.__version__}.json"
own = font_manager.FontManager()
print(len(own.ttflist) == len(font_manager.fontManager.ttflist), os.path.ismount(name))
for change in (os.unlink, lambda name: open(name, "w"), lambda name: os.rename(name, name + "x")):
    try:
        change(name)
        print("changed")
    except OSError:
        print("no")
"""
    with kernels(stage, addresses=addresses) as make:
        for _ in range(2):
            with closing(make()) as kernel:
                kernel.start()
                assert said(kernel, code).split()[-5:] == ["True", "True", "no", "no", "no"]
