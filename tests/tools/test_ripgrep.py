"""Running ripgrep where nothing may lead it out."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from a3s_code.tools.globs import compile_glob
from a3s_code.tools.limits import Limits
from a3s_code.tools.ripgrep import RipgrepFailed, find_ripgrep, list_files, search_files

EVERY = compile_glob("*")


def _list(program: str, base: Path) -> Iterable[Any]:
    return list_files(program, str(base), EVERY, Limits(), depth=None, rules=())


def _search(program: str, base: Path) -> Iterable[Any]:
    options = {"ignore_case": False, "ordered": False, "rules": ()}
    return search_files(program, str(base), "secret", EVERY, Limits(), **options)  # type: ignore[arg-type]  # a table of options


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="needs paths of open files")
@pytest.mark.parametrize("use", [_list, _search])
@pytest.mark.parametrize("tail", [".", "inner"])
def test_a_directory_swapped_for_a_symlink_is_not_entered(
    tmp_path: Path, workspace: Path, use: Callable[[str, Path], Iterable[Any]], tail: str
) -> None:
    """It was a directory of the workspace when its path was resolved."""
    program = find_ripgrep(workspace)
    if program is None:
        pytest.skip("ripgrep is not installed")
    for place in (tmp_path / "outside", workspace / "folder"):
        (place / "inner").mkdir(parents=True)
        (place / "inner" / "file").write_text("secret", encoding="utf-8")
    base = workspace / "folder" / tail
    assert len(list(use(program, base))) == 1
    (workspace / "folder").rename(workspace / "moved")
    (workspace / "folder").symlink_to(tmp_path / "outside")
    with pytest.raises(RipgrepFailed):
        list(use(program, base))
