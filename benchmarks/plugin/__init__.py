"""How does the suite live in pytest? Options, collection, fixtures and output: the only modules that import pytest."""

pytest_plugins = [
    "benchmarks.plugin.options",
    "benchmarks.plugin.collection",
    "benchmarks.plugin.fixtures",
    "benchmarks.plugin.neighbours",
    "benchmarks.plugin.run",
    "benchmarks.plugin.comparing",
    "benchmarks.plugin.showing",
    "benchmarks.plugin.ending",
]
