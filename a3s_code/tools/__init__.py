"""Tools that a session offers to its model and to direct callers."""
