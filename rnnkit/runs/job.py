"""One job in a process of its own: ``python -m rnnkit.runs.job PARENT``, with the job as JSON on standard input.

Ends with exit code 0, with 130 when it was interrupted, or with 1 and the reason as the last line of its output.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import warnings

from rnnkit.common.processes import INTERRUPTED
from rnnkit.runs.files import RunFiles
from rnnkit.runs.jobs import Job, last_line
from rnnkit.runs.pool import train_job


def execute_notebook(job: Job) -> None:
    """Papermill on the job's notebook."""
    import papermill

    os.environ["RNNKIT_PLAIN"] = "1"  # the kernel inherits it: nobody looks at its widgets
    with RunFiles(job.folder, job.executed.name).lock():  # a second batch must not write over it
        papermill.execute_notebook(
            job.notebook, str(job.executed), job.parameters, kernel_name="python3", progress_bar=False, cwd=job.folder
        )


def watch_parent(parent: int) -> None:
    """Ends this process when the command that started it is gone: an orphan must not go on writing.

    Arguments:
        parent: the command's process id, from itself: it may have died before this process could ask.
    """

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def main(text: str, parent: int) -> int:
    """Does the job that ``text`` describes."""
    import torch

    warnings.filterwarnings("ignore")
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in what a shell starts in the background
    watch_parent(parent)
    torch.set_num_threads(1)
    job = Job.from_json(text)
    try:
        if job.notebook:
            execute_notebook(job)
        else:
            train_job(job, job.folder)
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        name, value = getattr(error, "ename", type(error).__name__), getattr(error, "evalue", str(error))
        print(f"{name}: {last_line(str(value)) or 'no message'}")
        return INTERRUPTED if name == "KeyboardInterrupt" else 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.stdin.read(), int(sys.argv[1])))
