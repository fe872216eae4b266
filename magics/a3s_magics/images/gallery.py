"""`%a3s images`: what can be attached, as thumbnails with the numbers of their cells."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass

from a3s_magics.images.log import GALLERY, SVG, Shown
from a3s_magics.images.shrink import thumbnail

EDGE_PIXELS = 160
MAX_SHOWN = 60
# Without Pillow there are no thumbnails: only what is small is shown, the notebook is saved with it.
_MAX_RAW_BYTES = 30_000


@dataclass(frozen=True, slots=True)
class Gallery:
    """The images that the notebook has shown, the oldest first. Shows itself as a table."""

    images: tuple[Shown, ...]

    def __len__(self) -> int:
        return len(self.images)

    def __iter__(self) -> Iterator[Shown]:
        return iter(self.images)

    def __repr__(self) -> str:
        if not self.images:
            return "The notebook has not shown an image yet."
        width = max(len(_cell(image)) for image in self.images)
        return "\n".join(f"{_cell(image):<{width}}  {_facts(image)}" for image in self.images)

    def _repr_html_(self) -> str:
        if not self.images:
            return f"{GALLERY}>{self!r}</div>"
        frames = "".join(_frame(image) for image in self.images[-MAX_SHOWN:])
        left_out = len(self.images) - MAX_SHOWN
        more = f"<p>{left_out} older images are not shown here.</p>" if left_out > 0 else ""
        return (
            f'{GALLERY} style="display:flex;flex-wrap:wrap;gap:12px;align-items:end">'
            f"{frames}{more}</div>"
        )


def _frame(image: Shown) -> str:
    name = f"<code>{_cell(image)}</code><br><small>{_facts(image)}</small>"
    return f'<figure style="margin:0">{_picture(image)}<figcaption>{name}</figcaption></figure>'


def _picture(image: Shown) -> str:
    small = None if image.media_type == SVG else thumbnail(image.data, EDGE_PIXELS)
    kind = "image/png" if small else image.media_type
    data = small or (image.data if len(image.data) <= _MAX_RAW_BYTES else b"")
    if not data or kind == SVG:  # an SVG may hold scripts and addresses
        return ""
    encoded = base64.b64encode(data).decode("ascii")
    style = f"max-width:{EDGE_PIXELS}px;max-height:{EDGE_PIXELS}px"
    return f'<img alt="image of {_cell(image)}" style="{style}" src="data:{kind};base64,{encoded}">'


def _cell(image: Shown) -> str:
    return "this cell" if image.cell is None else f"cell:{image.cell}"


def _facts(image: Shown) -> str:
    kind = image.media_type.removeprefix("image/").removesuffix("+xml").upper()
    size = len(image.data)
    told = f"{size / 1000:.0f} kB" if size >= 1000 else f"{size} bytes"
    return f"{kind}, {told}" + (", cannot be attached" if image.media_type == SVG else "")
