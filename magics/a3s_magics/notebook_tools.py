"""Tools that give the agent the notebook: its variables, its cells, and Python in its namespace."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from a3s_code import Attachment, Session, ToolContext, ToolFailed, ToolOutput
from a3s_magics.attach import as_attachment
from a3s_magics.cell_log import CellRun
from a3s_magics.cell_thread import CellThread
from a3s_magics.counted import counted
from a3s_magics.images.pick import NoImage
from a3s_magics.notebook_names import NOTEBOOK_TOOLS, PYTHON
from a3s_magics.outline import outline
from a3s_magics.record import without_keys
from a3s_magics.references import user_variables
from a3s_magics.run_code import CodeRun, run_code
from a3s_magics.traces import head_and_tail
from a3s_magics.watch import Watch

MAX_OUTPUT_CHARS = 30_000
MAX_IMAGES = 8
_MAX_VARIABLES = 300
_INTERRUPTED = 130  # what a shell reports for a command that Ctrl-C has ended

T = TypeVar("T")


class NotebookTools:
    """The four tools, for one notebook. They work in the thread of the cell that runs the turn."""

    def __init__(self, shell: Any, watch: Watch, thread: CellThread) -> None:
        self._shell, self._watch, self._thread = shell, watch, thread
        self._accepts_images: Callable[[], bool] = lambda: False

    def offer(self, session: Session) -> None:
        """Register the tools, if the session does not have them."""
        self._accepts_images = lambda: session.accepts_images
        if PYTHON not in session.tool_names():
            session.register_tool(self.python)
            for function in (self.variables, self.cells, self.last_error):
                session.register_tool(function, read_only=True)

    def withdraw(self, session: Session) -> None:
        """Take the tools away."""
        for name in NOTEBOOK_TOOLS:
            session.unregister_tool(name)

    async def python(self, code: str, ctx: ToolContext) -> ToolOutput:
        """Run Python in the user's notebook, with its variables, as a cell of its own.

        Printed text, the value of the last expression, tracebacks and figures are returned; figures
        also appear in the notebook. Variables stay defined. Magics work, `await` does not.

        Args:
            code: the Python source
        """
        return await self._thread.run(lambda: self._python(code, ctx.progress))

    async def variables(self) -> str:
        """List the notebook's variables: name, type, shape, columns with dtypes and null counts.

        No values are shown.
        """
        return await self._in_cell(self._variables)

    async def cells(self, count: int = 20) -> str:
        """Show the latest cells that were run: number, source and outputs, long ones shortened.

        Args:
            count: how many cells, 1 to 100
        """
        return await self._in_cell(lambda: self._cells(count))

    async def last_error(self) -> str:
        """Show the traceback of the latest cell that failed, with the cell's source."""
        return await self._in_cell(self._last_error)

    async def _in_cell(self, work: Callable[[], T]) -> T:
        """Where no cell serves (a tool called by hand) reading is harmless in another thread."""
        if self._thread.open:
            return await self._thread.run(work)
        return await asyncio.to_thread(work)

    # -- in the cell's thread --------------------------------------------------------------------------

    def _python(self, code: str, heard: Callable[[str], None]) -> ToolOutput:
        run = run_code(self._shell, self._watch.tap, code, heard)
        notes: list[str] = []
        exit_code = 0 if run.error is None else 1
        if isinstance(run.error, KeyboardInterrupt):
            self._thread.interrupted()
            exit_code = _INTERRUPTED
            notes.append("Interrupted by the user before it finished.")
        images = self._images(run, notes)
        text = without_keys(head_and_tail(run.text, MAX_OUTPUT_CHARS))
        told = "\n".join(part for part in (text, *notes) if part)
        return ToolOutput(told or "(no output)", exit_code, images=images)

    def _images(self, run: CodeRun, notes: list[str]) -> tuple[Attachment, ...]:
        if not run.images:
            return ()
        if not self._accepts_images():
            shown = counted(len(run.images), "image")
            notes.append(f"({shown}, shown to the user; you cannot see images)")
            return ()
        images = []
        for data in run.images[:MAX_IMAGES]:
            try:
                images.append(as_attachment(data, "the image"))
            except NoImage as problem:
                notes.append(f"({problem})")
        if len(run.images) > MAX_IMAGES:
            more = counted(len(run.images) - MAX_IMAGES, "more image")
            notes.append(f"({more}, shown to the user)")
        return tuple(images)

    def _variables(self) -> str:
        lines = []
        variables = user_variables(self._shell)
        for name, value in list(variables.items())[:_MAX_VARIABLES]:
            try:
                lines.append(f"{name}: {outline(value)}")
            except Exception as error:  # noqa: BLE001  # a property of the user's own class
                lines.append(f"{name}: {type(value).__name__} ({type(error).__name__})")
        if len(variables) > _MAX_VARIABLES:
            lines.append(f"… {len(variables) - _MAX_VARIABLES} more")
        return head_and_tail("\n".join(lines), MAX_OUTPUT_CHARS) or "There are no variables."

    def _cells(self, count: int) -> str:
        if not 1 <= count <= 100:
            raise ToolFailed(f"count must be from 1 to 100, not {count}")
        latest = [_told(run) for run in self._watch.cells if run.number is not None][-count:]
        text = "\n\n".join(latest) or "No cell has been run yet."
        return without_keys(head_and_tail(text, MAX_OUTPUT_CHARS))

    def _last_error(self) -> str:
        failed = self._watch.cells.last_error
        if failed is None:
            return "No cell has failed so far."
        return without_keys(f"Cell [{failed.number or '?'}]:\n{failed.source}\n\n{failed.error}")


def _told(run: CellRun) -> str:
    if run.is_prompt:
        return f"[{run.number}] (a prompt to you)"
    parts = [f"[{run.number}]", run.source.rstrip()]
    if run.output:
        parts += ["Output:", run.output]
    if run.error:
        parts += ["Failed:", run.error.rsplit("\n", 1)[-1]]
    return "\n".join(parts)
