"""Sessions and shells as in their own tests."""

from tests.magics.conftest import loaded, shell, workspace
from tests.session.conftest import kind, new_session

__all__ = ["kind", "loaded", "new_session", "shell", "workspace"]
