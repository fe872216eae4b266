"""Benchmarks beside the peers: `python -m benchmarks [names]`.

One file per subject. What is measured runs in processes of its own, from the scripts in
`measured/`, which speak only the documented API and so run unchanged under the peers' interpreters.
"""
