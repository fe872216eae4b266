"""`glob` finds the same with ripgrep, alone, and with the help of other processes."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from a3s_code.tools.find import find_files
from a3s_code.tools.finder import Finder
from a3s_code.tools.globs import compile_glob
from a3s_code.tools.ignore import NO_RULES
from a3s_code.tools.pending import Pending, packed, unpacked
from a3s_code.tools.search_helpers import NO_HELP, Help
from a3s_code.tools.workspace import Workspace
from tests.tools.bench import Bench

WAYS = {
    "alone": NO_HELP,
    "shared": Help(1, is_required=False),
    "elsewhere": Help(1, is_required=True),
}

_name = st.sampled_from(["x.a", "y.b", "d", "e", ".h", ".x.a", "a b.a", "é.a", "z\n.b", "[.b", "r"])
_path = st.lists(_name, min_size=1, max_size=4).map("/".join)
_rule = st.sampled_from(
    ["*.a", "!x.a", "d/", "/d", "d/*.b", "**/x.a", "x*", "!d/x.b", "e/**", "*", "!*/", "[xy].*"]
)
_rules = st.dictionaries(
    st.sampled_from(["", "d", "e", "d/e"]), st.lists(_rule, min_size=1, max_size=4), max_size=2
)
_query = st.sampled_from(
    [
        *("**", "*", "*.a", "**/*.{a,b}", "d/**", "**/.*", ".h/**", "*/x.?", "d/e/*", "e/**/*.a"),
        *("{d,e}/**/x*", "**/d/**/*.b", "d/*/[!x]*", "r/**", "[de]/*", "**/[[]*", "d/e/**/.x*"),
    ]
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ways")


def _planted(
    root: Path,
    files: set[str],
    rules: dict[str, list[str]],
    repositories: set[str],
    links: set[str],
) -> Workspace:
    """A workspace as far as the names do not contradict each other."""
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir()
    for name in sorted(files):
        with contextlib.suppress(OSError):  # a directory, or below a file
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text("x")
    for name, lines in rules.items():
        if (root / name).is_dir():
            (root / name / ".gitignore").write_text("\n".join(lines))
    for name in repositories:
        if (root / name).is_dir():
            (root / name / ".git").mkdir()
            (root / name / ".git" / "x.a").write_text("x")
    for name in links if sys.platform != "win32" else ():
        with contextlib.suppress(OSError):
            (root / name).symlink_to(root.parent)
    return Workspace(root)


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,  # there are many ripgreps, and a failure must be the same twice
    suppress_health_check=[HealthCheck.too_slow],
)
@given(
    files=st.sets(_path, min_size=1, max_size=12),
    rules=_rules,
    repositories=st.sets(st.sampled_from(["", "d", "r", "d/e"]), max_size=2),
    links=st.sets(_path, max_size=2),
    query=_query,
    path=st.sampled_from([".", ".", "d", "d/e"]),
)
def test_all_ways_find_the_same(
    folder: Path,
    files: set[str],
    rules: dict[str, list[str]],
    repositories: set[str],
    links: set[str],
    query: str,
    path: str,
) -> None:
    if sys.platform == "win32":
        files = {name for name in files if "\n" not in name}
    root = folder / "tree"
    workspace = _planted(root, files, rules, repositories, links)
    path = path if (root / path).is_dir() and not (root / path).is_symlink() else "."
    expected = find_files(workspace, query, path, use_ripgrep=False, helping=NO_HELP)
    for help_ in WAYS.values():
        assert find_files(workspace, query, path, use_ripgrep=False, helping=help_) == expected
    assert find_files(workspace, query, path) == expected  # with ripgrep where there is one


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
@pytest.mark.parametrize("way", [*WAYS, "ripgrep"])
def test_names_that_are_no_text(bench: Bench, way: str) -> None:
    odd = bench.root / os.fsdecode(b"d\xff")
    odd.mkdir()
    (odd / os.fsdecode(b"\xfe\n.a")).write_text("x")
    use_ripgrep = way == "ripgrep"
    found = find_files(
        bench.ctx.workspace, "**/*.a", use_ripgrep=use_ripgrep, helping=WAYS.get(way)
    )
    assert [os.fsencode(name) for name in found] == [b"d\xff/\xfe\n.a"]


@pytest.mark.parametrize("way", WAYS)
def test_a_tree_that_is_large_enough_to_share(bench: Bench, way: str) -> None:
    expected = []
    for number in range(1200):
        name = f"d{number % 7}/e{number % 11}/f{number}"
        bench.write(f"{name}/x.py")
        bench.write(f"{name}/x.txt")
        if number % 7 != 3:
            expected.append(f"{name}/x.py")
    bench.write(".gitignore", "/d3\n")
    for _ in range(2):  # the second time there is a process left over
        found = find_files(bench.ctx.workspace, "**/*.py", use_ripgrep=False, helping=WAYS[way])
        assert found == sorted(expected)


@pytest.mark.parametrize("effort", [1, 12, 40, 100_000])
def test_parts_make_the_whole(bench: Bench, effort: int) -> None:
    """However small they are, and when what is left goes through a message."""
    names = [f"{a}/{b}/{c}.x" for a in "abc" for b in "defg" for c in "hi"]
    for name in names:
        bench.write(name)
    finder = Finder(bench.root.resolve(), "", compile_glob("**/*.x"), lambda: None)
    pending = finder.start(NO_RULES)
    while pending:
        finder.look(pending, effort)
        pending = unpacked(packed(pending))
    assert sorted(finder.found) == names


def test_a_directory_that_is_gone_is_passed_over(bench: Bench) -> None:
    bench.write("a/b/x")
    finder = Finder(bench.root.resolve(), "", compile_glob("**"), lambda: None)
    pending = [Pending("gone/", NO_RULES, ["b"]), Pending("a/", NO_RULES, ["gone", "b"])]
    finder.look(pending, 1000)
    assert (finder.found, pending) == (["a/b/x"], [])


@pytest.mark.skipif(sys.platform == "win32", reason="symlinks need a privilege there")
def test_a_directory_that_became_a_symlink_is_not_entered(bench: Bench, tmp_path: Path) -> None:
    """Between the reading of its parent and its own, also by another process."""
    (tmp_path / "outside" / "in").mkdir(parents=True)
    (tmp_path / "outside" / "in" / "secret").write_text("x")
    (bench.root / "a").symlink_to(tmp_path / "outside")
    finder = Finder(bench.root.resolve(), "", compile_glob("**"), lambda: None)
    finder.look([Pending("", NO_RULES, ["a"]), Pending("a/", NO_RULES, ["in"])], 1000)
    assert finder.found == []
