"""Sessions as in the session tests."""

from tests.session.conftest import new_session

__all__ = ["new_session"]
