"""Interchangeable ways to show a transcript: widgets, plain outputs, one final output, a terminal."""
