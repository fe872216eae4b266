"""Text that grows at its end: a value to the reader, linear in cost for the writer."""

from __future__ import annotations


class Rope:
    """Immutable text made of pieces. Adding to the newest version is O(1), to an older one O(n).

    Versions share one list of pieces and differ in how many of them they own, so a transcript can
    keep its old values without 50,000 copies of a growing string.
    """

    __slots__ = ("_count", "_pieces", "length")

    def __init__(self, text: str = "") -> None:
        self._pieces: list[str] = [text] if text else []
        self._count = len(self._pieces)
        self.length = len(text)

    def __add__(self, text: str) -> Rope:
        if not text:
            return self
        longer = Rope()
        newest = len(self._pieces) == self._count
        longer._pieces = self._pieces if newest else self._pieces[: self._count]
        longer._pieces.append(text)
        longer._count = self._count + 1
        longer.length = self.length + len(text)
        return longer

    @property
    def count(self) -> int:
        """How many pieces there are; the bookmark that `after` takes."""
        return self._count

    def after(self, count: int) -> str:
        """The text that came after the first `count` pieces."""
        return "".join(self._pieces[count : self._count])

    def __str__(self) -> str:
        return "".join(self._pieces[: self._count])

    def __len__(self) -> int:
        return self.length

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Rope):
            return self.length == other.length and str(self) == str(other)
        return NotImplemented

    __hash__ = None  # type: ignore[assignment]  # equal by content, which is costly to hash

    def __repr__(self) -> str:
        return f"Rope({str(self)!r})"
