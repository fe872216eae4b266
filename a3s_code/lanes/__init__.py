"""The lane queue: how many commands of each kind run at once, and where."""
