"""A performance regression suite for sample weighting in TensorFlow.

The house has floors, and a floor imports only from the floors below it. F0: `units`, `errors`. F1: `records`,
`protocols`, and on them `questions`, one row each, and `stopwatch`. F2: `methods`, `workloads` and `probes` (these
three import TensorFlow) and `stats`. F3: `blocks`, `baselines`, `verdicts`. F4: `reports`, and above them `sources`,
which ask targets for what is judged. F5: `plugin`, the only part that imports pytest, `commands` and `studies`. The
`test_*.py` files ask one question each; `axes` and `sweeps` hold what they are swept over.
"""
