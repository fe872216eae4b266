"""Tab in our cells and lines: options, models, paths, variables, commands; and no Python names."""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell

from a3s_magics.completion import Offers, offers
from a3s_magics.matcher import paths_from
from a3s_magics.options import LineParser, prompt_parser
from tests.deadlines import DEADLINE_S
from tests.magics.conftest import StartKernel

SHOW_A_PIXEL = """\
from IPython.display import Image
Image(bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b55"
    "0000000a49444154789c636000000002000148afa4710000000049454e44ae426082"
))"""


class Everything:
    """A small world: two models, a tool `t` with a path and an option of choices."""

    def models(self) -> Sequence[str]:
        return ("p/small", "p/large", "q/other")

    def names(self) -> Sequence[str]:
        return ("first", "second")

    def sessions(self) -> Sequence[str]:
        return ("first", "second", "0815")

    def tools(self) -> Sequence[str]:
        return ("read", "grep")

    def variables(self) -> Sequence[str]:
        return ("df", "figure")

    def cells_with_images(self) -> Sequence[int]:
        return (3, 12)

    def slash_commands(self) -> Sequence[str]:
        return ("/help", "/model")

    def verbs(self) -> Sequence[str]:
        return ("status", "model", "models")

    def paths(self, typed: str) -> Sequence[str]:
        known = ("src/", "src/a b.py", "data.csv", "plots/", "plots/a b.PNG")
        return [path for path in known if path.startswith(typed)]

    def prompt_parser(self) -> LineParser:
        return prompt_parser()

    def tool_parser(self, magic: str) -> LineParser | None:
        if magic in ("a3s_bash", "a3s_python"):
            return LineParser(prog=f"%{magic}")
        if magic != "a3s_t":
            return None
        parser = LineParser(prog="%a3s_t")
        parser.add_argument("pattern")
        parser.add_argument("path", nargs="?")
        parser.add_argument("--style", choices=["content", "count"])
        parser.add_argument("--deep", action=argparse.BooleanOptionalAction)
        return parser


def at_end(text: str) -> Offers | None:
    """The offers behind the last character."""
    lines = text.split("\n")
    return offers(text, len(lines) - 1, len(lines[-1]), Everything())


@pytest.mark.parametrize(
    ("text", "fragment", "texts"),
    [
        ("%%a3s --mod", "--mod", ("--model",)),
        ("%%a3s --model p/", "p/", ("p/small", "p/large")),
        ("%%a3s --model=q", "q", ("q/other",)),
        ("%%a3s --ui fi", "fi", ("final",)),
        ("%%a3s --attach d", "d", ("df",)),
        ("%%a3s --attach c", "c", ("cell:3", "cell:12")),
        ("%%a3s --attach plots/", "plots/", ("plots/", "'plots/a b.PNG'")),
        ("%%a3s --attach src/", "src/", ("src/",)),
        ("%%a3s --yes --y", "--y", ()),
        ("%%a3s --model p/small ", "", ()),
        ("%a3s mod", "mod", ("model", "models")),
        ("%a3s model q", "q", ("q/other",)),
        ("%a3s resume s", "s", ("second",)),
        ("%a3s explore g", "g", ("grep",)),
        ("%a3s mode p", "p", ("prompt", "python")),
        ("%a3s sessions a", "a", ("all",)),
        ("%a3s /he", "/he", ("/help",)),
        ("%a3s /model p/l", "p/l", ("p/large",)),
        ("%a3s btw what is @f", "@f", ("@figure",)),
        ("%a3s_t foo s", "s", ("src/", "'src/a b.py'")),
        ("%a3s_t foo 'src/a", "src/a", ("src/a b.py",)),
        ("%a3s_t d", "d", ()),
        ("%a3s_t foo --style co", "co", ("content", "count")),
        ("%a3s_t foo --style co d", "d", ("data.csv",)),
        ("x = %a3s_t --no", "--no", ("--no-deep",)),
        ("import os\nx = %a3s_t foo da", "da", ("data.csv",)),
        ("%a3s_bash cat da", "da", ("data.csv",)),
        ("%a3s_python print(d", "d", ("df",)),
        ("%%a3s\nplot @d", "@d", ("@df",)),
        ("%%a3s\n/mo", "/mo", ("/model",)),
        ("%%a3s\nread src/", "src/", ("src/", "src/a b.py")),
        ("%%a3s\nimport o", "o", ()),
        ("%%a3s\nme@d", "me@d", ()),
        ('%a3s_t "a"b', "", ()),
    ],
)
def test_offers(text: str, fragment: str, texts: tuple[str, ...]) -> None:
    found = at_end(text)

    assert found is not None
    assert (found.fragment, found.texts) == (fragment, texts)


