"""What there is to complete in this shell. Nothing here fails: what cannot be known is not offered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError

from a3s_code import A3SError, Session
from a3s_magics.control import VERBS
from a3s_magics.home import Home, Settings
from a3s_magics.images.log import ImageLog
from a3s_magics.matcher import paths_from, variables_of
from a3s_magics.options import LineParser, prompt_parser
from a3s_magics.tool_lines import tool_definition
from a3s_magics.tool_parser import tool_parser

if TYPE_CHECKING:
    from a3s_magics.tool_magics import ToolMagics


class ShellKnowledge:
    """Asks the session, which is made when there is none: that reads files and sends nothing."""

    def __init__(
        self,
        shell: Any,
        home: Callable[[], Home],
        settings: Callable[[], Settings],
        tools: ToolMagics,
        images: ImageLog,
    ) -> None:
        self._shell, self._home, self._settings = shell, home, settings
        self._tools, self._images = tools, images

    def models(self) -> Sequence[str]:
        """All configured models."""
        return self._home().agent(self._settings()).models() if self._session() else ()

    def names(self) -> Sequence[str]:
        """Names of this notebook's sessions."""
        try:
            return list(self._home().named_sessions(self._settings()))
        except A3SError:
            return ()

    def sessions(self) -> Sequence[str]:
        """Names of this notebook's sessions, and ids of the saved ones."""
        try:
            return [*self.names(), *self._home().saved_sessions(self._settings())]
        except A3SError:
            return ()

    def tools(self) -> Sequence[str]:
        """Names of the tools."""
        session = self._session()
        return session.tool_names() if session else ()

    def variables(self) -> Sequence[str]:
        """Names of the user's variables."""
        return variables_of(self._shell.user_ns, self._shell.user_ns_hidden)

    def cells_with_images(self) -> Sequence[int]:
        """Numbers of the cells that show an image."""
        return sorted({shown.cell for shown in self._images if shown.cell is not None})

    def slash_commands(self) -> Sequence[str]:
        """Slash commands of the session."""
        session = self._session()
        return [f"/{entry['name']}" for entry in session.list_commands()] if session else ()

    def verbs(self) -> Sequence[str]:
        """The commands of `%a3s`."""
        return VERBS

    def paths(self, typed: str) -> Sequence[str]:
        """Paths relative to the workspace."""
        return paths_from(self._home().folder(self._settings()), typed)

    def prompt_parser(self) -> LineParser:
        """The options of `%%a3s`."""
        return prompt_parser()

    def tool_parser(self, magic: str) -> LineParser | None:
        """The options of `%a3s_<tool>`."""
        tool, session = self._tools.tool_of(magic), None
        if tool is not None:
            session = self._session()
        if tool is None or session is None:
            return None
        try:
            return tool_parser(tool_definition(session, tool))
        except UsageError:  # a tool that has been taken away
            return None

    def _session(self) -> Session | None:
        try:
            return self._home().session(self._settings())
        except A3SError:
            return None
