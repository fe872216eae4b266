"""Which conversation a notebook goes on with: one small file for each notebook."""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from a3s_magics.notebook import session_id_of


@dataclass(frozen=True, slots=True)
class Link:
    """A notebook, the session it goes on with, and the model chosen for it ("" for the default)."""

    notebook: str
    session_id: str
    model: str = ""


class Links:
    """The links in a folder, which is made when the first one is written.

    What cannot be read counts as absent: the worst that follows is a new conversation.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def of(self, notebook: Path) -> Link | None:
        """The link of this notebook."""
        return _read(self._file(notebook))

    def write(self, notebook: Path, session_id: str, model: str = "") -> None:
        """Remember what the notebook goes on with. Raises `OSError`."""
        link = Link(str(notebook), session_id, model)
        if self.of(notebook) == link:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(
            {"notebook": link.notebook, "session_id": link.session_id, "model": link.model}
        )
        # Readable by the owner only, and whole at every moment.
        descriptor, temporary = tempfile.mkstemp(dir=self._folder, suffix=".tmp")
        try:
            with open(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
            os.replace(temporary, self._file(notebook))
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary)
            raise

    def forget(self, notebook: Path) -> None:
        """The notebook begins anew. Raises `OSError`."""
        self._file(notebook).unlink(missing_ok=True)

    def other_owner(self, session_id: str, notebook: Path) -> Path | None:
        """Another notebook, still in its place, that goes on with this session."""
        for file in sorted(self._folder.glob("*.json")):
            link = _read(file)
            if link is None or link.session_id != session_id or link.notebook == str(notebook):
                continue
            if Path(link.notebook).is_file():
                return Path(link.notebook)
        return None

    def release(self, session_id: str) -> None:
        """Drop the links of notebooks that are gone to a session that another one goes on with.

        A new notebook in their place then has nothing to do with it. Raises `OSError`.
        """
        for file in self._folder.glob("*.json"):
            link = _read(file)
            if link and link.session_id == session_id and not Path(link.notebook).is_file():
                file.unlink(missing_ok=True)

    def _file(self, notebook: Path) -> Path:
        return self._folder / f"{session_id_of(notebook)}.json"


def _read(file: Path) -> Link | None:
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    match data:
        case {"notebook": str(notebook), "session_id": str(session_id), "model": str(model)}:
            return Link(notebook, session_id, model)
    return None
