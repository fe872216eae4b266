"""`glob` and `grep`, and that both ways of searching find the same."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from a3s_code.errors import ToolFailed
from a3s_code.tools.dialect import compile_regex
from a3s_code.tools.find import find_files
from a3s_code.tools.limits import Limits
from a3s_code.tools.match import Match
from a3s_code.tools.ripgrep import find_ripgrep
from a3s_code.tools.search import search
from a3s_code.tools.search_helper import spare_helpers
from a3s_code.tools.search_helpers import NO_HELP, Help
from a3s_code.tools.threads import Stop, Stopped
from tests.tools.bench import Bench

needs_rg = pytest.mark.skipif(shutil.which("rg") is None, reason="ripgrep is not installed")

FILES: dict[str, str | bytes] = {
    ".gitignore": "*.log\nbuild/\n!keep.log\n/top.txt\n",
    ".env": "foo",
    ".github/w/a.yml": "foo",
    "a.log": "foo",
    "a.py": "foo bar\nbaz\r\nFOO\n",
    "a/b.py": "foo",
    "bin.dat": b"foo\n\0",
    "build/x.py": "foo",
    "keep.log": "foo",
    "nest/.git/HEAD": "foo",
    "nest/z.log": "foo",
    "src/.dot.py": "foo",
    "src/.hid/x.py": "foo",
    "src/b.ts": "foo\n",
    "src/c.tsx": "\n\nfoo(x)\n",
    "src/sub/.gitignore": "*.ts\n!ok.ts\n",
    "src/sub/ok.ts": "Foo",
    "src/sub/q.ts": "foo",
    "top.txt": "foo",
    "x/top.txt": "foo",
}


@pytest.fixture
def tree(bench: Bench, tmp_path: Path) -> Bench:
    for name, content in FILES.items():
        bench.write(name, content)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.py").write_text("foo secret")
    if sys.platform != "win32":
        (bench.root / "out").symlink_to(tmp_path / "outside")
        (bench.root / "link.py").symlink_to(tmp_path / "outside" / "secret.py")
    bench.settle()
    return bench


@pytest.fixture(params=["rg", "python"])
def use_ripgrep(request: pytest.FixtureRequest) -> bool:
    if request.param == "rg" and shutil.which("rg") is None:
        pytest.skip("ripgrep is not installed")
    return bool(request.param == "rg")


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("*", ".", ["a.py", "bin.dat", "keep.log"]),
        ("*.py", ".", ["a.py"]),
        ("**/*.py", ".", ["a.py", "a/b.py"]),
        ("**/*.{ts,tsx}", ".", ["src/b.ts", "src/c.tsx", "src/sub/ok.ts"]),
        ("*.{ts,tsx}", "src", ["src/b.ts", "src/c.tsx"]),
        (".*", ".", [".env", ".gitignore"]),
        ("**/.*", ".", [".env", ".gitignore", "src/.dot.py", "src/sub/.gitignore"]),
        (".github/**/*.yml", ".", [".github/w/a.yml"]),
        ("**/*", ".github", [".github/w/a.yml"]),
        ("**/.hid/*", ".", ["src/.hid/x.py"]),
        ("**/*.log", ".", ["keep.log", "nest/z.log"]),
        ("**/*.log", "nest", ["nest/z.log"]),
        ("**/*.ts", "src/sub", ["src/sub/ok.ts"]),
        ("*", "build", ["build/x.py"]),
        ("**/top.txt", ".", ["x/top.txt"]),
        ("**/secret.py", ".", []),
        ("out/*", ".", []),
        ("link.py", ".", []),
        (".git/**", "nest", []),
        ("nest/.git/*", ".", []),
        ("src/sub/*.ts", ".", ["src/sub/ok.ts"]),
        ("{src/sub,src}/**/o*", ".", ["src/sub/ok.ts"]),
        ("sub/*", "src", ["src/sub/ok.ts"]),
        ("build/*.py", ".", []),
        ("no/*/x", ".", []),
        ("a.py/*", ".", []),
        ("SRC/*", ".", []),
    ],
)
def test_find_files(
    tree: Bench, use_ripgrep: bool, pattern: str, path: str, expected: list[str]
) -> None:
    found = find_files(tree.ctx.workspace, pattern, path, use_ripgrep=use_ripgrep)
    assert found == expected


def test_rules_above_the_workspace_do_not_count(tree: Bench, use_ripgrep: bool) -> None:
    (tree.root.parent / ".gitignore").write_text("*.py\n")
    workspace = tree.ctx.workspace
    assert find_files(workspace, "**/b.*", use_ripgrep=use_ripgrep) == ["a/b.py", "src/b.ts"]
    assert find_files(workspace, "*.py", "a", use_ripgrep=use_ripgrep) == ["a/b.py"]
    assert len(search(workspace, "foo", "a", use_ripgrep=use_ripgrep)) == 1


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ("e/**\n!*/\n", ["x"]),
        ("e/**\n!e/d/\n!e/d/y\n", ["e/d/y", "x"]),
        ("/**\n!x\n", ["x"]),
        ("e/\n!e/d/y\n", ["x"]),
    ],
)
def test_rules_that_are_taken_back(
    bench: Bench, use_ripgrep: bool, rules: str, expected: list[str]
) -> None:
    for name in ("x", "e/d/y"):
        bench.write(name, "")
    bench.write(".gitignore", rules)
    assert find_files(bench.ctx.workspace, "**", use_ripgrep=use_ripgrep) == expected


@pytest.mark.parametrize("marked", [".", ".."])
def test_rules_end_at_a_repository_inside(bench: Bench, use_ripgrep: bool, marked: str) -> None:
    """Whether the workspace is a repository, or in one: ripgrep is asked otherwise then."""
    (bench.root / marked / ".git").mkdir()
    for name in ("a.log", "in/.git/HEAD", "in/b.log", "sub/c.log", "sub/d"):
        bench.write(name, "x")
    bench.write(".gitignore", "*.log\n")
    for path, expected in ((".", ["in/b.log", "sub/d"]), ("in", ["in/b.log"]), ("sub", ["sub/d"])):
        found = find_files(bench.ctx.workspace, "**", path, use_ripgrep=use_ripgrep)
        assert found == expected
        matches = search(bench.ctx.workspace, "x", path, use_ripgrep=use_ripgrep)
        assert [match.path for match in matches] == expected


def test_settings_of_the_user_do_not_count(
    tree: Bench, use_ripgrep: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "rgrc").write_text("--no-ignore\n--hidden\n--max-count=1\n")
    monkeypatch.setenv("RIPGREP_CONFIG_PATH", str(tmp_path / "rgrc"))
    (tree.root / ".ignore").write_text("*.py\n")
    found_files = find_files(tree.ctx.workspace, "**/*.py", use_ripgrep=use_ripgrep)
    assert found_files == ["a.py", "a/b.py"]
    found = search(tree.ctx.workspace, "[fF]", glob="*.py", use_ripgrep=use_ripgrep)
    assert len(found) == 3


def test_a_ripgrep_in_the_workspace_is_not_run(
    tree: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tree.write("bin/rg.exe" if sys.platform == "win32" else "bin/rg", "#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    assert find_ripgrep(tree.ctx.workspace.root) is None
    assert find_files(tree.ctx.workspace, "*", "a") == ["a/b.py"]


@needs_rg
def test_ripgrep_does_the_work(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if sys.platform == "win32":
        pytest.skip("the program between is a shell script")
    between, told = tmp_path / "bin" / "rg", tmp_path / "told"
    between.parent.mkdir()
    between.write_text(f'#!/bin/sh\necho "$@" >> {told}\nexec {shutil.which("rg")} "$@"\n')
    between.chmod(0o755)
    monkeypatch.setenv("PATH", f"{between.parent}{os.pathsep}{os.environ['PATH']}")
    bench.write("a/b.py", "foo")
    assert find_files(bench.ctx.workspace, "*", "a") == ["a/b.py"]
    assert len(search(bench.ctx.workspace, "foo", "a")) == 1
    assert [line.split()[0] for line in told.read_text().splitlines()] == ["--files", "--json"]


@needs_rg
@pytest.mark.parametrize("back", [True, False])
def test_a_folder_exchanged_while_ripgrep_runs_leads_nowhere(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, back: bool
) -> None:
    if sys.platform == "win32":
        pytest.skip("the program between is a shell script")
    bench.write("a/b/c.py", "foo inside")
    (tmp_path / "outside" / "b").mkdir(parents=True)
    (tmp_path / "outside" / "b" / "secret.py").write_text("foo outside")
    between = tmp_path / "bin" / "rg"
    between.parent.mkdir()
    swap = (
        f"mv a a.real && cp -r {tmp_path}/outside a"  # what it finds there is not the workspace's
    )
    restore = "rm -r a && mv a.real a" if back else "rm -r a && ln -s a.real a"
    run = f'{shutil.which("rg")} "$@"; end=$?'
    between.write_text(f"#!/bin/sh\n{swap}\n{run}\n{restore}\nexit $end\n")
    between.chmod(0o755)
    monkeypatch.setenv("PATH", f"{between.parent}{os.pathsep}{os.environ['PATH']}")

    listed = find_files(bench.ctx.workspace, "**/*.py")
    if not back:
        os.unlink(bench.root / "a")
        os.rename(bench.root / "a.real", bench.root / "a")
    found = search(bench.ctx.workspace, "foo")

    assert listed == (["a/b/c.py"] if back else ["a.real/b/c.py"])
    assert [match.text for match in found] == ["foo inside"]


@needs_rg
def test_a_ripgrep_that_does_not_work_is_replaced(
    tree: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if sys.platform == "win32":
        pytest.skip("the fake program is a shell script")
    broken = tmp_path / "bin" / "rg"
    broken.parent.mkdir()
    broken.write_text("#!/bin/sh\nexit 2\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", f"{broken.parent}{os.pathsep}{os.environ['PATH']}")
    assert len(search(tree.ctx.workspace, "foo", "a")) == 1
    assert find_files(tree.ctx.workspace, "*", "a") == ["a/b.py"]


def test_the_list_is_complete(bench: Bench) -> None:
    """Also beyond the 100 KiB to which the tool's text is cut."""
    names = [f"d{n % 7}/{'n' * 100}{n:04}.txt" for n in range(1500)]
    for name in names:
        bench.write(name, "")
    found = find_files(bench.ctx.workspace, "**/*.txt")
    assert found == sorted(names)
    text = bench.text("glob", pattern="**/*.txt")
    assert len(text.encode()) <= 102_400
    assert text.endswith("\n... (output truncated)\n\n1500 file(s) found")


