"""The pages of docs/api/ say what the code says."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import a3s_code

SCRIPT = Path(__file__).resolve().parent.parent / "scripts" / "api_reference.py"

spec = importlib.util.spec_from_file_location("api_reference", SCRIPT)
assert spec
assert spec.loader
api_reference = importlib.util.module_from_spec(spec)
spec.loader.exec_module(api_reference)


def test_the_pages_are_those_of_the_code() -> None:
    assert api_reference.out_of_step() == [], "run: python scripts/api_reference.py"


def test_every_public_name_has_an_entry() -> None:
    headings = {line for text in api_reference.pages().values() for line in text.splitlines()}
    assert {f"## {name}" for name in a3s_code.__all__} <= headings


def test_nothing_in_them_changes_from_run_to_run() -> None:
    for name, text in api_reference.pages().items():
        assert " at 0x" not in text, name
        assert "```" not in text, f"{name} has code that nobody runs"


def test_names_that_are_explained_become_a_list() -> None:
    told = "timeout_ms: how long it\n    may take.\nretries (3): how often."
    assert api_reference.markdown(told) == (
        "- **timeout_ms**: how long it\n  may take.\n- **retries (3)**: how often."
    )
    assert (
        api_reference.markdown("One thing: another.\nA second line.")
        == "One thing: another.\nA second line."
    )
