"""What `%a3s doctor` says about the kernel it runs in, and about who looks at it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

from a3s_magics.check import Check
from a3s_magics.doctor import live_view
from a3s_magics.frontend import FrontEnd, look
from a3s_magics.home import Home, Settings
from a3s_magics.installation import version_of
from a3s_magics.lane import Lane
from a3s_magics.painters.choose import PAINTERS, choose


def here(
    shell: Any,
    home: Home,
    lane: Lane | None,
    settings: Settings,
    ui: str,
    environ: Mapping[str, str] = os.environ,
) -> Iterator[Check]:
    """Kernel, notebook, workspace, view and buttons, each with where it comes from."""
    kernel = getattr(shell, "kernel", None)
    usable = lane is not None and lane.usable
    seen = look(shell, lane_usable=usable)
    yield Check("kernel", _kernel(kernel))
    yield Check("front end", _front_end(seen))
    yield Check("notebook", str(home.notebook or "none"))
    source = "A3SMagics.workspace" if settings.workspace else "folder of the notebook"
    if not settings.workspace and home.notebook is None:
        source = "working directory"
    yield Check("workspace", f"{home.folder(settings)} ({source})")
    wanted = environ.get("A3S_UI", "") or ui
    said = "A3S_UI" if environ.get("A3S_UI") else "A3SMagics.ui" if ui else "by the front end"
    known = next((name for name in PAINTERS if name == wanted), None)
    if wanted and known is None:
        yield Check("shown as", f"unknown {wanted!r} ({said}): {', '.join(PAINTERS)}", problem=True)
    else:
        choice = choose(known, seen)
        yield Check("shown as", f"{choice.painter} ({said}); questions go to: {choice.asks}")
    if kernel is not None:
        yield live_view(version_of("ipywidgets"), usable)


def _kernel(kernel: Any) -> str:
    if kernel is None:
        return "none: IPython in a terminal"
    name = f"{kernel.implementation} {kernel.implementation_version}"
    mode = getattr(kernel, "a3s_mode", None)
    return name if mode is None else f"{name}, mode {mode}"


def _front_end(seen: FrontEnd) -> str:
    if seen.console:
        return "a terminal"
    kind = "a notebook" if seen.notebook else "a program"
    return f"{kind}, {'with' if seen.keyboard else 'without'} somebody to ask"
