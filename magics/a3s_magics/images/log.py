"""The images that the notebook shows, by the number of their cell; bounded in memory."""

from __future__ import annotations

import base64
import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

RASTER = ("image/png", "image/jpeg", "image/gif", "image/webp")
SVG = "image/svg+xml"
MAX_BYTES = 64 * 1024 * 1024

# Inside of HTML or Markdown. An address of another kind is never looked at: nothing is fetched.
_DATA_URI = re.compile(r"data:(image/(?:png|jpeg|gif|webp));base64,([A-Za-z0-9+/\s]+={0,2})")
OWN = "application/vnd.a3s."  # how the types of our own outputs begin
GALLERY = '<div class="a3s-images"'  # how our own table of thumbnails begins


@dataclass(slots=True, eq=False)
class Place:
    """One run of a cell: its number in the brackets, None while it runs, and its lasting name."""

    cell_id: str | None = None
    cell: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """One image as it was shown."""

    media_type: str
    data: bytes
    place: Place = field(default_factory=Place)
    display_id: str | None = None

    @property
    def cell(self) -> int | None:
        """Number of the cell that shows it, None while that runs."""
        return self.place.cell


class ImageLog:
    """Listens to cells and keeps what is to be seen now, the newest last.

    What was replaced, cleared, or belonged to an earlier run of the same cell is forgotten, and the
    oldest images are when all together have more than `max_bytes`. Safe to use from any thread.
    """

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._images: list[Shown] = []
        self._size = 0
        self._here = Place()
        self._places: dict[str, Place] = {}  # of outputs that can be updated
        self._clear_next = False
        self._lock = threading.Lock()

    def __iter__(self) -> Iterator[Shown]:
        with self._lock:
            return iter(list(self._images))

    @property
    def size_bytes(self) -> int:
        """Bytes of all images together."""
        return self._size

    def cell_began(self, source: str, cell_id: str | None) -> None:
        """The cell is about to have new outputs: those of its earlier run are gone."""
        with self._lock:
            self._here, self._clear_next = Place(cell_id), False
            if cell_id is not None:
                self._drop(image for image in self._images if image.place.cell_id == cell_id)

    def shown(self, bundle: Mapping[str, Any], display_id: str | None, update: bool) -> None:
        """Keep the images of an output; an update takes the place of what had its id."""
        found = images_in(bundle)
        with self._lock:
            self._clear_if_due()
            place, at = self._here, len(self._images)
            if display_id is not None and not update:
                self._places[display_id] = place
            elif display_id is not None:  # it changes an output where that stands
                place = self._places.get(display_id, place)
                old = [image for image in self._images if image.display_id == display_id]
                at = self._images.index(old[0]) if old else at
                self._drop(old)
            self._images[at:at] = [Shown(kind, data, place, display_id) for kind, data in found]
            self._size += sum(len(data) for _, data in found)
            self._shed()

    def printed(self, text: str) -> None:
        """New output, which is what a clearing may wait for."""
        if self._clear_next:
            with self._lock:
                self._clear_if_due()

    def cleared(self, wait: bool) -> None:
        """Forget what the running cell has shown so far."""
        with self._lock:
            self._clear_next = True
            if not wait:
                self._clear_if_due()

    def cell_ended(self, number: int | None, error: BaseException | None) -> None:
        """Give the images of the cell its number."""
        with self._lock:
            self._here.cell = number
            self._here, self._clear_next = Place(), False

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._images, self._places, self._size = [], {}, 0

    def _clear_if_due(self) -> None:
        if self._clear_next:
            self._clear_next = False
            self._drop(image for image in self._images if image.place is self._here)

    def _drop(self, images: Iterable[Shown]) -> None:
        gone = set(images)
        self._size -= sum(len(image.data) for image in gone)
        self._images = [image for image in self._images if image not in gone]

    def _shed(self) -> None:
        oldest, excess = [], self._size - self._max_bytes
        for image in self._images:
            if excess <= 0:
                break
            oldest.append(image)
            excess -= len(image.data)
        if oldest:
            self._drop(oldest)


def images_in(bundle: Mapping[str, Any]) -> list[tuple[str, bytes]]:
    """Media type and bytes of the images in an output: its own, or those inside of its text.

    Several forms of one output are one image. What is no base64 is no image. A turn's pictures are
    small copies of what was shown or can be attached itself.
    """
    if any(kind.startswith(OWN) for kind in bundle):
        return []
    for kind in RASTER:
        if kind in bundle:
            data = _decoded(bundle[kind])
            return [(kind, data)] if data else []
    for kind in ("text/html", "text/markdown"):
        text = bundle.get(kind)
        if isinstance(text, str) and "data:image/" in text and not text.startswith(GALLERY):
            pairs = ((match[1], _decoded(match[2])) for match in _DATA_URI.finditer(text))
            if found := [(media_type, data) for media_type, data in pairs if data]:
                return found
    svg = bundle.get(SVG)
    if isinstance(svg, str) and svg:
        return [(SVG, svg.encode("utf-8", "replace"))]
    return []


def _decoded(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    if not isinstance(value, str):
        return b""
    try:
        return base64.b64decode(value)
    except ValueError:
        return b""
