"""Agent sessions: the documented A3S Code API in pure Python."""
