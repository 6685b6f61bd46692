"""Pure arithmetic from raw slices to intervals: estimators, positions, summaries, intervals, multiplicity, power.

Leaves out: files, clocks, TensorFlow and every verdict.
"""
