"""pandoc, which comes with the package pypandoc_binary: reads and writes texts, and reaches no file and no network."""

from __future__ import annotations

import subprocess

from rnnkit.common.extras import how_to_install
from rnnkit.common.names import BadValue

TOO_OLD = (21, 22, 23)  # exit codes: an unknown format to read, to write, an unknown extension


class PandocError(BadValue):
    """There is no pandoc, or one that cannot do what is asked."""


def pandoc(text: str, source: str, target: str, patience: float, *options: str) -> tuple[str, str]:
    """A text in another format.

    Arguments:
        text: what is read.
        source: its format, with pandoc's extensions.
        target: the format that is wanted.
        patience: seconds until it is stopped.
        options: further ones of pandoc.

    Returns:
        The text, and pandoc's warnings.

    Raises:
        PandocError: it is missing or too old.
        subprocess.SubprocessError: it took too long, or failed at this text.
    """
    try:
        from pypandoc import get_pandoc_path

        command = [get_pandoc_path(), "--sandbox", "--wrap=none", "-f", source, "-t", target, *options]
    except (ImportError, OSError):
        raise PandocError(f"expected pandoc, found none; {how_to_install('pdf')}") from None
    done = subprocess.run(command, input=text.encode(), capture_output=True, timeout=patience)
    if done.returncode in TOO_OLD:
        raise PandocError("expected pandoc 3.6 or newer, got an older one; python -m pip install -U pypandoc_binary")
    done.check_returncode()
    return done.stdout.decode(), done.stderr.decode("utf-8", "replace")
