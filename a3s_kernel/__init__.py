"""The A3S kernel for Jupyter: IPython with `%%a3s` ready before the first cell."""
