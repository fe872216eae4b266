"""Run code of the agent in the user's namespace, as a cell would, and keep what it shows."""

from __future__ import annotations

import ast
import contextlib
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from a3s_magics.images.log import SVG, images_in
from a3s_magics.sanitise import terminal_text
from a3s_magics.tap import Tap
from a3s_magics.traces import trace_of


@dataclass(slots=True)
class CodeRun:
    """What came of it: text (printed, displayed, the last value, the traceback) and images."""

    pieces: list[str] = field(default_factory=list)
    images: list[bytes] = field(default_factory=list)
    error: BaseException | None = None

    @property
    def text(self) -> str:
        """All text, in the order in which it came."""
        return "\n".join(text for piece in self.pieces if (text := piece.strip("\n")))


def run_code(
    shell: Any, tap: Tap, source: str, heard: Callable[[str], None] = lambda text: None
) -> CodeRun:
    """Run the source in the calling thread. Images and widgets are shown in the cell, too.

    `heard` is told text as it comes, from whatever thread it is written.
    Nothing is raised, KeyboardInterrupt included: the error is part of the outcome. History, `In`,
    `Out` and the cell's number stay as they are.
    """
    run = CodeRun()
    screen = _Screen(run, heard)
    with tap.also(screen), _written_to(screen):
        try:
            value = _executed(shell, source)
            if value is not None:
                _show(shell, value, screen)
            shell.events.trigger("post_execute")  # matplotlib shows its figures now
        except BaseException as error:  # noqa: BLE001  # the user's code may raise anything
            run.error = error
    screen.flush()
    if run.error is not None:
        run.pieces.append(trace_of(run.error))
    return run


def _executed(shell: Any, source: str) -> Any:
    """The value of the last expression, None when the code does not end with one."""
    cell = shell.transform_cell(source)
    name = shell.compile.cache(cell, shell.execution_count, raw_code=source)
    tree = shell.transform_ast(shell.compile.ast_parse(cell, filename=name))
    body, last = tree.body, None
    if body and isinstance(body[-1], ast.Expr) and not source.rstrip().endswith(";"):
        last = ast.Expression(body.pop().value)
    module = ast.Module(body, type_ignores=[])
    # What IPython itself does with a cell; a person has approved this very code.
    exec(shell.compile(module, name, "exec"), shell.user_global_ns, shell.user_ns)  # noqa: S102
    if last is None:
        return None
    return eval(shell.compile(last, name, "eval"), shell.user_global_ns, shell.user_ns)


def _show(shell: Any, value: Any, screen: _Screen) -> None:
    data, metadata = shell.display_formatter.format(value)
    if images_in(data) or "application/vnd.jupyter.widget-view+json" in data:
        shell.display_pub.publish(data, metadata)
    else:
        screen.shown(data, None, False)


class _Screen:
    """A listener of the tap that puts text and images of the run together."""

    def __init__(self, run: CodeRun, heard: Callable[[str], None]) -> None:
        self._run, self._heard = run, heard
        self.printed_text = _Printed(heard)

    def flush(self) -> None:
        """Put what was printed behind what there is."""
        text = self.printed_text.getvalue()
        self.printed_text.seek(0)
        self.printed_text.truncate()
        if text:
            self._run.pieces.append(terminal_text(text))

    def shown(self, bundle: Mapping[str, Any], display_id: str | None, update: bool) -> None:
        self.flush()
        self._run.images += [data for kind, data in images_in(bundle) if kind != SVG]
        text = bundle.get("text/plain")
        if isinstance(text, str):
            self._run.pieces.append(terminal_text(text))
            self._heard(f"{text}\n")

    def cell_began(self, source: str, cell_id: str | None) -> None: ...

    def printed(self, text: str) -> None: ...

    def cleared(self, wait: bool) -> None: ...

    def cell_ended(self, number: int | None, error: BaseException | None) -> None: ...


class _Printed(io.StringIO):
    """What is printed, passed on at once as well."""

    def __init__(self, heard: Callable[[str], None]) -> None:
        super().__init__()
        self._heard = heard

    def write(self, text: str, /) -> int:
        """Keep the text and tell it."""
        written = super().write(text)
        self._heard(text)
        return written


@contextlib.contextmanager
def _written_to(screen: _Screen) -> Any:
    stream = screen.printed_text
    with contextlib.redirect_stdout(stream), contextlib.redirect_stderr(stream):
        yield
