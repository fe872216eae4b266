"""File access beneath a root that no symlink swapped in at the last moment can lead out of.

Paths given here were resolved before, so none of their components is a symlink. Where the system
offers it, each component is opened relative to its parent without following links; elsewhere the
file is opened by path and then compared with what its path resolves to.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)
_COMMON = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0) | _NOFOLLOW
# A FIFO opened for reading would otherwise wait for a writer.
_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | _COMMON
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _COMMON
# O_PATH also walks through directories that may be entered but not listed.
_WALK = getattr(os, "O_PATH", os.O_RDONLY) | getattr(os, "O_DIRECTORY", 0) | _COMMON
_LIST = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | _COMMON  # O_PATH cannot be listed
_CAN_WALK = os.open in os.supports_dir_fd and _NOFOLLOW != 0


class LeftRoot(OSError):
    """The path leads somewhere else than when it was checked."""


@dataclass(slots=True)
class Folder:
    """An open directory: `fd` where the system can work relative to it, else only its `path`."""

    path: str
    fd: int | None

    def name(self, entry: str) -> str:
        """An entry's name for a call that gets `dir_fd=self.fd` too."""
        return entry if self.fd is not None else os.path.join(self.path, entry)

    def open(self, entry: str, flags: int) -> int:
        """A descriptor of an entry that is no symlink."""
        return os.open(self.name(entry), flags, 0o666, dir_fd=self.fd)

    def open_to_read(self, entry: str) -> int:
        """A descriptor of an entry for reading, never waiting for a writer at the other end."""
        return self.open(entry, _READ)

    def status(self, entry: str) -> os.stat_result | None:
        """What an entry is, symlinks not followed; None when there is none."""
        try:
            return os.stat(self.name(entry), dir_fd=self.fd, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def scan(self) -> list[os.DirEntry[str]]:
        """The entries, of a folder that was opened for listing."""
        with os.scandir(self.path if self.fd is None else self.fd) as entries:
            return list(entries)

    def enter(self, entry: str) -> Folder:
        """A directory in this one that is no symlink, open for listing; the caller closes it."""
        path = f"{self.path}{os.sep}{entry}"
        if self.fd is None:
            return Folder(path, None)
        return Folder(path, os.open(entry, _LIST, dir_fd=self.fd))

    def close(self) -> None:
        """Give the descriptor back."""
        if self.fd is not None:
            os.close(self.fd)


def is_within(root: str, path: str) -> bool:
    """Whether a resolved path is the resolved root or lies below it."""
    root, path = os.path.normcase(root), os.path.normcase(path)
    return path == root or path.startswith(root.rstrip(os.sep) + os.sep)


@contextmanager
def _folder(root: Path, parts: tuple[str, ...], *, create: bool = False) -> Iterator[Folder]:
    """The directory `root/parts...`, made with its parents when `create` is set."""
    if not _CAN_WALK:
        yield _folder_by_path(root, parts, create=create)
        return
    fd = os.open(root, _WALK)
    try:
        for part in parts:
            if create:
                with suppress(FileExistsError):
                    os.mkdir(part, dir_fd=fd)
            inner = os.open(part, _WALK, dir_fd=fd)
            os.close(fd)
            fd = inner
        yield Folder(str(root.joinpath(*parts)), fd)
    finally:
        os.close(fd)


def _folder_by_path(root: Path, parts: tuple[str, ...], *, create: bool) -> Folder:
    path = str(root.joinpath(*parts))
    if create:
        os.makedirs(path, exist_ok=True)
    if not is_within(str(root), os.path.realpath(path)):
        raise LeftRoot("the path changed while it was being opened")
    return Folder(path, None)


def _split(root: Path, path: Path) -> tuple[tuple[str, ...], str]:
    parts = path.relative_to(root).parts
    if not parts:
        raise IsADirectoryError("Is a directory")
    return parts[:-1], parts[-1]


def open_file(root: Path, path: Path) -> BinaryIO:
    """A regular file below `root`, open for reading bytes. Raises `OSError`."""
    parents, name = _split(root, path)
    with _folder(root, parents) as folder:
        fd = folder.open(name, _READ)
    try:
        _check_opened(fd, root, path)
        return os.fdopen(fd, "rb")
    except BaseException:
        os.close(fd)
        raise


def _check_opened(fd: int, root: Path, path: Path) -> None:
    status = os.fstat(fd)
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError("Is a directory")
    if not stat.S_ISREG(status.st_mode):
        raise OSError("Not a regular file")
    if not _CAN_WALK:
        real = os.path.realpath(path)
        if not is_within(str(root), real) or not os.path.samestat(status, os.stat(real)):
            raise LeftRoot("the path changed while it was being opened")


def replace_file(root: Path, path: Path, data: bytes, *, before_commit: Callable[[], None]) -> None:
    """Give a file below `root` new content in one step, making its parents when they are missing.

    Readers see the old content or the new one, never a part. The mode of an existing file is kept.
    `before_commit` runs when all is written but nothing is visible yet; what it raises leaves the
    file as it was. Raises `OSError`.
    """
    parents, name = _split(root, path)
    with _folder(root, parents, create=True) as folder:
        existing = folder.status(name)
        if existing is not None:
            _check_replaceable(folder, name, existing)
        temporary = f".{os.urandom(8).hex()}.a3s-tmp"
        fd = folder.open(temporary, _CREATE)
        try:
            with os.fdopen(fd, "wb") as file:
                file.write(data)
            if existing is not None:
                _copy_mode(folder, temporary, existing)
            before_commit()
            os.replace(
                folder.name(temporary),
                folder.name(name),
                src_dir_fd=folder.fd,
                dst_dir_fd=folder.fd,
            )
        except BaseException:
            os.unlink(folder.name(temporary), dir_fd=folder.fd)
            raise


def _check_replaceable(folder: Folder, name: str, existing: os.stat_result) -> None:
    if stat.S_ISDIR(existing.st_mode):
        raise IsADirectoryError("Is a directory")
    if not stat.S_ISREG(existing.st_mode):
        raise OSError("Not a regular file")
    # Renaming asks only for a writable directory; a file marked read-only must stay as it is.
    if not os.access(folder.name(name), os.W_OK, dir_fd=folder.fd):
        raise PermissionError("Permission denied")


def _copy_mode(folder: Folder, name: str, existing: os.stat_result) -> None:
    os.chmod(folder.name(name), stat.S_IMODE(existing.st_mode), dir_fd=folder.fd)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a directory; `mode` as in `stat`, of a symlink itself; None when it is gone."""

    name: str
    mode: int | None
    size: int


def open_folder(root: Path, path: Path) -> Folder:
    """A directory below `root`, or `root` itself, open for listing; the caller closes it."""
    with _folder(root, path.relative_to(root).parts) as folder:
        if folder.fd is None:
            return folder
        return Folder(folder.path, os.open(".", _LIST, dir_fd=folder.fd))


def list_folder(root: Path, path: Path) -> list[Entry]:
    """The entries of a directory below `root` or of `root` itself, unsorted. Raises `OSError`."""
    folder = open_folder(root, path)
    try:
        return [_entry(entry) for entry in folder.scan()]
    finally:
        folder.close()


def is_real_folder(entry: os.DirEntry[str]) -> bool:
    """Whether an entry is a directory itself: no symlink, and no junction on Windows."""
    if not entry.is_dir(follow_symlinks=False):
        return False
    if os.name != "nt":
        return True
    attributes = getattr(entry.stat(follow_symlinks=False), "st_file_attributes", 0)
    return not attributes & stat.FILE_ATTRIBUTE_REPARSE_POINT


def _entry(entry: os.DirEntry[str]) -> Entry:
    try:
        status = entry.stat(follow_symlinks=False)
    except OSError:
        return Entry(entry.name, None, 0)
    return Entry(entry.name, status.st_mode, status.st_size)
