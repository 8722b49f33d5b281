"""A JupyterLab on a copy of the students' folder, and the few things that a student does in it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

PATIENCE = 300  # seconds for anything awaited, on however busy a machine: it ends a test that hangs
expect.set_options(timeout=PATIENCE * 1000)


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """JupyterLab serving ``folder``; yields its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    home = folder.parent / "home"
    home.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}", "--ip=127.0.0.1"]
    command += ["--IdentityProvider.token=", "--ServerApp.disable_check_xsrf=True"]
    environment = os.environ | {"HOME": str(home), "JUPYTER_CONFIG_DIR": str(home / "jupyter"), "OMP_NUM_THREADS": "1"}
    with open(home / "log", "w") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                urllib.request.urlopen(f"{address}/api/status", timeout=2).close()
                break
            except OSError:
                assert process.poll() is None, (home / "log").read_text()[-2000:]
                assert time.monotonic() < deadline, (home / "log").read_text()[-2000:]
                time.sleep(0.2)
        yield address
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def cell_numbers(notebook: Path) -> dict[str, int]:
    """Where each cell stands, by its id."""
    return {cell["id"]: number for number, cell in enumerate(json.loads(notebook.read_text())["cells"])}


class Notebook:
    """An open notebook."""

    def __init__(self, page: Page, address: str, path: Path) -> None:
        self.page, self.numbers, self.folder = page, cell_numbers(path), path.parent
        page.set_default_timeout(PATIENCE * 1000)
        page.goto(f"{address}/lab/tree/{path.name}?reset")
        self.panel = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")
        expect(self.panel.locator(".jp-Cell").first).to_be_visible()
        indicator = self.panel.locator(".jp-Notebook-ExecutionIndicator")
        expect(indicator).to_have_attribute("data-status", "idle")

    def cell(self, name: str) -> Locator:
        """The cell of this id, scrolled into view."""
        number = self.numbers[name]
        found = self.panel.locator(f'.jp-Cell[data-windowed-list-index="{number}"]')
        if not found.count():
            self.page.evaluate(
                """n => { const p = [...document.querySelectorAll('.jp-WindowedPanel-outer')].pop();
                          p.scrollTop = p.scrollHeight * n; }""",
                number / len(self.numbers),
            )
        found.scroll_into_view_if_needed()
        return found

    def fill(self, name: str, text: str) -> None:
        """Types a cell's new content."""
        editor = self.cell(name).locator(".cm-content")
        editor.click()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(text)
        self.page.keyboard.press("Escape")

    def run(self, name: str) -> Locator:
        """Runs a cell and returns its output area once the kernel is idle again."""
        cell = self.cell(name)
        prompt = cell.locator(".jp-InputArea-prompt")
        before, deadline = prompt.inner_text(), time.monotonic() + PATIENCE
        while prompt.inner_text() == before and time.monotonic() < deadline:
            prompt.click()  # a busy page may drop a key: it is pressed until the cell has begun
            self.page.keyboard.press("Control+Enter")
            self.page.wait_for_timeout(1000)
        expect(prompt).not_to_contain_text("[*]")
        expect(prompt).not_to_contain_text("[ ]")
        return cell.locator(".jp-OutputArea")
