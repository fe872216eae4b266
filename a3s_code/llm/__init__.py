"""Talking to model servers: pure codecs, one HTTP client."""
