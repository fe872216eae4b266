"""`python -m a3s_kernel`: start the kernel, or run one of the commands listed by `--help`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

USAGE = """\
usage: python -m a3s_kernel <command> [options]

commands:
  install     make the kernel known to Jupyter: --user | --sys-prefix | --prefix PATH
  uninstall   take that back; same options
  doctor      show what is installed, configured and missing
  model       fetch the embedded model, or print its path: fetch | path
  -f FILE     run the kernel itself; Jupyter does this with a connection file

Each command explains its options with --help.
"""


def main(argv: Sequence[str]) -> int:
    """Run the command that `argv` names and return the exit code: 2 for a mistake in the call."""
    match list(argv):
        case [] | ["-h" | "--help", *_]:
            print(USAGE, end="")  # noqa: T201  # a command line program
            return 0
        case ["install", *rest]:
            from a3s_kernel.install import install

            return install(rest)
        case ["uninstall", *rest]:
            from a3s_kernel.install import uninstall

            return uninstall(rest)
        case ["doctor", *rest]:
            from a3s_kernel.doctor import doctor

            return doctor(rest)
        case ["model", *rest]:
            from a3s_code.local.cli import main as model

            return model(rest)
        case [option, *_] if option.startswith("-"):
            from a3s_kernel.launch import launch

            launch(argv)
            return 0
        case _:
            mistake = f"error: unknown command {argv[0]!r}; try: python -m a3s_kernel --help"
            print(mistake, file=sys.stderr)  # noqa: T201
            return 2


if __name__ == "__main__":
    # `-m` puts the working directory first, where a notebook's own `random.py` would shadow the
    # standard library. IPython adds it back once everything is imported.
    if sys.path and sys.path[0] in ("", os.getcwd()):
        del sys.path[0]
    raise SystemExit(main(sys.argv[1:]))
