"""Saved sessions: their form, the plan of what to write, and the stores that keep them."""