def test_glob_text(tree: Bench) -> None:
    assert tree.text("glob", pattern="**/*.py") == "a.py\na/b.py\n\n2 file(s) found"
    assert tree.text("glob", pattern="*.no") == "No files found matching pattern: *.no"


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        ({"pattern": "[a"}, "Invalid glob pattern '[a': unclosed character class"),
        ({"pattern": "{a"}, "Invalid glob pattern '{a': unclosed brace"),
        (
            {"pattern": "../*"},
            "Workspace boundary violation: tool 'glob' path '../*' escapes workspace",
        ),
        (
            {"pattern": "/etc/*"},
            "Workspace boundary violation: tool 'glob' path '/etc/*' escapes workspace",
        ),
        (
            {"pattern": "*", "path": ".."},
            "Workspace boundary violation: tool 'glob' path '..' escapes workspace",
        ),
        ({"pattern": "*", "path": "no"}, "Directory not found: no"),
        ({"pattern": "*", "path": "x" * 5000}, f"Directory not found: {'x' * 5000}"),
        ({"pattern": "*", "path": "a.py"}, "Not a directory: a.py"),
    ],
)
def test_glob_errors(tree: Bench, args: dict[str, str], problem: str) -> None:
    assert tree.failure("glob", **args) == problem


def _lines(found: list[Match]) -> list[str]:
    return [f"{match.path}:{match.line}:{match.text}" for match in found]


