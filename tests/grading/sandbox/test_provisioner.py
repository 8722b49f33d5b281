"""Kernels of students' notebooks: they start, stop and start again, confined, and leave nothing behind."""

from __future__ import annotations

import asyncio
import resource
import signal
import subprocess
import sys
import tempfile
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from queue import Empty

import nbformat
import pytest
import zmq
from confined import living, mark, need_sandbox, until
from course import ROOT
from nbclient import NotebookClient

from rnnkit.grading.sandbox import confine as sandbox
from rnnkit.grading.sandbox import provisioner
from rnnkit.grading.sandbox.confine import Limits
from rnnkit.grading.sandbox.provisioner import kernel_manager, why
from rnnkit.grading.sandbox.runtime import student_runtime


@pytest.fixture(scope="module", autouse=True)
def works():
    need_sandbox()


@pytest.fixture(autouse=True)
def folders(tmp_path, monkeypatch):
    """A place of its own for what kernels leave: nothing, in the end."""
    place = Path(tempfile.mkdtemp(prefix="t-", dir="/tmp"))
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    yield place
    left = list(place.iterdir())
    place.rmdir() if not left else None
    assert left == []


both = pytest.mark.parametrize("confined", [True, False], ids=["confined", "trusted"])


@asynccontextmanager
async def client_of(manager):
    client = manager.client()
    client.start_channels()
    try:
        await client.wait_for_ready(timeout=30)
        yield client
    finally:
        client.stop_channels()


@asynccontextmanager
async def kernel(*, stage=None, **how):
    limits = Limits(**({"wall_s": 120} | how.pop("limits", {})))
    manager = kernel_manager(stage=stage, runtime=student_runtime(ROOT), limits=limits, **how)
    await manager.start_kernel()
    try:
        async with client_of(manager) as client:
            yield manager, client
    finally:
        await manager.shutdown_kernel(now=True)


async def say(client, code, timeout=30) -> str:
    """What code prints, or the name of its error."""
    parts = []

    def hook(message):
        content = message["content"]
        parts.append(content.get("text", content.get("ename", "")))

    await client.execute_interactive(code, output_hook=hook, timeout=timeout)
    return "".join(parts).strip()


async def death(manager, patience=15):
    """Waits until a kernel is dead."""
    for _ in range(patience * 20):
        if not await manager.is_alive():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("the kernel lives on")


@both
def test_a_kernel_answers(confined, tmp_path):
    (tmp_path / "data.txt").write_text("from the stage")

    async def scene():
        async with kernel(stage=tmp_path, confined=confined) as (manager, client):
            assert await say(client, "print(open('data.txt').read())") == "from the stage"
            assert await say(client, "import rnnkit, os; print(rnnkit.__file__)") == (
                "/runtime/rnnkit/__init__.py" if confined else str(student_runtime(ROOT) / "rnnkit" / "__init__.py")
            )
            home = await say(client, "print(os.environ['HOME'], os.getcwd())")
            assert home == "/home/student /submission" if confined else str(Path.home()) not in home
            assert await manager.is_alive()
            assert why(manager) is None
        assert why(manager) is None

    asyncio.run(scene())


def test_notebooks_are_executed_in_it():
    new = nbformat.v4
    book = new.new_notebook(cells=[new.new_code_cell("while True: pass"), new.new_code_cell("1 + 1")])

    async def scene():
        manager = kernel_manager(stage=None, runtime=student_runtime(ROOT))
        how = {"timeout": 3, "interrupt_on_timeout": True, "allow_errors": True}
        executor = NotebookClient(book, km=manager, **how)
        await executor.async_execute()
        executor.kc.stop_channels()
        await manager.shutdown_kernel(now=True)

    asyncio.run(scene())
    assert book.cells[0].outputs[0].ename == "KeyboardInterrupt"
    assert book.cells[1].outputs[0].data == {"text/plain": "2"}


def test_a_confined_kernel_is_confined():
    async def scene():
        async with kernel() as (_, client):
            code = "import os, socket; print([n for _, n in socket.if_nameindex()], os.path.exists({!r}), os.getpid())"
            assert await say(client, code.format(str(ROOT / "notebooks"))) == "['lo'] False 2"
            assert await say(client, "print(open('/proc/self/status').read().split('Seccomp:')[1].split()[0])") == "2"

    asyncio.run(scene())


@both
def test_a_kernel_starts_again(confined):
    async def scene():
        async with kernel(confined=confined) as (manager, client):
            await say(client, "x = 1")
            for _ in range(2):
                await manager.restart_kernel(now=True)
                async with client_of(manager) as fresh:
                    assert await say(fresh, "print('x' in dir())") == "False"
                    await say(fresh, "x = 2")

    asyncio.run(scene())


@both
def test_a_kernel_that_died_starts_again(confined):
    async def scene():
        async with kernel(confined=confined) as (manager, client):
            client.execute("import os; os.kill(os.getpid(), 9)")
            await death(manager)
            assert why(manager) == "ended by SIGKILL"
            await manager.restart_kernel(now=True)
            async with client_of(manager) as fresh:
                assert await say(fresh, "print('here')") == "here"
                assert why(manager) is None

    asyncio.run(scene())


