"""A generated source tree of 20,000 files, about 200 MB, the same every time."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from benchmarks.environments import bench_folder

FILES, MEGABYTES = 20_000, 200
RARE = "quixotic_needle"
_EXTENSIONS = ("py", "py", "md", "json", "txt", "js")
_WORDS = [
    "value",
    "result",
    "index",
    "buffer",
    "stream",
    "channel",
    "return",
    "import",
    "class",
    "define",
    "config",
    "handler",
    "request",
    "response",
    "parse",
    "token",
    "node",
    "tree",
    "graph",
    "path",
    "file",
    "line",
    "error",
    "warning",
    "update",
    "create",
    "delete",
]


def searched_tree() -> Path:
    """The tree's folder, generated with the first use and kept."""
    root = bench_folder() / f"tree-{FILES}-{MEGABYTES}"
    done = root.with_suffix(".done")
    if not done.is_file():
        _generate(root)
        done.touch()
    return root


def _generate(root: Path) -> None:
    random_ = random.Random(7)
    pool = [line for line, _ in zip(_lines(random_), range(20_000), strict=False)]
    mean = MEGABYTES * 1_000_000 // FILES
    for number in range(FILES):
        folder = root / f"part{number % 40:02d}" / f"module{number // 40 % 50:02d}"
        folder.mkdir(parents=True, exist_ok=True)
        start, size = random_.randrange(len(pool)), random_.randrange(mean // 4, 7 * mean // 4)
        lines: list[str] = []
        while size > 0:
            lines.append(pool[(start + len(lines)) % len(pool)])
            size -= len(lines[-1])
        if number % 500 == 0:
            lines.insert(len(lines) // 2, f"    {RARE} = {number}\n")
        extension = _EXTENSIONS[number % len(_EXTENSIONS)]
        (folder / f"file{number:05d}.{extension}").write_text("".join(lines), encoding="ascii")


def _lines(random_: random.Random) -> Iterator[str]:
    while True:
        words = random_.choices(_WORDS, k=random_.randrange(3, 12))
        yield f"    {' '.join(words)} {random_.randrange(10**6)}\n"
