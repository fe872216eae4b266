"""All that the extension knows of the notebook's cells, from loading to unloading."""

from __future__ import annotations

from typing import Any

from a3s_magics.cell_log import CellLog
from a3s_magics.images.log import ImageLog
from a3s_magics.tap import Tap


class Watch:
    """The logs of images and cells, and the tap that fills them."""

    def __init__(self, shell: Any) -> None:
        self.images = ImageLog()
        self.cells = CellLog()
        self.tap = Tap(shell, self.images, self.cells)

    def close(self) -> None:
        """Leave the shell as it was and forget everything."""
        self.tap.remove()
        self.images.clear()
