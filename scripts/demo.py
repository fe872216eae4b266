"""Run a notebook on the A3S kernel without a browser and print its answers while they arrive.

    python scripts/demo.py notebooks/quickstart.ipynb

The exit code is 0 when every cell succeeded, 1 when one failed (one line says which and why), 2 when
there is no such notebook and 130 after Ctrl-C.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

from jupyter_client.kernelspec import NoSuchKernel
from jupyter_client.manager import start_new_kernel

KERNEL = "a3s"
START_DEADLINE_S = 120
CELL_DEADLINE_S = 600
READABLE = ("text/markdown", "text/plain")


class CellFailed(Exception):
    """A cell that ended with an error; the message is one line."""


class Transcript:
    """Outputs of cells as one growing text.

    An output that is updated in place is printed once, and then only what it grew by. One whose
    beginning changed cannot be corrected on paper: it is printed again on a line of its own.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._shown: dict[str, str] = {}
        self._last_output: str | None = None
        self._at_line_start = True

    def source(self, source: str) -> None:
        """Show the cell that is about to run."""
        self._begin_block()
        quoted = "".join(f">>> {line}\n" for line in source.splitlines())
        self._write(quoted)

    def output(self, message: Mapping[str, Any]) -> None:
        """Show what one iopub message adds."""
        content = message["content"]
        match message["msg_type"]:
            case "stream":
                self._begin_output(content["name"])
                self._write(content["text"])
            case "display_data" | "execute_result" | "update_display_data":
                self._display(content)
            case _:
                pass  # status, input and errors: the reply tells how the cell ended

    def finish(self) -> None:
        """End the last line."""
        self._begin_output(None)

    def _display(self, content: Mapping[str, Any]) -> None:
        data = content["data"]
        text = str(next((data[kind] for kind in READABLE if kind in data), "")).rstrip()
        display_id = content.get("transient", {}).get("display_id")
        before = self._shown.get(display_id, "") if display_id else ""
        if display_id:
            self._shown[display_id] = text
        grown = text.startswith(before)
        if not grown and before.startswith(text):
            return
        added = text[len(before) :] if grown else text
        if added:
            self._begin_output(display_id if grown else None)
            self._write(added)

    def _begin_output(self, output: str | None) -> None:
        """Go to a new line unless the output that is being printed goes on."""
        if not self._at_line_start and (output is None or output != self._last_output):
            self._write("\n")
        self._last_output = output

    def _begin_block(self) -> None:
        self._begin_output(None)
        self._write("\n")

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
        self._at_line_start = text.endswith("\n")


def code_cells(notebook: Path) -> Iterator[str]:
    """The sources of the notebook's code cells, in order."""
    for cell in json.loads(notebook.read_text("utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            yield "".join(cell["source"])


def run_notebook(notebook: Path, transcript: Transcript) -> None:
    """Execute the cells in the notebook's folder; raises `CellFailed` at the first that fails."""
    # Nobody is there to press a button: plain outputs that are updated in place.
    env = {"A3S_UI": "display", **os.environ}
    manager, client = start_new_kernel(START_DEADLINE_S, KERNEL, cwd=str(notebook.parent), env=env)
    try:
        for number, source in enumerate(code_cells(notebook), start=1):
            transcript.source(source)
            reply = client.execute_interactive(
                source,
                allow_stdin=False,
                timeout=CELL_DEADLINE_S,
                output_hook=transcript.output,
            )["content"]
            if reply["status"] != "ok":
                reason = f"{reply.get('ename', reply['status'])}: {reply.get('evalue', '')}"
                raise CellFailed(f"cell {number} failed: {' '.join(reason.split())}")
    except KeyboardInterrupt:
        manager.interrupt_kernel()
        raise
    finally:
        transcript.finish()
        client.stop_channels()
        manager.shutdown_kernel()


def main(argv: list[str]) -> int:
    """Run the notebook that `argv` names."""
    if len(argv) != 1 or not Path(argv[0]).is_file():
        return complain(f"no such notebook: {' '.join(argv) or '(none given)'}", 2)
    try:
        run_notebook(Path(argv[0]).resolve(), Transcript(sys.stdout))
    except CellFailed as error:
        return complain(str(error), 1)
    except NoSuchKernel:
        return complain(f"no kernel {KERNEL!r}; try: python -m a3s_kernel install --sys-prefix", 1)
    except TimeoutError:
        return complain(f"a cell took longer than {CELL_DEADLINE_S} s", 1)
    except RuntimeError as error:
        return complain(f"the kernel did not start: {error}", 1)
    except KeyboardInterrupt:
        return 130
    return 0


def complain(problem: str, exit_code: int) -> int:
    """Say in one line what went wrong."""
    print(f"error: {problem}", file=sys.stderr)  # noqa: T201  # a command line program
    return exit_code


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
