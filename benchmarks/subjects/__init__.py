"""One module per subject: a `TITLE`, and `run(scale)` that measures and returns `Findings`."""