ALL_FOO = [
    "a.py:1:foo bar",
    "a/b.py:1:foo",
    "keep.log:1:foo",
    "nest/z.log:1:foo",
    "src/b.ts:1:foo",
    "src/c.tsx:3:foo(x)",
    "x/top.txt:1:foo",
]


@pytest.mark.parametrize(
    ("pattern", "options", "expected"),
    [
        ("foo", {}, ALL_FOO),
        ("foo", {"glob": "*.py"}, ["a.py:1:foo bar", "a/b.py:1:foo"]),
        ("foo", {"glob": "*.{ts,tsx}"}, ["src/b.ts:1:foo", "src/c.tsx:3:foo(x)"]),
        ("foo", {"glob": "src/*"}, ["src/b.ts:1:foo", "src/c.tsx:3:foo(x)"]),
        ("foo", {"glob": ".github/**"}, [".github/w/a.yml:1:foo"]),
        ("foo", {"path": "src/sub"}, []),
        ("foo", {"path": "build"}, ["build/x.py:1:foo"]),
        ("foo", {"path": "src/.hid"}, ["src/.hid/x.py:1:foo"]),
        ("foo", {"path": "a.log"}, ["a.log:1:foo"]),
        ("foo", {"path": "bin.dat"}, []),
        ("foo", {"path": "src", "ignore_case": True, "glob": "*k.ts"}, ["src/sub/ok.ts:1:Foo"]),
        ("^FOO$", {}, ["a.py:3:FOO"]),
        ("baz$", {}, ["a.py:2:baz"]),
        (r"\(x\)", {}, ["src/c.tsx:3:foo(x)"]),
        (r"(?<=foo )bar", {}, ["a.py:1:foo bar"]),
        (r"(o)\1 b", {}, ["a.py:1:foo bar"]),
        ("secret", {}, []),
        ("foo\nbaz", {}, []),
        ("", {"path": "a.py"}, ["a.py:1:foo bar", "a.py:2:baz", "a.py:3:FOO"]),
    ],
)
def test_search(
    tree: Bench, use_ripgrep: bool, pattern: str, options: dict[str, str], expected: list[str]
) -> None:
    found = search(tree.ctx.workspace, pattern, use_ripgrep=use_ripgrep, **options)  # type: ignore[arg-type]  # a table of options
    assert found.complete
    assert _lines(found) == expected


