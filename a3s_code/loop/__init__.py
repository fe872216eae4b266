"""The rules of an agent's loop, without any input or output."""
