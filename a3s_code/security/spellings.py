"""The spellings under which a key may stand in a text. Pure."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

_URL_SAFE = str.maketrans("+/", "-_")


def spellings(value: str) -> set[str]:
    """As it is, in JSON texts, in addresses and forms, in hexadecimal digits, and in base64.

    Not in there: parts of the value, and encodings that are wrapped into lines inside of it.
    """
    data = value.encode("utf-8", "surrogatepass")
    found = {value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    for address in (quote(data), quote(data, safe=""), quote_plus(data)):
        found |= {address, re.sub("%..", lambda escape: escape[0].lower(), address)}
    found |= {data.hex(), data.hex().upper()}
    for text in _in_base64(data):
        found |= {text, text.translate(_URL_SAFE)}
    return found


def _in_base64(data: bytes) -> Iterator[str]:
    """What the base64 text of anything that holds the data has in it, for each place in a group.

    A group of four characters tells three bytes. Characters at both ends that also tell a part of
    other bytes are left out: they give away six bits at most.
    """
    for before in range(3):
        text = b64encode(bytes(before) + data).decode("ascii").rstrip("=")
        end = len(text) - bool((before + len(data)) % 3)
        yield text[before + bool(before) : end]
