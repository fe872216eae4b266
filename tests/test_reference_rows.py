"""Every row of the reference's tables has a test, and `tests/reference/` says which."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
MAPS = sorted((TESTS / "reference").glob("*.md"))
REFERENCE = TESTS.parent.parent / "shared" / "reference"

ENTRY = re.compile(r"- (\d+)\.(\d+) ([^:]+): (.+)")
TEST = re.compile(r"([\w/]+\.py)::(\w+)")
NOTHING = re.compile(r"nothing to test: \S.*")

Place = tuple[int, int]


@dataclass(frozen=True)
class Row:
    """One line of a map: the row's place (section, number in the section) and what stands there."""

    place: Place
    label: str
    proof: str


def rows_of_map(text: str) -> Iterator[Row]:
    """The lines of a map; one that goes on is indented by two blanks."""
    for line in re.sub(r"\n  +", " ", text).splitlines():
        if line.startswith("- "):
            match = ENTRY.fullmatch(line)
            assert match is not None, f"not a row: {line}"
            section, number, label, proof = match.groups()
            yield Row((int(section), int(number)), label, proof)


def places_of_reference(text: str) -> Iterator[Place]:
    """The places of the data rows of all tables that stand in a numbered section."""
    section = number = 0
    above: list[str] = []
    for line in re.sub(r"```.*?```", "", text, flags=re.DOTALL).splitlines():
        if heading := re.match(r"## (\d+)\.", line):
            section, number = int(heading[1]), 0
        above = [*above, line] if line.startswith("|") else []
        if section and len(above) > 2:
            number += 1
            yield section, number


@cache
def functions_of(path: Path) -> frozenset[str]:
    """Names of all test functions of a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, kinds))


def is_test(path: str, name: str) -> bool:
    """Whether a file below tests/ has this test."""
    file = TESTS / path
    return name.startswith("test_") and file.is_file() and name in functions_of(file)


@pytest.mark.parametrize("path", MAPS, ids=lambda path: path.stem)
def test_the_tests_that_a_map_names_exist(path: Path) -> None:
    for row in rows_of_map(path.read_text(encoding="utf-8")):
        if NOTHING.fullmatch(row.proof):
            continue
        assert TEST.sub("", row.proof).strip(" ,") == "", row
        missing = [f"{file}::{name}" for file, name in TEST.findall(row.proof)]
        missing = [test for test in missing if not is_test(*test.split("::"))]
        assert not missing, f"{path.name} {row.label}: {missing}"


@pytest.mark.skipif(
    not REFERENCE.is_dir(), reason="the reference does not stand beside the project"
)
def test_every_table_has_a_map() -> None:
    with_rows = {
        path.name
        for path in REFERENCE.glob("*.md")
        if any(places_of_reference(path.read_text(encoding="utf-8")))
    }
    assert {path.name for path in MAPS} == with_rows


@pytest.mark.skipif(
    not REFERENCE.is_dir(), reason="the reference does not stand beside the project"
)
@pytest.mark.parametrize("path", MAPS, ids=lambda path: path.stem)
def test_a_map_has_every_row(path: Path) -> None:
    reference = (REFERENCE / path.name).read_text(encoding="utf-8")
    rows = [row.place for row in rows_of_map(path.read_text(encoding="utf-8"))]
    assert rows == list(places_of_reference(reference))


def test_rows_are_found_in_tables_only() -> None:
    text = "| a |\n|---|\n| before |\n## 1. One\n| a |\n|---|\n| x |\n| y |\n\nno\n```\n| a |\n```\n## 2. Two\n"
    text += "| a |\n|---|\n| z |\n\n| b |\n|---|\n| w |\n"
    assert list(places_of_reference(text)) == [(1, 1), (1, 2), (2, 1), (2, 2)]
