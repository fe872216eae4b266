"""A reader who does everything that a document shows, from top to bottom, in one folder."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from a3s_code import Agent
from tests.deadlines import PROGRAM_S
from tests.documents.blocks import Block
from tests.documents.cells import Kernels


class Reader:
    """`follow` runs one block after another; a `text` block is the output of the one before it."""

    def __init__(self, folder: Path, environ: dict[str, str]) -> None:
        self.folder = folder
        self._environ = environ
        self._kernels = Kernels(folder, environ)
        self._names: dict[str, Any] = {"__name__": "__main__"}
        self._output = ""

    def follow(self, block: Block) -> None:
        """Do what the block shows. Fails with an `AssertionError` or the block's own error."""
        if "skip" in block.marks:
            assert len(block.marks["skip"]) > 10, f"{block.place}: skipped without a reason"
            return
        if "file" in block.marks:
            path = self.folder / block.marks["file"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, "utf-8")
            if path.suffix == ".py":
                compile(block.text, str(path), "exec")
            return
        run = _RUNNERS.get(block.language)
        assert run, (
            f"{block.place}: nothing runs a block of {block.language or 'no language'}; "
            f"use one of {', '.join(_RUNNERS)}, or say <!-- test: skip: why --> above it"
        )
        run(self, block)

    def close(self) -> None:
        """End what was started."""
        self._kernels.close()

    # -- languages -----------------------------------------------------------------------------------

    def _python(self, block: Block) -> None:
        written, wanted = io.StringIO(), block.marks.get("raises")
        code = compile(block.text, block.place, "exec")
        with contextlib.redirect_stdout(written):
            try:
                exec(code, self._names)  # noqa: S102  # our own documents
            except Exception as error:
                if type(error).__name__ != wanted:
                    raise
                written.write(f"{type(error).__name__}: {error}\n")
            else:
                assert not wanted, f"{block.place}: {wanted} was not raised"
        self._output = written.getvalue()

    def _cell(self, block: Block) -> None:
        self._output, error = self._kernels.run(
            block.text.removesuffix("\n"),
            kernel="a3s-chat" if "chat" in block.marks else "a3s",
            answer=block.marks.get("answers"),
            stop="stopped" in block.marks,
        )
        wanted = block.marks.get("raises", "")
        assert error == wanted, f"{block.place}: ended with {error!r}\n{self._output}"

    def _command(self, block: Block) -> None:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block.text],
            cwd=self.folder,
            env={**os.environ, **self._environ},
            timeout=PROGRAM_S,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert done.returncode == 0, f"{block.place}: {done.stdout}"
        self._output = done.stdout

    def _configuration(self, block: Block) -> None:
        named = re.findall(r'env\("(\w+)"\)', block.text)
        before = {name: os.environ.get(name) for name in named}
        os.environ.update(dict.fromkeys(named, "value"))
        try:
            config = Agent.create(block.text).config
        finally:
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value
        assert config.warnings == (), f"{block.place}: {config.warnings}"

    def _expected(self, block: Block) -> None:
        """Each line occurs in the output, in order; `…` stands for anything."""
        shown = iter(self._output.splitlines())
        for line in block.text.splitlines():
            pattern = re.compile(".*".join(map(re.escape, line.strip().split("…"))))
            found = not line.strip() or any(pattern.fullmatch(text.strip()) for text in shown)
            assert found, f"{block.place}: {line!r} does not follow in\n{self._output}"

    def _json(self, block: Block) -> None:
        json.loads(block.text)

    def _yaml(self, block: Block) -> None:
        yaml.safe_load(block.text)


_RUNNERS: dict[str, Callable[[Reader, Block], None]] = {
    "python": Reader._python,
    "ipython": Reader._cell,
    "bash": Reader._command,
    "hcl": Reader._configuration,
    "text": Reader._expected,
    "json": Reader._json,
    "yaml": Reader._yaml,
}


def environment(folder: Path, kernels: Path) -> dict[str, str]:
    """Variables that keep a reader inside of `folder`; `kernels` holds the kernelspecs."""
    scripts = str(Path(sys.executable).parent)
    return {
        "HOME": str(folder),
        "PATH": os.pathsep.join([scripts, os.environ.get("PATH", "")]),
        "JUPYTER_PATH": str(kernels / "share" / "jupyter"),
        "JUPYTER_CONFIG_DIR": str(folder / "jupyter" / "config"),
        "JUPYTER_DATA_DIR": str(folder / "jupyter" / "data"),
        "JUPYTER_RUNTIME_DIR": str(folder / "jupyter" / "runtime"),
        "IPYTHONDIR": str(folder / "ipython"),
        "A3S_DATA_DIR": str(folder / "a3s"),
    }
