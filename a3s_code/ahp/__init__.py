"""External supervision: a harness outside of this process judges what a session does."""
