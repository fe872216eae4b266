"""What a painter is: it shows a transcript and knows no rule of the turn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from a3s_magics.statusline import Surroundings
from a3s_magics.transcript import Transcript

Bundle = Mapping[str, Any]


class Painter(Protocol):
    """Shows one turn. All calls come from the cell's own thread, in this order:

    `begin`, any number of `paint`, then `finish`, or `abandon` when the turn could not start. With
    `paints_aside` some `paint` comes from a thread that stands in for the cell's, which waits.
    """

    paints_aside: bool

    @property
    def interval_s(self) -> float:
        """Seconds between two paints as the painter wants them now; more when there is more to send."""

    def begin(self, view: Transcript, around: Surroundings) -> None:
        """Show an empty view with its buttons, before anything was sent to the model."""

    def paint(self, view: Transcript, around: Surroundings) -> None:
        """Bring the screen up to date."""

    def finish(self, view: Transcript, around: Surroundings, bundle: Bundle) -> None:
        """Replace what is live by what stays: `bundle` maps MIME types to the turn's static form."""

    def abandon(self) -> None:
        """Remove the view: the turn did not begin, and its error says why."""
