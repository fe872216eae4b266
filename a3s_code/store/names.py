"""File names made of ids, which may hold anything."""

from __future__ import annotations

import hashlib
import re

from a3s_code.errors import InvalidArgument

_MAX_BYTES = 180  # of the 255 that file systems allow; suffixes of temporary files need the rest
_UNUSABLE = re.compile(r'[<>:"|?*\x00-\x1f\x7f]')
# Windows opens a device under these names, whatever extension follows.
# Source: "Naming Files, Paths, and Namespaces" in the Windows documentation.
_DEVICE = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])\s*(\.|$)", re.IGNORECASE
)


def file_stem(name: str) -> str:
    """The part of a file name that stands for an id: usable on all systems, never a path.

    `/` and `\\` become `_`, and so does `..`; what Windows refuses becomes `_`, too. A long id is
    cut and ends in its hash. Different ids can share a stem ("a/b" and "a_b"). Raises
    `InvalidArgument` for an empty id.
    """
    if not isinstance(name, str) or not name:
        raise InvalidArgument(f"an id must be a string that is not empty, not {name!r}")
    text = name.encode("utf-8", "replace").decode("utf-8")  # half a surrogate pair becomes "?"
    stem = text.replace("/", "_").replace("\\", "_").replace("..", "_")
    stem = _UNUSABLE.sub("_", stem)
    if _DEVICE.match(stem):
        stem = "_" + stem
    encoded = stem.encode("utf-8")
    if len(encoded) > _MAX_BYTES:
        digest = hashlib.sha256(text.encode("utf-8")).hexdigest()[:16]
        stem = encoded[: _MAX_BYTES - 17].decode("utf-8", "ignore") + "-" + digest
    return stem
