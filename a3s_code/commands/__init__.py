"""Slash commands: what a prompt that begins with `/` does instead of asking the model."""
