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
from a3s_kernel.version import DISTRIBUTION

KERNEL_NAME = "a3s"


def install(argv: Sequence[str]) -> int:
    """Write the kernelspec where `argv` says and print its folder."""
    options = _parse("install", argv)
    with tempfile.TemporaryDirectory() as staging:
        spec = Path(staging) / options.name
        try:
            shutil.copytree(_template(), spec)
            _name_interpreter(spec / "kernel.json")
            folder = KernelSpecManager().install_kernel_spec(
                str(spec), options.name, user=options.user, prefix=options.prefix
            )
        except (OSError, ValueError) as error:
            return _complain(f"the kernelspec cannot be installed: {error}")
    print(f"installed kernelspec {options.name} in {folder}")  # noqa: T201
    return 0


def uninstall(argv: Sequence[str]) -> int:
    """Remove the kernelspec from where `argv` says; one that is not there is an error."""
    options = _parse("uninstall", argv)
    folder = _data_dir(options) / "kernels" / options.name
    if not (folder / "kernel.json").is_file():
        return _complain(f"there is no kernelspec {options.name} in {folder.parent}")
    try:
        shutil.rmtree(folder)
    except OSError as error:
        return _complain(f"the kernelspec cannot be removed: {error}")
    print(f"removed kernelspec {options.name} from {folder.parent}")  # noqa: T201
    return 0


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
        default=KERNEL_NAME,
        help="name of the kernelspec (default: %(default)s)",
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


def _template() -> Path:
    """The folder of the spec's files: where the wheel's data went, or the checkout's own."""
    try:
        installed = files(DISTRIBUTION) or []
    except PackageNotFoundError:
        installed = []
    for file in installed:
        if file.match(f"share/jupyter/kernels/{KERNEL_NAME}/kernel.json"):
            return Path(file.locate()).resolve().parent
    return Path(__file__).parent.parent / "kernelspec" / KERNEL_NAME


def _name_interpreter(kernel_json: Path) -> None:
    spec = json.loads(kernel_json.read_text("utf-8"))
    spec["argv"][0] = sys.executable
    kernel_json.write_text(json.dumps(spec, indent=1) + "\n", "utf-8")


def _complain(problem: str) -> int:
    print(f"error: {problem}", file=sys.stderr)  # noqa: T201
    return 2
