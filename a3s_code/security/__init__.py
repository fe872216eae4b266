"""Keeping sensitive values out of what is shown, and noticing injected instructions."""
