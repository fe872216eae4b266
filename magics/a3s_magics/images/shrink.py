"""Fit an image into what models accept. Pillow does the work; it is optional."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import Any

from a3s_magics.images.pick import NoImage

# Anthropic refuses an image above 5 MB of base64 text, which are 3.75 MB of bytes, and one above
# 8000 pixels. Both it and OpenAI scale down what is longer than about 2000 pixels before looking.
MAX_BYTES = 3_750_000
MAX_EDGE_PIXELS = 2000
_SCALES = (1.0, 0.7, 0.5, 0.35, 0.25, 0.15)


def fitted(data: bytes, name: str) -> bytes:
    """The image itself when it fits, else a smaller PNG or JPEG of it.

    Raises `NoImage` for bytes that are no image, as far as that can be told: without Pillow only an
    image with too many bytes is refused. `name` is what messages call it.
    """
    try:
        from PIL import Image
    except ImportError:
        if len(data) <= MAX_BYTES:
            return data
        raise NoImage(
            f"{name} has {_megabytes(len(data))}, the limit is {_megabytes(MAX_BYTES)}: "
            "pip install pillow, and it is scaled down"
        ) from None
    try:
        with Image.open(BytesIO(data)) as image:
            image.load()
            if len(data) <= MAX_BYTES and max(image.size) <= MAX_EDGE_PIXELS:
                return data
            return _smaller(image, name)
    except NoImage:
        raise
    except Exception as error:  # noqa: BLE001  # decoders raise whatever comes to their mind
        raise NoImage(f"{name} is no image that can be read ({_reason(error)})") from None


def thumbnail(data: bytes, edge_pixels: int) -> bytes | None:
    """A small PNG of the image; None without Pillow or when it cannot be read."""
    try:
        from PIL import Image

        with Image.open(BytesIO(data)) as image:
            image.thumbnail((edge_pixels, edge_pixels))
            return _encoded(_plain(image), "PNG")
    except Exception:  # noqa: BLE001  # a thumbnail that fails is a picture less, nothing else
        return None


def smaller_copies(image: Any, edges_pixels: Iterable[float]) -> Iterator[bytes]:
    """The image at each of the sizes, as PNG and, for photographs, as JPEG."""
    for edge in edges_pixels:
        copy = _plain(image)
        copy.thumbnail((edge, edge))
        yield _encoded(copy, "PNG")
        yield _encoded(copy.convert("RGB"), "JPEG", quality=85)


def _smaller(image: Any, name: str) -> bytes:
    edge = min(MAX_EDGE_PIXELS, max(image.size))
    for data in smaller_copies(image, (edge * scale for scale in _SCALES)):
        if len(data) <= MAX_BYTES:
            return data
    raise NoImage(f"{name} is too large, also when it is scaled down")


def _plain(image: Any) -> Any:
    """A copy in colours that every format can hold; of an animation its first frame."""
    return image.convert("RGBA" if "A" in image.mode or "transparency" in image.info else "RGB")


def _encoded(image: Any, kind: str, **settings: Any) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind, **settings)
    return buffer.getvalue()


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB"


def _reason(error: Exception) -> str:
    text = " ".join(str(error).split())
    return "unknown format" if "cannot identify" in text else text[:120] or type(error).__name__
