"""Command line parsing whose complaints fit on one line."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import NoReturn


class OneLineParser(ArgumentParser):
    """An `ArgumentParser` that names the mistake in one line and exits with code 2."""

    def error(self, message: str) -> NoReturn:
        """Print `message` without the usage text, which `--help` shows."""
        self.exit(2, f"error: {message} (try: {self.prog} --help)\n")
