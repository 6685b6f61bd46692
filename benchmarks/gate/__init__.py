"""What is concluded from blocks: the plan, the one loop, its criteria and their rules, the judgements and their words.

Leaves out: where blocks come from and how a verdict is shown.
"""