def test_a_search_stops_at_the_first_matches_in_order(bench: Bench, use_ripgrep: bool) -> None:
    for number in range(40):
        bench.write(f"d{number % 4}/f{number:02}", "x\n" * 10)
    found = search(bench.ctx.workspace, "x", max_matches=25, use_ripgrep=use_ripgrep)
    assert not found.complete
    assert [(match.path, match.line) for match in found] == [
        *(("d0/f00", line) for line in range(1, 11)),
        *(("d0/f04", line) for line in range(1, 11)),
        *(("d0/f08", line) for line in range(1, 6)),
    ]


def test_a_deadline_ends_a_search(tree: Bench, use_ripgrep: bool) -> None:
    limits = Limits(timeout_s=0)
    with pytest.raises(ToolFailed, match="stopped after 0 s"):
        find_files(tree.ctx.workspace, "**", limits=limits, use_ripgrep=use_ripgrep)
    with pytest.raises(ToolFailed, match="stopped after 0 s"):
        search(tree.ctx.workspace, "x", limits=limits, use_ripgrep=use_ripgrep)


def test_a_caller_who_left_ends_a_search(tree: Bench, use_ripgrep: bool) -> None:
    stop = Stop()
    stop.request()
    with pytest.raises(Stopped):
        find_files(tree.ctx.workspace, "**", limits=Limits(stop), use_ripgrep=use_ripgrep)
    with pytest.raises(Stopped):
        search(tree.ctx.workspace, "x", limits=Limits(stop), use_ripgrep=use_ripgrep)


def test_a_catastrophic_expression_ends_with_the_deadline(bench: Bench) -> None:
    """It runs in a process of its own: `re` itself could not be interrupted."""
    bench.write("a", "a" * 60 + "!")
    limits = Limits(timeout_s=1)
    with pytest.raises(ToolFailed, match="stopped after 1 s"):
        search(bench.ctx.workspace, r"(a+)+$(?=x)", limits=limits)


def test_cancelling_ends_a_catastrophic_expression(bench: Bench) -> None:
    bench.write("a", "a" * 60 + "!")

    async def scenario() -> None:
        task = asyncio.create_task(bench.call("grep", {"pattern": r"(a|a)+$(?=x)"}))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(scenario())


def test_help_of_other_processes_changes_nothing(bench: Bench) -> None:
    """Small trees are searched alone, and so is the beginning of a large one."""
    for number in range(3000):
        bench.write(f"a/{number}", "")
    expected = [Match("a/x", 1, "needle é")]
    bench.write("a/x", "needle é")
    for number in range(9):
        bench.write(f"b{number}/c d", f"-\nneedle {number}\n")
        expected.append(Match(f"b{number}/c d", 2, f"needle {number}"))
    for is_required in (False, True):
        helping = Help(2, is_required=is_required)
        found = search(bench.ctx.workspace, "needle", use_ripgrep=False, helping=helping)
        assert found == expected
        found = search(
            bench.ctx.workspace, "needle", use_ripgrep=False, helping=helping, max_matches=3
        )
        assert (found, found.complete) == (expected[:3], False)


