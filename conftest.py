"""Register the suite's plugin with pytest."""

pytest_plugins = ["benchmarks.plugin"]
