"""How does the suite live in pytest? Options, collection, fixtures and output: the only modules that import pytest."""

pytest_plugins = [
    "benchmarks.plugin.options",
    "benchmarks.plugin.benchmark",
    "benchmarks.plugin.collection",
    "benchmarks.plugin.run",
    "benchmarks.plugin.fixtures",
    "benchmarks.plugin.ending",
]
