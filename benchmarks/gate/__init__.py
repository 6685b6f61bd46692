"""What is concluded from blocks: the plan of the gate, its rules, its sequence, and its words.

Leaves out: where blocks come from and how a verdict is shown.
"""
