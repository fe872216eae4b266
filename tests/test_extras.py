"""The extras are those that the code, the documents and make know."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def test_every_extra_that_is_named_exists() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"][
        "optional-dependencies"
    ]
    named = set(re.findall(r"EXTRAS := (\S+)", (ROOT / "Makefile").read_text("utf-8")))
    for folder in ("a3s_code", "a3s_kernel", "magics", "docs"):
        for path in (ROOT / folder).rglob("*.*"):
            if path.suffix in (".py", ".md"):
                named |= set(re.findall(r"a3s-kernel\[([a-z,]+)\]", path.read_text("utf-8")))
    assert {name for names in named for name in names.split(",")} <= set(extras)
