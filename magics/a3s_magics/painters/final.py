"""One output when the turn is over; for tests and batch runs, which compare or store it."""

from __future__ import annotations

from a3s_magics.painters.outputs import show
from a3s_magics.painters.protocol import Bundle
from a3s_magics.statusline import Surroundings
from a3s_magics.transcript import Transcript


class FinalPainter:
    """Shows nothing before the end and needs no updates of outputs."""

    paints_aside = False
    interval_s = 3600.0

    def begin(self, view: Transcript, around: Surroundings) -> None:
        """Nothing to show yet."""

    def paint(self, view: Transcript, around: Surroundings) -> None:
        """Nothing to show yet."""

    def finish(self, view: Transcript, around: Surroundings, bundle: Bundle) -> None:
        """Show the turn."""
        show(bundle)

    def abandon(self) -> None:
        """Nothing was shown."""
