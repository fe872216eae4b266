"""The boundary around the workspace."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from a3s_code.errors import ToolFailed, WorkspaceError
from a3s_code.tools.workspace import Workspace
from tests.tools.bench import Bench

needs_symlinks = pytest.mark.skipif(sys.platform == "win32", reason="symlinks need a privilege")


def test_a_missing_workspace_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="nowhere"):
        Workspace(tmp_path / "nowhere")


def test_a_file_is_no_workspace(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WorkspaceError, match="is not a directory"):
        Workspace(tmp_path / "file")


@needs_symlinks
def test_the_root_is_the_real_path(tmp_path: Path, workspace: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(workspace)
    assert Workspace(link).root == Path(os.path.realpath(workspace))


@pytest.mark.parametrize("path", ["a.txt", "./a.txt", "no/such/../a.txt", "sub/deep/new.txt", "."])
def test_paths_inside_resolve_below_the_root(workspace: Path, path: str) -> None:
    inside = Workspace(workspace)
    assert inside.resolve(path).is_relative_to(inside.root)


@pytest.mark.parametrize(
    "path",
    [
        "..",
        "../x",
        "a/../../x",
        "no/such/../../../x",
        "/etc/passwd",
        "/",
        "../workspace-2/x",
        "C:\\Windows\\x",
        "c:/x",
        "\\\\server\\share\\x",
    ],
)
def test_paths_outside_are_refused_without_naming_the_root(workspace: Path, path: str) -> None:
    with pytest.raises(ToolFailed) as caught:
        Workspace(workspace).resolve(path, tool="read")
    assert str(caught.value) == (
        f"Workspace boundary violation: tool 'read' path '{path}' escapes workspace"
    )
    assert str(workspace) not in str(caught.value)


@pytest.mark.parametrize(
    ("tool", "args"),
    [
        ("read", {"file_path": "../x"}),
        ("write", {"file_path": "../x", "content": "1"}),
        ("edit", {"file_path": "../x", "old_string": "1", "new_string": "2"}),
        ("patch", {"file_path": "../x", "diff": "@@ -1 +1 @@\n-1\n+2\n"}),
        ("ls", {"path": "../x"}),
        ("grep", {"path": "../x", "pattern": "1"}),
        ("glob", {"path": "../x", "pattern": "*"}),
    ],
)
def test_every_tool_with_a_path_stays_inside(
    bench: Bench, tmp_path: Path, tool: str, args: dict[str, str]
) -> None:
    (tmp_path / "x").write_text("1\n")
    assert bench.failure(tool, **args) == (
        f"Workspace boundary violation: tool '{tool}' path '../x' escapes workspace"
    )
    assert (tmp_path / "x").read_text() == "1\n"


def test_an_absolute_path_inside_is_fine(workspace: Path) -> None:
    inside = Workspace(workspace)
    assert inside.resolve(str(inside.root / "a")) == inside.root / "a"


def test_a_sibling_with_the_same_beginning_is_outside(workspace: Path) -> None:
    with pytest.raises(ToolFailed):
        Workspace(workspace).resolve(str(workspace) + "-2")


@pytest.mark.parametrize("path", ["a\0b", "\ud800"])
def test_a_path_that_no_system_can_have_fails_as_a_tool_does(workspace: Path, path: str) -> None:
    with pytest.raises(ToolFailed, match="Invalid path"):
        Workspace(workspace).resolve(path)


@needs_symlinks
@pytest.mark.parametrize("tail", ["", "/x", "/no/such/file"])
def test_symlinks_that_lead_out_are_refused(tmp_path: Path, workspace: Path, tail: str) -> None:
    (tmp_path / "outside").mkdir()
    (workspace / "link").symlink_to(tmp_path / "outside")
    with pytest.raises(ToolFailed, match="escapes workspace"):
        Workspace(workspace).resolve(f"link{tail}")


@needs_symlinks
def test_a_dangling_symlink_out_is_refused(tmp_path: Path, workspace: Path) -> None:
    (workspace / "link").symlink_to(tmp_path / "not-yet")
    with pytest.raises(ToolFailed, match="escapes workspace"):
        Workspace(workspace).resolve("link")


@needs_symlinks
def test_a_symlink_inside_resolves_to_its_target(workspace: Path) -> None:
    (workspace / "target").write_text("x")
    (workspace / "link").symlink_to("target")
    inside = Workspace(workspace)
    assert inside.resolve("link") == inside.root / "target"


@needs_symlinks
def test_a_symlink_loop_cannot_be_opened(workspace: Path) -> None:
    (workspace / "loop").symlink_to("loop")
    inside = Workspace(workspace)
    with pytest.raises(OSError, match=r".+"):
        inside.open(inside.resolve("loop"))


@needs_symlinks
@pytest.mark.parametrize("swapped", ["d", "d/f"])
def test_a_symlink_swapped_in_after_the_check_is_not_followed(
    tmp_path: Path, workspace: Path, swapped: str
) -> None:
    """Between `resolve` and `open` or `replace` a component may become a link that leads out."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "f").write_text("secret")
    (workspace / "d").mkdir()
    (workspace / "d" / "f").write_text("ours")
    inside = Workspace(workspace)
    resolved = inside.resolve("d/f")
    (workspace / swapped).rename(workspace / "away")
    (workspace / swapped).symlink_to(outside if swapped == "d" else outside / "f")

    with pytest.raises(OSError, match=r".+"):
        inside.open(resolved)
    with pytest.raises(OSError, match=r".+"):
        inside.replace(resolved, b"changed")
    assert (outside / "f").read_text() == "secret"
    assert os.listdir(outside) == ["f"]


@needs_symlinks
def test_a_folder_swapped_for_a_symlink_is_not_listed(tmp_path: Path, workspace: Path) -> None:
    (workspace / "d").mkdir()
    inside = Workspace(workspace)
    resolved = inside.resolve("d")
    (workspace / "d").rmdir()
    (workspace / "d").symlink_to(tmp_path)
    with pytest.raises(OSError, match=r".+"):
        inside.entries(resolved)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no FIFOs")
def test_a_fifo_is_neither_waited_for_nor_replaced(workspace: Path) -> None:
    os.mkfifo(workspace / "fifo")
    inside = Workspace(workspace)
    with pytest.raises(OSError, match="Not a regular file"):
        inside.open(inside.resolve("fifo"))
    with pytest.raises(OSError, match="Not a regular file"):
        inside.replace(inside.resolve("fifo"), b"")


_names = st.sampled_from(["a", "b", "in", "out", "up", "dead", "..", ".", "", "x y", "é"])


@needs_symlinks
@settings(max_examples=200, deadline=None)
@given(st.lists(_names, min_size=1, max_size=6), st.booleans())
def test_no_path_ever_reaches_the_outside(parts: list[str], absolute: bool) -> None:
    """Whatever is written through a resolved path, nothing outside of the workspace changes."""
    with tempfile.TemporaryDirectory() as base:
        outer = Path(os.path.realpath(base))
        root = outer / "workspace"
        (root / "a" / "b").mkdir(parents=True)
        (outer / "outside").mkdir()
        (root / "in").symlink_to("a")
        (root / "out").symlink_to(outer / "outside")
        (root / "a" / "up").symlink_to("../..")
        (root / "dead").symlink_to(outer / "missing")
        inside = Workspace(root)
        path = "/".join(parts)
        try:
            resolved = inside.resolve(f"{root}/{path}" if absolute else path)
            inside.replace(resolved, b"data")
        except (ToolFailed, OSError):
            pass
        assert sorted(os.listdir(outer)) == ["outside", "workspace"]
        assert os.listdir(outer / "outside") == []
