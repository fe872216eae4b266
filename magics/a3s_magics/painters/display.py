"""The turn as ordinary outputs: Markdown that is updated in place, no widgets, no buttons."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

from a3s_magics.blocks import BlockCutter
from a3s_magics.painters.outputs import show
from a3s_magics.painters.pacing import repaint_interval_s
from a3s_magics.painters.protocol import Bundle
from a3s_magics.sanitise import safe_markdown, without_controls
from a3s_magics.static import segment_markdown, segment_text
from a3s_magics.statusline import Surroundings
from a3s_magics.transcript import Segment, Text, Transcript

# JupyterLab hides a cell's outputs beyond the 50th: what comes after these shares the last one.
MAX_SLOTS = 40
# Tells the log of the notebook's images that what is in here belongs to a turn.
PIECE_MIME = "application/vnd.a3s.piece+json"

Piece = tuple[str, str]  # Markdown, plain text


class DisplayPainter:
    """One output per block of text and per tool call; at the end the first holds everything."""

    paints_aside = True

    def __init__(self) -> None:
        self._id = uuid.uuid4().hex
        self._slots: list[Piece] = []
        self._cutters: dict[int, tuple[BlockCutter, int]] = {}
        self._seen: dict[int, tuple[Segment, list[Piece]]] = {}
        self._frozen: dict[tuple[int, int], Piece] = {}
        self._repeated = 0

    @property
    def interval_s(self) -> float:
        """Slower while much text is sent again and again."""
        return repaint_interval_s(self._repeated, slowest_s=1.0)

    def begin(self, view: Transcript, around: Surroundings) -> None:
        """Nothing to show yet; the front end itself marks a cell that runs."""

    def paint(self, view: Transcript, around: Surroundings) -> None:
        """Send the slots that changed."""
        pieces = [
            piece for at, part in enumerate(view.segments) for piece in self._pieces(at, part)
        ]
        if not pieces:
            return
        if len(pieces) > MAX_SLOTS:
            rest = pieces[MAX_SLOTS - 1 :]
            joined = "\n\n".join(text for text, _ in rest), "\n\n".join(text for _, text in rest)
            pieces = [*pieces[: MAX_SLOTS - 1], joined]
        for at, piece in enumerate(pieces):
            self._show(at, piece)
        for at in range(len(pieces), len(self._slots)):
            self._show(at, ("", ""))
        self._repeated = len(pieces[-1][0]) + len(pieces[-1][1])

    def finish(self, view: Transcript, around: Surroundings, bundle: Bundle) -> None:
        """Put the whole turn into the first slot and empty the others, which cannot be removed."""
        show(bundle, display_id=f"{self._id}-0", update=bool(self._slots))
        for at in range(1, len(self._slots)):
            self._show(at, ("", ""))

    def abandon(self) -> None:
        """Nothing was shown."""

    def _pieces(self, at: int, part: Segment) -> list[Piece]:
        seen = self._seen.get(at)
        if seen is not None and seen[0] is part:
            return seen[1]
        if isinstance(part, Text):
            pieces = list(self._text_pieces(at, part))
        else:
            pieces = [(segment_markdown(part), segment_text(part))]
        self._seen[at] = (part, pieces)
        return pieces

    def _text_pieces(self, at: int, part: Text) -> Iterator[Piece]:
        cutter, fed = self._cutters.get(at, (BlockCutter(), 0))
        cutter.feed(part.content.after(fed))
        self._cutters[at] = (cutter, part.content.count)
        for number, block in enumerate(cutter.frozen):
            if (at, number) not in self._frozen:
                self._frozen[at, number] = (safe_markdown(block), without_controls(block))
            yield self._frozen[at, number]
        if cutter.tail.strip():
            yield safe_markdown(cutter.tail), without_controls(cutter.tail)

    def _show(self, at: int, piece: Piece) -> None:
        if at < len(self._slots) and self._slots[at] == piece:
            return
        bundle: dict[str, Any] = {"text/markdown": piece[0], "text/plain": piece[1]}
        if "](data:image/" in piece[0]:
            bundle[PIECE_MIME] = {}
        new = at == len(self._slots)
        show(bundle, display_id=f"{self._id}-{at}", update=not new)
        if new:
            self._slots.append(piece)
        else:
            self._slots[at] = piece
