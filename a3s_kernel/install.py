"""`install` and `uninstall`: where Jupyter looks for the kernel.

A plain `pip install` already puts the kernelspec beside the interpreter. These commands are for the
other places: the user's own folder, or another Jupyter's prefix. Specs written here name this
interpreter by its full path, because such places are shared between environments.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
import tempfile
from argparse import ArgumentTypeError, Namespace
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_core.paths import jupyter_data_dir

from a3s_kernel.arguments import OneLineParser
from a3s_kernel.supported import missing
from a3s_kernel.version import DISTRIBUTION

KERNEL_NAMES = ("a3s", "a3s-chat")


def install(argv: Sequence[str]) -> int:
    """Write the kernelspecs where `argv` says and print their folders."""
    options = _parse("install", argv)
    problem = missing()
    if problem is not None:
        return _complain(problem)
    for kind, name in _wanted(options):
        with tempfile.TemporaryDirectory() as staging:
            spec = Path(staging) / name
            try:
                shutil.copytree(_template(kind), spec)
                _name_interpreter(spec / "kernel.json")
                folder = KernelSpecManager().install_kernel_spec(
                    str(spec), name, user=options.user, prefix=options.prefix
                )
            except (OSError, ValueError) as error:
                return _complain(f"the kernelspec cannot be installed: {error}")
        print(f"installed kernelspec {name} in {folder}")  # noqa: T201
    return 0


def uninstall(argv: Sequence[str]) -> int:
    """Remove the kernelspecs from where `argv` says; that there is none is an error."""
    options = _parse("uninstall", argv)
    kernels = _data_dir(options) / "kernels"
    names = [name for _, name in _wanted(options)]
    installed = [name for name in names if (kernels / name / "kernel.json").is_file()]
    if not installed:
        return _complain(f"there is no kernelspec {' or '.join(names)} in {kernels}")
    for name in installed:
        try:
            shutil.rmtree(kernels / name)
        except OSError as error:
            return _complain(f"the kernelspec cannot be removed: {error}")
        print(f"removed kernelspec {name} from {kernels}")  # noqa: T201
    return 0


def _wanted(options: Namespace) -> list[tuple[str, str]]:
    """The specs in question, each as the kind it is of and the name it has."""
    if options.name is None:
        return [(kind, kind) for kind in KERNEL_NAMES]
    chat = options.chat or options.name == "a3s-chat"
    return [("a3s-chat" if chat else "a3s", options.name)]


def _parse(command: str, argv: Sequence[str]) -> Namespace:
    parser = OneLineParser(prog=f"python -m a3s_kernel {command}")
    place = parser.add_mutually_exclusive_group()
    place.add_argument("--user", action="store_true", help="the user's Jupyter folder (default)")
    place.add_argument(
        "--sys-prefix",
        dest="prefix",
        action="store_const",
        const=sys.prefix,
        help="beside this interpreter",
    )
    place.add_argument("--prefix", metavar="PATH", help="under PATH/share/jupyter/kernels")
    parser.add_argument(
        "--name",
        type=_kernel_name,
        help=f"one kernelspec of this name, instead of {' and '.join(KERNEL_NAMES)}",
    )
    parser.add_argument(
        "--chat", action="store_true", help="with --name: one whose cells are prompts"
    )
    options = parser.parse_args(argv)
    options.user = options.prefix is None
    return options


def _kernel_name(text: str) -> str:
    """Jupyter's rule for names; it also keeps `uninstall` inside the kernels folder."""
    if not re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]*", text):
        raise ArgumentTypeError(f"{text!r} may hold only letters, digits, '.', '_' and '-'")
    return text.lower()


def _data_dir(options: Namespace) -> Path:
    if options.prefix is None:
        return Path(jupyter_data_dir())
    return Path(options.prefix) / "share" / "jupyter"


def _template(kind: str) -> Path:
    """The folder of a spec's files: where the wheel's data went, or the checkout's own."""
    try:
        installed = files(DISTRIBUTION) or []
    except PackageNotFoundError:
        installed = []
    for file in installed:
        if file.match(f"share/jupyter/kernels/{kind}/kernel.json"):
            return Path(file.locate()).resolve().parent
    return Path(__file__).parent.parent / "kernelspec" / kind


def _name_interpreter(kernel_json: Path) -> None:
    spec = json.loads(kernel_json.read_text("utf-8"))
    spec["argv"][0] = sys.executable
    kernel_json.write_text(json.dumps(spec, indent=1) + "\n", "utf-8")


def _complain(problem: str) -> int:
    print(f"error: {problem}", file=sys.stderr)  # noqa: T201
    return 2
