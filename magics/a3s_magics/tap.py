"""What the shell's cells print and show, told to listeners; taken out again without a trace.

Only the shell's own objects are touched, never their classes. Hooks of IPython would be the obvious
place, but its list of display hooks belongs to one thread and results of cells do not pass there.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

from a3s_magics.aside import aside

Bundle = Mapping[str, Any]


class Listener(Protocol):
    """Hears of cells in the order of things. Displays may come from any thread."""

    def cell_began(self, source: str, cell_id: str | None) -> None:
        """A cell begins; `cell_id` is the front end's name for it, None where it has none."""

    def shown(self, bundle: Bundle, display_id: str | None, update: bool) -> None:
        """Something was displayed, or was a cell's value; `update` replaces what has that id."""

    def printed(self, text: str) -> None:
        """Text went to stdout."""

    def cleared(self, wait: bool) -> None:
        """The cell's outputs are removed; with `wait`, as soon as there is a new one."""

    def cell_ended(self, number: int | None, error: BaseException | None) -> None:
        """The cell is over. `number` stands in its brackets, None for one without history."""


class Tap:
    """Listens from its creation until `remove`. Code that runs inside of a cell belongs to it."""

    def __init__(self, shell: Any, *listeners: Listener) -> None:
        self._shell = shell
        self._listeners: tuple[Listener, ...] = listeners
        self._depth = 0
        self._removed = False
        self._displaying = False
        self._printing: _Wrapped | None = None
        self._wrapped = [
            _Wrapped(shell.display_pub, "publish", self._publish),
            _Wrapped(shell.display_pub, "clear_output", self._clear_output),
            _Wrapped(shell.displayhook, "write_format_data", self._write_format_data),
        ]
        shell.events.register("pre_run_cell", self._began)
        shell.events.register("post_run_cell", self._ended)

    def remove(self) -> None:
        """Give the shell its own methods back."""
        self._removed = True
        self._stop_printing()
        for wrapped in self._wrapped:
            wrapped.remove()
        self._shell.events.unregister("pre_run_cell", self._began)
        self._shell.events.unregister("post_run_cell", self._ended)

    @contextmanager
    def also(self, listener: Listener) -> Iterator[None]:
        """Tell one more listener, for as long as this lasts."""
        before = self._listeners
        self._listeners = (*before, listener)
        try:
            yield
        finally:
            self._listeners = before

    def _began(self, info: Any) -> None:
        self._depth += 1
        if self._depth > 1:  # a cell run by a cell
            return
        for listener in self._listeners:
            listener.cell_began(info.raw_cell or "", getattr(info, "cell_id", None))
        self._start_printing()

    def _ended(self, result: Any) -> None:
        self._depth = max(0, self._depth - 1)  # the cell that loads the extension only ends
        if self._depth:
            return
        self._stop_printing()
        # The one number that is right in every version of IPython, and the one moment after
        # matplotlib has shown its figures.
        number = getattr(result, "execution_count", None)
        error = result.error_before_exec or result.error_in_exec
        for listener in self._listeners:
            listener.cell_ended(number, error)

    def _tell_shown(self, bundle: Any, display_id: Any = None, update: bool = False) -> None:
        if self._removed or aside() or not isinstance(bundle, Mapping):
            return
        for listener in self._listeners:
            listener.shown(bundle, display_id if isinstance(display_id, str) else None, update)

    def _publish(self, original: Callable[..., Any], data: Any, *args: Any, **kwargs: Any) -> Any:
        transient = kwargs.get("transient") or {}
        self._tell_shown(data, transient.get("display_id"), bool(kwargs.get("update", False)))
        return self._displayed(lambda: original(data, *args, **kwargs))

    def _write_format_data(
        self, original: Callable[..., Any], format_dict: Any, *args: Any, **kwargs: Any
    ) -> Any:
        self._tell_shown(format_dict)
        return self._displayed(lambda: original(format_dict, *args, **kwargs))

    def _clear_output(self, original: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        wait = bool(args[0] if args else kwargs.get("wait", False))
        done = self._displayed(lambda: original(*args, **kwargs))
        if not self._removed:
            for listener in self._listeners:
                listener.cleared(wait)
        return done

    def _displayed(self, display: Callable[[], Any]) -> Any:
        """What the shell prints itself while it displays something, as a terminal does, is known."""
        if aside():
            return display()
        before, self._displaying = self._displaying, True
        try:
            return display()
        finally:
            self._displaying = before

    def _known(self) -> bool:
        """Whether what is printed now is a display or a traceback, which is heard otherwise."""
        return (
            self._displaying
            or getattr(self._shell.displayhook, "is_active", False)  # both since IPython 9
            or getattr(self._shell, "showing_traceback", False)
        )

    def _start_printing(self) -> None:
        """Follow stdout for one cell, the way IPython itself does it: front ends want their class."""
        try:
            self._printing = _Wrapped(sys.stdout, "write", self._write)
        except (AttributeError, TypeError):  # none, or one written in C: it is not followed
            self._printing = None

    def _write(self, original: Callable[..., Any], text: Any, *args: Any, **kwargs: Any) -> Any:
        written = original(text, *args, **kwargs)
        if isinstance(text, str) and not self._removed and not self._known():
            for listener in self._listeners:
                listener.printed(text)
        return written

    def _stop_printing(self) -> None:
        if self._printing is not None:
            self._printing.remove()
            self._printing = None


class _Wrapped:
    """One method of one object, called through `around(original, ...)` until it is removed."""

    def __init__(self, target: Any, name: str, around: Callable[..., Any]) -> None:
        self._target, self._name = target, name
        self._own = vars(target).get(name)  # somebody else may have put a method there before
        original = getattr(target, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            return around(original, *args, **kwargs)

        self._call = call
        setattr(target, name, call)

    def remove(self) -> None:
        """Put back what was there; a later wrapper around this one stays and is harmless."""
        if vars(self._target).get(self._name) is not self._call:
            return
        if self._own is None:
            delattr(self._target, self._name)
        else:
            setattr(self._target, self._name, self._own)
