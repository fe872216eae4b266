"""The providers that a session's options name."""

from __future__ import annotations

import os
from collections.abc import Iterable

from a3s_code import checks
from a3s_code.context.filesystem import FileSystemContextProvider
from a3s_code.context.provider import ContextProvider, check_provider


def chosen_providers(
    providers: Iterable[ContextProvider] | None = None,
    provider: ContextProvider | None = None,
    fs_context: str | os.PathLike[str] | None = None,
    *,
    workspace: str | os.PathLike[str] | None = None,
) -> tuple[ContextProvider, ...]:
    """All providers of `context_providers`, `context_provider` and `fs_context`, in this order.

    A relative `fs_context` starts in the workspace. Raises `InvalidArgument` for something that
    cannot be asked, `WorkspaceError` for a directory that does not exist.
    """
    given = () if providers is None else checks.items("context_providers", providers)
    chosen = [*given, *(() if provider is None else (provider,))]
    for one in chosen:
        check_provider(one)
    if fs_context is not None:
        chosen.append(FileSystemContextProvider(fs_context, base=workspace))
    return tuple(chosen)
