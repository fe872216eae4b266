"""The embedded model: its file, the server that answers for it, and the commands to manage it."""
