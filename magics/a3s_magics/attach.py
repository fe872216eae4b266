"""From the words of a prompt's options to the attachments that are sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from IPython.core.error import UsageError

from a3s_code import Attachment, InvalidArgument
from a3s_magics.images.log import Shown
from a3s_magics.images.pick import NoImage, Source, Variable, pick
from a3s_magics.images.render import image_bytes
from a3s_magics.images.shrink import fitted

MAX_IMAGES = 20  # Anthropic looks more closely at up to 20; OpenAI takes 50 MB altogether
_MAX_FILE_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Attached:
    """An image that goes along, and what the reader is told about it."""

    attachment: Attachment
    name: str


def attached(
    wanted: Sequence[str],
    named: Sequence[Variable],
    *,
    shown: Iterable[Shown],
    variables: Mapping[str, Any],
    folder: Path,
) -> list[Attached]:
    """The images of `--attach` and then those of `@name`, each once.

    Raises `UsageError` in one line for the first that cannot be attached.
    """
    images = list(shown)
    with _refused("%%a3s --attach: "):
        picked = _each_once(
            source for reference in wanted for source in pick(reference, images, variables, folder)
        )
    sources = _each_once([*picked, *named])
    if len(sources) > MAX_IMAGES:
        raise UsageError(
            f"%%a3s: {len(sources)} images are more than the {MAX_IMAGES} of one prompt"
        )
    found = []
    for at, source in enumerate(sources):
        with _refused("%%a3s --attach: " if at < len(picked) else "%%a3s: @"):
            found.append(_attached(source))
    return found


def as_attachment(data: bytes, name: str) -> Attachment:
    """An attachment of a size that models accept. Raises `NoImage`."""
    if not data:
        raise NoImage(f"{name} is empty")
    try:
        Attachment.from_bytes(data[:64])
        return Attachment.from_bytes(fitted(data, name))
    except InvalidArgument:
        raise NoImage(f"{name} is not a PNG, JPEG, GIF or WebP image") from None


@contextmanager
def _refused(said: str) -> Iterator[None]:
    """Turn `NoImage`, whose message begins with the name of the culprit, into `UsageError`."""
    try:
        yield
    except NoImage as error:
        raise UsageError(f"{said}{error}") from None


def _each_once(sources: Iterable[Source]) -> list[Source]:
    seen: dict[object, Source] = {}
    for source in sources:
        key = ("variable", source.name) if isinstance(source, Variable) else source
        seen.setdefault(key, source)
    return list(seen.values())


def _attached(source: Source) -> Attached:
    match source:
        case Shown():
            name = (
                "an image of this cell" if source.cell is None else f"image of cell {source.cell}"
            )
            data = source.data
        case Variable():
            name, data = source.name, image_bytes(source.name, source.value)
        case Path():
            name, data = str(source), _read(source)
    return Attached(as_attachment(data, name), name)


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > _MAX_FILE_BYTES:
            raise NoImage(f"{path} has more than {_MAX_FILE_BYTES // 1024**2} MB")
        return path.read_bytes()
    except OSError as error:
        raise NoImage(f"{path} cannot be read: {error.strerror}") from None
