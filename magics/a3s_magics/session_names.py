"""How a notebook's conversations are called."""

from __future__ import annotations

MAIN = "main"  # what the notebook's first session is called once there is another