def test_a_lone_file_that_only_a_helper_may_search(tree: Bench) -> None:
    found = search(tree.ctx.workspace, "(o|x)+ b", "a.py")
    assert _lines(found) == ["a.py:1:foo bar"]


def test_without_a_process_to_help(
    tree: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    spare_helpers.close()
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no-python"))
    for path in (".", "a.py"):
        with pytest.raises(ToolFailed, match="No process could be started"):
            search(tree.ctx.workspace, "(o|x)+ b", path, use_ripgrep=False)
    monkeypatch.setattr(sys, "executable", "")
    assert len(search(tree.ctx.workspace, "(o|x)+ b", use_ripgrep=False)) == 1


def test_grep_text(tree: Bench) -> None:
    text = tree.text("grep", pattern="foo", glob="*.py")
    assert text == "a.py:1:foo bar\na/b.py:1:foo\n\n2 match(es) in 2 file(s)"
    assert tree.text("grep", **{"pattern": "foo", "glob": "*.py", "-i": True, "-n": True}) == (
        "a.py:1:foo bar\na.py:3:FOO\na/b.py:1:foo\n\n3 match(es) in 2 file(s)"
    )
    assert tree.text("grep", **{"pattern": "bar", "-n": False}).startswith("a.py:1:foo bar\n")
    for path in ("src", "src/b.ts"):
        text = tree.text("grep", pattern="foo$", path=path)
        assert text == "src/b.ts:1:foo\n\n1 match(es) in 1 file(s)"
    assert tree.text("grep", pattern="zzz") == "No matches found for pattern: zzz"


def test_grep_context(bench: Bench) -> None:
    bench.write("a", "".join(f"{n}\r\n" for n in range(1, 21)))
    bench.write("b", "5")
    text = bench.text("grep", pattern="^(5|7|15)$", context=1)
    assert (
        text
        == ("a-4-4\na:5:5\na-6-6\na:7:7\na-8-8\n--\na-14-14\na:15:15\na-16-16\n--\nb:5:5").replace(
            "b:5:5", "b:1:5"
        )
        + "\n\n4 match(es) in 2 file(s)"
    )


def test_grep_output_is_cut_at_100_kib(bench: Bench) -> None:
    bench.write("a", ("x" * 99 + "\n") * 2000)
    text = bench.text("grep", pattern="x")
    assert len(text.encode()) <= 102_400
    *_, notice, last = text.splitlines()
    assert notice == "... (output truncated)"
    assert last == "Found 2000 matches in 1 files (output truncated)"


def test_a_very_long_line_is_cut_in_the_text_only(bench: Bench) -> None:
    bench.write("a", "x" * 10_000)
    assert bench.text("grep", pattern="x").startswith("a:1:" + "x" * 2000 + " ... (line cut)\n")
    assert search(bench.ctx.workspace, "x")[0].text == "x" * 10_000


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        ({"pattern": "("}, "Invalid regex pattern '(': "),
        ({"pattern": "x{99999999999999999999}"}, "Invalid regex pattern 'x{999"),
        ({"pattern": "x", "path": "no"}, "Path not found: no"),
        ({"pattern": "x", "path": "x" * 5000}, f"Failed to search {'x' * 5000}: "),
        ({"pattern": "x", "glob": "[a"}, "Invalid glob pattern '[a': "),
        (
            {"pattern": "x", "path": "../outside"},
            "Workspace boundary violation: tool 'grep' path '../outside' escapes workspace",
        ),
        (
            {"pattern": "x", "glob": "../*"},
            "Workspace boundary violation: tool 'grep' path '../*' escapes workspace",
        ),
    ],
)
def test_grep_errors(tree: Bench, args: dict[str, str], problem: str) -> None:
    assert tree.failure("grep", **args).startswith(problem)


def test_a_pattern_that_python_warns_of_is_no_error(bench: Bench) -> None:
    bench.write("a", "x[y")
    assert bench.text("grep", pattern="[[a]y").startswith("a:1:x[y\n")


def test_letters_with_more_than_two_forms(bench: Bench, use_ripgrep: bool) -> None:
    long_s = "\N{LATIN SMALL LETTER LONG S}"
    bench.write("a", f"sun\n{long_s}un\n")
    for pattern in (f"{long_s}un", "SUN"):
        found = search(bench.ctx.workspace, pattern, ignore_case=True, use_ripgrep=use_ripgrep)
        assert [match.line for match in found] == [1, 2]


