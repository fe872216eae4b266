"""Keys that are looked for in everything that was written, in whatever spelling."""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote, quote_plus

LITERAL = "sk-cAnArY/literal+7f3=Zq"
FROM_ENVIRONMENT = "sk-cAnArY/environ+9b1=Kd"
IN_HEADER = "cAnArY/header+5d8=Wm"
BASIC = b64encode(b"user:cAnArY/basic+2c4=Xp").decode()
CANARIES = (LITERAL, FROM_ENVIRONMENT, IN_HEADER, BASIC)

VARIABLE, HEADER_VARIABLE = "A3S_CANARY_KEY", "A3S_CANARY_HEADER"
ENVIRONMENT = {VARIABLE: FROM_ENVIRONMENT, HEADER_VARIABLE: IN_HEADER}


def spellings(canary: str) -> set[str]:
    """Plain, in JSON, in addresses, and in base64 wherever it stands in the encoded text."""
    found = {canary, json.dumps(canary)[1:-1], quote(canary, safe=""), quote_plus(canary)}
    raw = canary.encode()
    for shift in range(3):
        for encode in (b64encode, urlsafe_b64encode):
            # The first and last group also hold what stands around it.
            found.add(encode(b"\0" * shift + raw).decode().rstrip("=")[4 if shift else 0 : -4])
    return found


def leaks(root: Path, *outputs: str, apart_from: Iterable[Path] = ()) -> list[str]:
    """Where a canary was found: files below `root`, and texts by their number."""
    skipped = set(apart_from)
    texts = {f"output {number}": text for number, text in enumerate(outputs)}
    for path in sorted(root.rglob("*")):
        if path.is_file() and path not in skipped:
            texts[str(path.relative_to(root))] = path.read_bytes().decode("utf-8", "replace")
            texts[f"name of {path.name}"] = path.name
    return [
        f"{place}: {spelling} in …{text[max(0, text.find(spelling) - 80) :][:200]}…"
        for place, text in texts.items()
        for canary in CANARIES
        for spelling in spellings(canary)
        if spelling in text
    ]


def config(url: str) -> str:
    """Two providers at one server: a literal key, and keys from the environment."""
    return f"""
default_model = "openai/m"
providers {{
  name     = "openai"
  base_url = "{url}"
  api_key  = "{LITERAL}"
  headers  = {{ "X-Proxy-Authorization" = "Basic {BASIC}" }}
  models {{ id = "m" }}
}}
providers {{
  name     = "anthropic"
  base_url = "{url}"
  api_key  = env("{VARIABLE}")
  headers  = {{ "X-Token" = env("{HEADER_VARIABLE}") }}
  models {{ id = "m" }}
}}
"""
