"""What a reference to images means: `last`, `cell:N`, `N..M`, a variable, a path. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from a3s_magics.images.log import SVG, Shown

_CELL = re.compile(r"cell:(\d+)")
_RANGE = re.compile(r"(?:cell:)?(\d+)\.\.(?:cell:)?(\d+)")
_NEARLY_CELLS = re.compile(r"cell:.*|\d+|[\w:]*\.\.[\w:]*", re.DOTALL)
_FORMS = "use last, cell:N, N..M (cells), a variable or a file"
_REMOTE = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)


class NoImage(Exception):
    """A reference that leads to no image; the message is one line and names it."""


@dataclass(frozen=True, slots=True)
class Variable:
    """The value of a variable, whatever it is."""

    name: str
    value: Any


Source = Shown | Variable | Path


def pick(
    reference: str, shown: Iterable[Shown], variables: Mapping[str, Any], folder: Path
) -> list[Source]:
    """Where the images of a reference are, in the order in which they were shown.

    A word that names a variable is that variable, also when there is a file of the same name.
    Relative paths begin at `folder`; `~` is the home folder. Raises `NoImage`.
    """
    images = list(shown)
    if not reference.strip():
        raise NoImage(f"{reference!r} names no image; {_FORMS}")
    if reference == "last":
        return [_last(images)]
    if found := _CELL.fullmatch(reference):
        number = int(found[1])
        return list(_of_cells(images, number, number, f"cell {number} shows no image"))
    if found := _RANGE.fullmatch(reference):
        first, final = int(found[1]), int(found[2])
        if first > final:
            raise NoImage(f"{reference}: the first cell comes after the last one")
        none = f"cells {first} to {final} show no image"
        return list(_of_cells(images, first, final, none))
    if _REMOTE.match(reference):
        raise NoImage(f"{reference}: remote images are never fetched; name a local file")
    if reference in variables:
        return [Variable(reference, variables[reference])]
    return [_file(reference, folder)]


def _last(images: Sequence[Shown]) -> Shown:
    attachable = [image for image in images if image.media_type != SVG]
    if not attachable:
        raise NoImage("last: the notebook has not shown an image yet")
    return attachable[-1]


def _of_cells(images: Sequence[Shown], first: int, final: int, none: str) -> list[Shown]:
    there = [image for image in images if image.cell is not None and first <= image.cell <= final]
    attachable = [image for image in there if image.media_type != SVG]
    if attachable:
        return attachable
    if there:
        raise NoImage(f"{none} but SVG, which models do not see; show it as PNG")
    cells = sorted({image.cell for image in images if image.cell and image.media_type != SVG})
    where = ", ".join(map(str, cells[-20:])) or "none so far"
    raise NoImage(f"{none} (cells with images: {where})")


def _file(reference: str, folder: Path) -> Path:
    try:
        path = folder / Path(reference).expanduser()
        if path.is_file():
            return path
        folder_there = path.is_dir()
    except (OSError, ValueError, RuntimeError):  # too long, a null character, no home folder
        folder_there = False
    if folder_there:
        raise NoImage(f"{reference} is a folder, not an image")
    if _NEARLY_CELLS.fullmatch(reference):
        raise NoImage(f"{reference!r} is no cell, and no file is called so; {_FORMS}")
    if reference.isidentifier():
        raise NoImage(f"there is no variable and no file {reference!r}")
    raise NoImage(f"there is no file {reference!r}")