@pytest.mark.parametrize(
    "code",
    ["while True: pass", "import re; re.match(r'(a+)+$', 'a' * 40 + 'b')", "import time; time.sleep(60)"],
    ids=["python", "compiled", "sleep"],
)
@both
def test_interrupts_arrive(code, confined):
    async def scene():
        async with kernel(confined=confined) as (manager, client):
            word = client.execute(f"print('begun')\n{code}")
            await asyncio.sleep(0.5)
            await manager.interrupt_kernel()
            while (reply := await client.get_shell_msg(timeout=30))["parent_header"]["msg_id"] != word:
                pass  # a late answer to whether it is ready
            assert reply["content"]["ename"] == "KeyboardInterrupt"
            assert await manager.is_alive()

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("code", "limits", "reason"),
    [
        ("x = bytearray(b'x') * (600 << 20)", {"memory_mb": 400}, "used more than 400 MB of memory"),
        ("import time; time.sleep(60)", {"wall_s": 3}, "took longer than 3 s"),
        ("while True: pass", {"cpu_s": 3}, "used more processor time than its limit"),
        ("import ctypes; ctypes.string_at(0)", {}, "ended by SIGSEGV"),
        ("import os; os._exit(0)", {}, None),
    ],
    ids=["memory", "time", "processor", "crash", "exit"],
)
def test_why_a_kernel_died(code, limits, reason):
    async def scene():
        async with kernel(limits=limits) as (manager, client):
            client.execute(code)
            await death(manager)
            assert why(manager) == reason
        assert why(manager) == reason

    asyncio.run(scene())


@pytest.mark.parametrize("size", [0, 20 << 20], ids=["many", "large"])
def test_the_folder_of_the_sockets_is_inside_and_has_an_end(size, folders):
    """Nothing that is written there is on a disk of the grader's, and its files count as all others."""
    code = (
        f"import errno\ntry:\n    for n in range(500): open(f'/kernel/{{n}}', 'wb').write(bytes({size}))\n"
        "    print('all')\nexcept OSError as error: print(errno.errorcode[error.errno])\n"
    )

    async def scene():
        async with kernel() as (_, client):
            assert await say(client, code) == ("ENOSPC" if size else "all")
            assert [path.name for path in folders.glob("*/s/*")] == ["k.json"]
            assert await say(client, "print(1)") == "1"

    asyncio.run(scene())


def test_a_huge_message_is_not_taken():
    async def scene():
        async with kernel() as (_, client):
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            client.execute("print('x' * (200 << 20))")
            with suppress(Empty):
                while message := await client.get_iopub_msg(timeout=3):
                    assert len(str(message)) < provisioner.LARGEST_MESSAGE + 10_000
            assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 150 << 10

    asyncio.run(scene())


def test_clients_connect_once():
    async def scene():
        async with kernel() as (manager, client):
            for owner in (client, manager):
                with owner.context.socket(zmq.SUB) as fresh:
                    assert fresh.getsockopt(zmq.RECONNECT_IVL) == -1
                    assert fresh.getsockopt(zmq.MAXMSGSIZE) == provisioner.LARGEST_MESSAGE
            assert client.iopub_channel.socket.getsockopt(zmq.RECONNECT_IVL) == -1

    asyncio.run(scene())


def test_a_message_of_some_size_is_taken():
    async def scene():
        async with kernel() as (_, client):
            assert len(await say(client, "print('x' * (4 << 20))")) == 4 << 20

    asyncio.run(scene())


def test_a_client_does_not_follow_a_socket_that_was_replaced():
    code = "import os\nos.remove('/kernel/k-1'); os.symlink('/run/elsewhere', '/kernel/k-1'); print('done')"

    async def scene():
        async with kernel() as (_, client):
            assert await say(client, code) == "done"
            assert await say(client, "print(1)") == "1"

    asyncio.run(scene())


def test_a_kernel_that_cannot_start_says_why(monkeypatch):
    monkeypatch.setattr(provisioner, "ARGV", ["-c", "raise SystemExit('no kernel today')"])

    async def scene():
        manager = kernel_manager(stage=None, runtime=student_runtime(ROOT))
        with pytest.raises(sandbox.SandboxError, match="no kernel today"):
            await manager.start_kernel()
        await manager.shutdown_kernel(now=True)

    asyncio.run(scene())


@both
def test_nothing_stays(confined):
    word = mark()

    async def scene():
        async with kernel(confined=confined) as (_, client):
            code = "import subprocess, sys\nfor _ in range(5): subprocess.Popen([sys.executable, '-c', {!r}, {!r}])"
            sleeper = "import os, time; os.setsid(); time.sleep(600)"
            await say(client, code.format(sleeper, word))
            assert until(lambda: len(living(word)) == 5, 10)

    asyncio.run(scene())
    assert not living(word)


@both
def test_nothing_stays_when_the_grader_is_killed(confined, folders):
    word = mark()
    sleeper = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'while True: pass', {word!r}])"
    code = (
        "import asyncio, tempfile\n"
        f"tempfile.tempdir = {str(folders)!r}\n"
        "from rnnkit.grading.sandbox.provisioner import kernel_manager\n"
        "from rnnkit.grading.sandbox.runtime import student_runtime\n"
        "from rnnkit.common.places import clone_root\n"
        "async def scene():\n"
        f"    manager = kernel_manager(stage=None, runtime=student_runtime(clone_root()), confined={confined})\n"
        "    await manager.start_kernel()\n"
        "    client = manager.client(); client.start_channels(); await client.wait_for_ready(timeout=30)\n"
        f"    client.execute({sleeper!r}); client.execute('while True: pass'); await asyncio.sleep(600)\n"
        "asyncio.run(scene())\n"
    )
    grader = subprocess.Popen([sys.executable, "-c", code])
    try:
        assert until(lambda: living(word), 30)
        assert [path.name for path in folders.glob("*/s/k.json")] == ["k.json"]
    finally:
        grader.send_signal(signal.SIGKILL)
        grader.wait()
    assert until(lambda: not living(word))
    assert until(lambda: not list(folders.iterdir()))
