"""Images that tools return, small enough to stay in a saved notebook."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from io import BytesIO

from a3s_code import AgentEvent, Attachment, ToolEnd
from a3s_magics.images.shrink import smaller_copies

# The notebook holds an image twice, as Markdown and in the turn's record, both in base64.
MAX_BYTES = 100_000  # of one image
MAX_TURN_BYTES = 600_000  # of all images of a turn
_MAX_EDGE_PIXELS = 2000  # few bytes may hold more pixels than a browser can
_EDGES = (800, 560, 400, 240)


class ImageBudget:
    """Makes the images of a turn's tool results small; those beyond the budget are left out."""

    def __init__(self, max_bytes: int = MAX_TURN_BYTES) -> None:
        self._left = max_bytes

    def spend(self, events: Iterable[AgentEvent]) -> list[AgentEvent]:
        """The events, with images that may be shown and kept."""
        return [
            replace(event, images=self._kept(event.images))
            if isinstance(event, ToolEnd) and event.images
            else event
            for event in events
        ]

    def _kept(self, images: tuple[Attachment, ...]) -> tuple[Attachment, ...]:
        kept = []
        for image in images:
            small = reduced(image)
            if small is not None and len(small.data) <= self._left:
                self._left -= len(small.data)
                kept.append(small)
        return tuple(kept)


def reduced(image: Attachment) -> Attachment | None:
    """The image itself when it is small, else a smaller one; None when there can be none."""
    try:
        from PIL import Image

        with Image.open(BytesIO(image.data)) as opened:
            if len(image.data) <= MAX_BYTES and max(opened.size) <= _MAX_EDGE_PIXELS:
                return image
            for data in smaller_copies(opened, _EDGES):
                if len(data) <= MAX_BYTES:
                    return Attachment.from_bytes(data)
    except ImportError:
        return image if len(image.data) <= MAX_BYTES else None
    except Exception:  # noqa: BLE001  # decoders raise whatever comes to their mind: no picture then
        return None
    return None