@pytest.mark.parametrize("size", [10, 100_000])
def test_a_file_with_a_nul_anywhere_is_binary(bench: Bench, use_ripgrep: bool, size: int) -> None:
    bench.write("a", b"needle\n" + b"x\n" * size + b"\0\n")
    bench.write("b", b"\0\n" + b"x\n" * size + b"needle\n")
    assert search(bench.ctx.workspace, "needle", use_ripgrep=use_ripgrep) == []


def test_lines_across_blocks_keep_their_numbers(bench: Bench) -> None:
    lines = ["filler " * 20] * 60_000
    for number in (1, 29_000, 40_000, 59_999):
        lines[number] = "needle"
    bench.write("big", "\n".join(lines))
    found = search(bench.ctx.workspace, "needle", use_ripgrep=False)
    assert [match.line for match in found] == [2, 29_001, 40_001, 60_000]


# -- the same with ripgrep and without ---------------------------------------------------------------

_rule = st.sampled_from(
    ["*.a", "!x.a", "d/", "/d", "d/*.b", "**/x.a", "x*", "!d/x.b", "# no", "", "e/**", "*", "!*/"]
)
_file = st.sampled_from(
    ["x.a", "y.a", "d/x.a", "d/x.b", "d/e/x.a", "e/x.b", ".h/x.a", "d/.x.a", "e/d/y.b"]
)
_folder = st.sampled_from(["", "d/", "e/"])
_query = st.sampled_from(["**", "*", "*.a", "**/*.{a,b}", "d/**", ".*", "**/.*", ".h/*", "*/x.?"])


@pytest.fixture
def empty_tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("trees")


@needs_rg
@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,  # there are many ripgreps, and a failure must be the same twice
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    st.dictionaries(_folder, st.lists(_rule, max_size=4), max_size=3),
    st.sets(_file, min_size=1),
    _query,
    st.sampled_from([".", "d"]),
)
def test_both_ways_find_the_same(
    empty_tree: Path, rules: dict[str, list[str]], files: set[str], query: str, path: str
) -> None:
    shutil.rmtree(empty_tree)
    (empty_tree / "d").mkdir(parents=True)
    bench = Bench(empty_tree)
    for name in files:
        bench.write(name, "x\n")
    for folder, lines in rules.items():
        bench.write(f"{folder}.gitignore", "\n".join(["# x", *lines]))
    bench.settle()
    workspace, glob = bench.ctx.workspace, f"./{query}"
    found, by_walk = (
        search(workspace, "^#? ?x$", path, glob=glob, use_ripgrep=choice, helping=NO_HELP)
        for choice in (True, False)
    )
    assert found == by_walk
    for choice in (True, False):
        listed = find_files(workspace, query, path, use_ripgrep=choice)
        assert listed == [match.path for match in found]


_piece = st.sampled_from(
    [
        r"a",
        r"b",
        r"ab",
        r".",
        r"a*",
        r"b+",
        r"(a|b)",
        r"[ab]",
        r"[^a]",
        r"\w",
        r"\s",
        r"\b",
        r"^",
        r"$",
        r"é",
        r"a?",
        r"(?:ab)",
        r"a{2}",
        r"a{1,2}",
        r"\.",
        r"|",
        r"a+?",
        r"\d",
        r"[a-c.]",
    ]
)


@needs_rg
@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,  # there are many ripgreps, and a failure must be the same twice
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(_piece, max_size=4).map("".join), st.booleans())
def test_both_ways_read_expressions_alike(
    empty_tree: Path, pattern: str, ignore_case: bool
) -> None:
    text = "a\nb\nab\naab a.b\nAB É\r\n\nx1 é\n  \ncab\nb.a\n"
    shutil.rmtree(empty_tree)
    empty_tree.mkdir()
    bench = Bench(empty_tree)
    bench.write("f", text)
    bench.settle()
    results = [
        search(
            bench.ctx.workspace,
            pattern,
            ignore_case=ignore_case,
            use_ripgrep=choice,
            helping=NO_HELP,
        )
        for choice in (True, False)
    ]
    assert results[0] == results[1]
    regex = compile_regex(pattern, ignore_case=ignore_case)
    lines = text.replace("\r", "").split("\n")[:-1]
    expected = [n for n, line in enumerate(lines, 1) if regex.search(line)]
    assert [match.line for match in results[0] or []] == expected
