"""Sessions as in the session tests."""

from tests.session.conftest import ask, kind, new_session

__all__ = ["ask", "kind", "new_session"]
