"""Which painter shows the turn, and who answers questions. The rules are a table, tested as one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from a3s_magics.approvals import Asks
from a3s_magics.desk import Desk
from a3s_magics.frontend import FrontEnd
from a3s_magics.lane import Lane
from a3s_magics.painters.protocol import Painter

PainterName = Literal["widgets", "display", "final", "terminal"]
PAINTERS: tuple[PainterName, ...] = get_args(PainterName)


@dataclass(frozen=True, slots=True)
class Choice:
    """The painter's name, and who is asked for approval."""

    painter: PainterName
    asks: Asks


def choose(wanted: PainterName | None, seen: FrontEnd) -> Choice:
    """The choice for what was `wanted` (by option, setting or `A3S_UI`) and what was seen."""
    painter = wanted or _default(seen)
    if painter == "widgets" and not seen.widgets:
        painter = "display" if seen.kernel else "terminal"
    if not seen.keyboard:
        return Choice(painter, "nobody")
    return Choice(painter, "buttons" if painter == "widgets" else "keyboard")


def _default(seen: FrontEnd) -> PainterName:
    if seen.console:
        return "terminal"
    if not seen.keyboard:
        return "final"  # nbclient, nbconvert, papermill: nobody watches
    return "widgets" if seen.notebook else "display"


def make_painter(choice: Choice, seen: FrontEnd, desk: Desk, lane: Lane | None) -> Painter:
    """The painter itself; ipywidgets is imported here and nowhere earlier."""
    match choice.painter:
        case "widgets" if lane is not None:
            from a3s_magics.painters.widgets import WidgetPainter

            return WidgetPainter(desk, lane)
        case "terminal":
            from a3s_magics.painters.terminal import TerminalPainter

            return TerminalPainter(with_record=seen.kernel)
        case "final":
            from a3s_magics.painters.final import FinalPainter

            return FinalPainter()
    from a3s_magics.painters.display import DisplayPainter

    return DisplayPainter()
