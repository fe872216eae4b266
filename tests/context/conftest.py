"""A folder on disk, and how to ask a provider."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from a3s_code.context.model import ContextQuery, ContextResult
from a3s_code.context.provider import ContextProvider

Write = Callable[[str, str | bytes], Path]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "folder"
    root.mkdir()
    return root


@pytest.fixture
def write(folder: Path) -> Write:
    def write(path: str, content: str | bytes) -> Path:
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return file

    return write


def ask(provider: ContextProvider, text: str, **fields: Any) -> ContextResult:
    """The answer to one query."""
    result = asyncio.run(provider.query(ContextQuery(text, **fields)))
    assert isinstance(result, ContextResult)
    return result


def paths(result: ContextResult) -> list[str]:
    """The items' paths, without the folder they are in."""
    return [item.metadata["path"].rpartition("/folder/")[2] for item in result.items]
