"""Which painter, and who is asked: the rules of the design as a table."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from a3s_magics.frontend import FrontEnd
from a3s_magics.notebook import notebook_path, session_id_of
from a3s_magics.painters.choose import Choice, PainterName, choose
from a3s_magics.painters.pacing import FASTEST_S, SLOWEST_S, repaint_interval_s

LAB = FrontEnd(kernel=True, keyboard=True, notebook=True, widgets=True)
LAB_WITHOUT_LANE = FrontEnd(kernel=True, keyboard=True, notebook=True)
NBCLIENT = FrontEnd(kernel=True, widgets=True)
NBCONVERT_INSIDE_LAB = FrontEnd(kernel=True, notebook=True, widgets=True)
UNKNOWN_CLIENT = FrontEnd(kernel=True, keyboard=True, widgets=True)
CONSOLE = FrontEnd(kernel=True, keyboard=True, console=True, widgets=True)
TERMINAL = FrontEnd(keyboard=True, console=True)
PIPE = FrontEnd(console=True)


@pytest.mark.parametrize(
    ("wanted", "seen", "expected"),
    [
        (None, LAB, Choice("widgets", "buttons")),
        (None, LAB_WITHOUT_LANE, Choice("display", "keyboard")),
        (None, NBCLIENT, Choice("final", "nobody")),
        (None, NBCONVERT_INSIDE_LAB, Choice("final", "nobody")),
        (None, UNKNOWN_CLIENT, Choice("display", "keyboard")),
        (None, CONSOLE, Choice("terminal", "keyboard")),
        (None, TERMINAL, Choice("terminal", "keyboard")),
        (None, PIPE, Choice("terminal", "nobody")),
        ("widgets", UNKNOWN_CLIENT, Choice("widgets", "buttons")),
        ("widgets", NBCLIENT, Choice("widgets", "nobody")),
        ("widgets", LAB_WITHOUT_LANE, Choice("display", "keyboard")),
        ("widgets", TERMINAL, Choice("terminal", "keyboard")),
        ("display", LAB, Choice("display", "keyboard")),
        ("final", LAB, Choice("final", "keyboard")),
        ("final", NBCLIENT, Choice("final", "nobody")),
        ("terminal", LAB, Choice("terminal", "keyboard")),
    ],
)
def test_the_choice(wanted: PainterName | None, seen: FrontEnd, expected: Choice) -> None:
    assert choose(wanted, seen) == expected


def test_repaints_slow_down_with_what_is_sent_again() -> None:
    assert repaint_interval_s(0) == FASTEST_S
    assert FASTEST_S < repaint_interval_s(2000) < SLOWEST_S
    assert repaint_interval_s(10**6) == SLOWEST_S


def test_the_notebook_is_an_existing_file(tmp_path: Path) -> None:
    notebook = tmp_path / "a.ipynb"
    notebook.write_text("{}")
    link = tmp_path / "link.ipynb"

    def found(value: str) -> Path | None:
        return notebook_path({}, {"JPY_SESSION_NAME": value})

    assert found(str(notebook)) == notebook.resolve()
    assert notebook_path({"__vsc_ipynb_file__": str(notebook)}, {}) == notebook.resolve()
    assert found("a.ipynb") is None
    assert found(str(tmp_path / "gone.ipynb")) is None
    assert found(str(tmp_path / "console-1")) is None
    assert found("3f0c8a52-0a0f-4a0c-9d6c-0d6f7f6a7a11") is None
    assert notebook_path({"__vsc_ipynb_file__": 3}, {}) is None
    if hasattr(os, "symlink") and os.name != "nt":
        link.symlink_to(notebook)
        assert found(str(link)) == notebook.resolve()


def test_the_session_id_belongs_to_the_path(tmp_path: Path) -> None:
    first, second = tmp_path / "a.ipynb", tmp_path / "b.ipynb"

    assert session_id_of(first) == session_id_of(tmp_path / "a.ipynb")
    assert session_id_of(first) != session_id_of(second)
