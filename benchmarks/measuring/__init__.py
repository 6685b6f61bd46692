"""How does a case come to its report? Its blocks are measured in one target or in pairs, judged, and reported.

Leaves out: pytest, and the rules (`benchmarks.gate`).
"""