@pytest.mark.parametrize(
    "text", ["", "pri", "%a3", "%%a3", "%ls da", "%%bash\n%a3s mod", "%%a3s_t x", "x = 5 %a3s"]
)
def test_everything_else_is_left_to_others(text: str) -> None:
    assert at_end(text) is None


@given(st.lists(st.sampled_from(["%%a3s", "%a3s_t", " ", "\n", "'", "=", "--style", "@", "a"])))
def test_what_is_replaced_is_what_was_typed(parts: list[str]) -> None:
    text = "".join(parts)
    found = at_end(text)

    assert found is None or text.endswith(found.fragment)


def test_paths_are_relative_to_the_workspace(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    for name in ("sub/a.txt", "sun.txt", ".hidden", "bad\nname"):
        (tmp_path / name).touch()

    assert paths_from(tmp_path, "su") == ["sub/", "sun.txt"]
    assert paths_from(tmp_path, "sub/") == ["sub/a.txt"]
    assert paths_from(tmp_path, ".h") == [".hidden"]
    assert paths_from(tmp_path, "b") == []
    assert paths_from(tmp_path, "gone/x") == []
    assert paths_from(Path("/nowhere"), f"{tmp_path}/sun") == [f"{tmp_path}/sun.txt"]


# -- in a shell ------------------------------------------------------------------------------------


def completed(shell: InteractiveShell, text: str) -> list[str]:
    """The whole texts that Tab can make."""
    assert shell.Completer is not None
    with provisionalcompleter():
        found = list(shell.Completer.completions(text, len(text)))
    return [text[: one.start] + one.text for one in found]


def test_a_shell_offers_ours_alone(loaded: InteractiveShell, workspace: Path) -> None:
    (workspace / "data.csv").touch()
    loaded.user_ns["delta"] = 1

    assert completed(loaded, "%%a3s --model ") == ["%%a3s --model openai/m"]
    assert "%a3s_grep x --context" in completed(loaded, "%a3s_grep x --c")
    assert completed(loaded, "%a3s_read da") == ["%a3s_read data.csv"]
    assert completed(loaded, "%%a3s\nsee @del") == ["%%a3s\nsee @delta"]
    assert completed(loaded, "%%a3s\nimport os; os.pa") == []
    assert "delta" in completed(loaded, "del")


def test_a_broken_configuration_does_not_disturb(loaded: InteractiveShell, workspace: Path) -> None:
    (workspace / "agent.hcl").write_text("broken")

    assert completed(loaded, "%%a3s --model ") == []
    assert "%a3s status" in completed(loaded, "%a3s st")


def test_the_first_tab_in_python_imports_nothing_of_ours() -> None:
    code = (
        "import sys; from IPython.core.interactiveshell import InteractiveShell\n"
        "shell = InteractiveShell.instance(); shell.history_manager.enabled = False\n"
        "shell.run_line_magic('load_ext', 'a3s_magics'); shell.complete('pri')\n"
        "print({'a3s_magics.completion', 'a3s_code.agent'} & set(sys.modules))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert ran.stdout.strip().endswith("set()"), ran.stdout


@pytest.mark.kernel
def test_a_kernel_answers_the_front_end(start_kernel: StartKernel, workspace: Path) -> None:
    (workspace / "data.csv").touch()
    client: Any = start_kernel().client

    def matches(code: str) -> tuple[list[str], str]:
        content = client.complete(code, reply=True, timeout=DEADLINE_S)["content"]
        return content["matches"], code[content["cursor_start"] : content["cursor_end"]]

    assert matches("%%a3s --model ") == (["openai/m"], "")
    assert matches("x = 1\n%a3s_read da") == (["data.csv"], "da")
    assert matches("%%a3s\nprint the") == ([], "")
    assert matches("%a3s res")[0] == ["reset", "resume"]
    client.execute(SHOW_A_PIXEL, reply=True, timeout=DEADLINE_S)
    (offered,) = matches("%%a3s --attach cell")[0]
    assert re.fullmatch(r"cell:\d+", offered)
