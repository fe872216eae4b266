"""Prompts of a session that are sent again and again."""
