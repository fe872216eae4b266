"""Objects of the notebook as image bytes: figures, PIL images, what can show itself as an image."""

from __future__ import annotations

import base64
import warnings
from io import BytesIO
from types import ModuleType
from typing import Any

from a3s_magics.images.pick import NoImage

_PNG_MODES = ("1", "L", "LA", "P", "RGB", "RGBA")


def is_image(value: Any) -> bool:
    """Whether the value is an image, or something that is drawn."""
    if isinstance(value, type | ModuleType):
        return False
    return _figure(value) is not None or _is_pil(value) or _shows_itself(value)


def image_bytes(name: str, value: Any) -> bytes:
    """The bytes of an image file that shows the value. Raises `NoImage` naming the variable."""
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    if not is_image(value):
        raise NoImage(f"{name} is no image but {_kind(value)}")
    try:
        data = _drawn(value)
    except Exception as error:  # drawing runs the user's code and any library's
        problem = " ".join(str(error).split())[:200]
        raise NoImage(f"{name} cannot be drawn: {type(error).__name__}: {problem}") from error
    if not data:
        raise NoImage(f"{name} holds no image data; remote images are never fetched")
    return data


def _drawn(value: Any) -> bytes:
    buffer = BytesIO()
    if (figure := _figure(value)) is not None:
        with warnings.catch_warnings():  # missing glyphs, tight layouts: not the prompt's business
            warnings.simplefilter("ignore")
            figure.savefig(buffer, format="png", bbox_inches="tight")
        return buffer.getvalue()
    if _is_pil(value):
        plain = value if value.mode in _PNG_MODES else value.convert("RGB")
        plain.save(buffer, "PNG")
        return buffer.getvalue()
    return _own_image(value)


def _own_image(value: Any) -> bytes:
    for method in ("_repr_png_", "_repr_jpeg_"):
        shown = getattr(value, method, lambda: None)()
        if isinstance(shown, tuple):  # the image and its metadata
            shown = shown[0]
        if isinstance(shown, str):
            return base64.b64decode(shown)
        if isinstance(shown, bytes):
            return shown
    data = getattr(value, "data", None)  # IPython's Image in another format than those two
    return data if isinstance(data, bytes) else b""


def _figure(value: Any) -> Any:
    """The matplotlib figure that the value is or belongs to, or what behaves like one."""
    if callable(getattr(value, "savefig", None)):
        return value
    figure = getattr(value, "figure", None)  # axes, seaborn's grids
    return figure if callable(getattr(figure, "savefig", None)) else None


def _is_pil(value: Any) -> bool:
    return any(
        base.__name__ == "Image" and base.__module__ == "PIL.Image" for base in type(value).__mro__
    )


def _shows_itself(value: Any) -> bool:
    return any(callable(getattr(value, name, None)) for name in ("_repr_png_", "_repr_jpeg_"))


def _kind(value: Any) -> str:
    module, name = type(value).__module__, type(value).__qualname__
    return name if module == "builtins" else f"{module.partition('.')[0]} {name}"
