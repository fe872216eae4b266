"""Which conversation a notebook goes on with: one small file for each notebook."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from a3s_magics.notebook import session_id_of


@dataclass(frozen=True, slots=True)
class Link:
    """A notebook, the session it goes on with, and the model chosen for it ("" for the default).

    `names` are the ids of the notebook's sessions that have a name. What belongs to no notebook is
    linked to its folder.
    """

    notebook: str
    session_id: str
    model: str = ""
    names: Mapping[str, str] = field(default_factory=dict)

    def knows(self, session_id: str) -> bool:
        """Whether the session is one of this notebook's."""
        return session_id == self.session_id or session_id in self.names.values()


class Links:
    """The links in a folder, which is made when the first one is written.

    What cannot be read counts as absent: the worst that follows is a new conversation.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def of(self, notebook: Path) -> Link | None:
        """The link of this notebook."""
        return _read(self._file(notebook))

    def write(
        self,
        notebook: Path,
        session_id: str,
        model: str = "",
        names: Mapping[str, str] | None = None,
    ) -> None:
        """Remember what the notebook goes on with; None leaves the names. Raises `OSError`."""
        known = self.of(notebook)
        if names is None:
            names = known.names if known else {}
        link = Link(str(notebook), session_id, model, names)
        if known == link:
            return
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        text = json.dumps(asdict(link))
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
            if link is None or not link.knows(session_id) or link.notebook == str(notebook):
                continue
            if Path(link.notebook).is_file():
                return Path(link.notebook)
        return None

    def release(self, session_id: str) -> Mapping[str, str]:
        """Drop the links of notebooks that are gone to a session that another one goes on with.

        A new notebook in their place then has nothing to do with it. Returns the names that they
        had for their sessions. Raises `OSError`.
        """
        names: dict[str, str] = {}
        for file in self._folder.glob("*.json"):
            link = _read(file)
            if link and link.knows(session_id) and not Path(link.notebook).exists():
                names |= link.names
                file.unlink(missing_ok=True)
        return names

    def _file(self, notebook: Path) -> Path:
        return self._folder / f"{session_id_of(notebook)}.json"


def _read(file: Path) -> Link | None:
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    match data:
        case {"notebook": str(notebook), "session_id": str(session_id), "model": str(model)}:
            names = data.get("names")
            known = names if isinstance(names, dict) else {}
            return Link(notebook, session_id, model, {str(k): str(v) for k, v in known.items()})
    return None
