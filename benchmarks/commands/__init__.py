"""What can be done with runs besides measuring them? Commands, each started by `python -m benchmarks.commands.NAME`."""
