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
READABLE = ("text/plain", "text/markdown")


class CellFailed(Exception):
    """A cell that ended with an error; the message is one line."""


class Transcript:
    """Outputs of cells as one growing text.

    What is printed cannot be taken back. The output that was printed last may grow in place. Whatever
    else is updated, or shown after the cell cleared its outputs, adds the lines that are new.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._outputs: dict[str, str] = {}
        self._open_output: str | None = None
        self._printed = ""  # by the outputs of the current cell
        self._cleared = False

    def source(self, source: str) -> None:
        """Show the cell that is about to run."""
        self.finish()
        self._write("\n" + "".join(f">>> {line}\n" for line in source.splitlines()))
        self._printed, self._cleared = "", False

    def output(self, message: Mapping[str, Any]) -> None:
        """Show what one iopub message adds."""
        content = message["content"]
        match message["msg_type"]:
            case "stream":
                self._continue(content["name"], content["text"])
            case "display_data" | "execute_result" | "update_display_data":
                self._display(content)
            case "clear_output":
                self._cleared = True
            case _:
                pass  # status, input and errors: the reply tells how the cell ended

    def finish(self) -> None:
        """End the last line."""
        if self._printed and not self._printed.endswith("\n"):
            self._write("\n")
        self._open_output = None

    def _display(self, content: Mapping[str, Any]) -> None:
        data = content["data"]
        text = str(next((data[kind] for kind in READABLE if kind in data), "")).rstrip()
        output = content.get("transient", {}).get("display_id")
        before = self._outputs.get(output, "")
        if output is not None:
            self._outputs[output] = text
        if not text:
            return
        new = not before and not self._cleared
        self._cleared = False
        if before and text.startswith(before) and output == self._open_output:
            self._continue(output, text[len(before) :])
        elif new:
            self._begin(None)
            self._continue(output, text)
        elif self._printed.endswith(text):
            self._open_output = output  # moved here from another output; it may go on growing
        else:
            self._open_output = None
            lines = [line for line in text.splitlines() if line not in self._printed]
            self._continue(output, "\n".join(lines))

    def _begin(self, output: str | None) -> None:
        """Go to a new line unless it is the open output that continues."""
        if output is None or output != self._open_output:
            self.finish()
        self._open_output = output

    def _continue(self, output: str | None, added: str) -> None:
        """Print more of an output."""
        if added:
            self._begin(output)
            self._write(added)

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
        self._printed += text


def code_cells(notebook: Path) -> Iterator[str]:
    """The sources of the notebook's code cells, in order."""
    for cell in json.loads(notebook.read_text("utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            yield "".join(cell["source"])


def run_notebook(notebook: Path, transcript: Transcript) -> None:
    """Execute the cells in the notebook's folder; raises `CellFailed` at the first that fails."""
    # Nobody is there to press a button: plain outputs that are updated in place.
    env = {"A3S_UI": "display", **os.environ}
    # Everything stays on this machine: the remark that its channels are not encrypted is no help.
    quiet = ["--IPKernelApp.log_level=ERROR"]
    manager, client = start_new_kernel(
        START_DEADLINE_S, KERNEL, cwd=str(notebook.parent), env=env, extra_arguments=quiet
    )
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
