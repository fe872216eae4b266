"""`%a3s doctor` and `python -m a3s_kernel doctor`: one page that holds no secret."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from a3s_magics.check import Check
from a3s_magics.installation import installation


def report(folder: Path, here: Iterable[Check], *, model: str = "") -> Iterator[Check]:
    """Everything, for work in `folder`; `here` is what is known about the kernel and its front end.

    `model` is the one set in the notebook, "" for the configuration's.
    """
    yield from installation()
    yield from here
    try:
        from a3s_magics.checks import checks

        yield from checks(folder, model=model)
    except ImportError as error:  # the other package called a3s_code, or half an installation
        yield Check("a3s_code", f"cannot be used: {error}", problem=True)


def outside() -> Iterator[Check]:
    """What a notebook would find: widgets, and a kernel that hears clicks while a cell runs."""
    from ipykernel.kernelbase import Kernel

    from a3s_magics.installation import version_of

    widgets = version_of("ipywidgets")
    hears = hasattr(Kernel, "shell_channel_thread_main") or hasattr(Kernel, "schedule_dispatch")
    yield live_view(widgets, hears)


def live_view(widgets: str | None, hears: bool) -> Check:
    """Whether turns are live, and whether buttons can be pressed meanwhile."""
    if widgets is None:
        return Check("live view", "plain outputs: ipywidgets is not installed")
    if not hears:
        told = "without buttons: this kernel does not deliver clicks while a cell runs; Stop works"
        return Check("live view", told)
    return Check("live view", f"ipywidgets {widgets}, with Cancel, Approve and Deny")
