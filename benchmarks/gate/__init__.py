"""What is concluded from blocks: the plan, the one loop, its criteria and their rules, the judgements.

Leaves out: where blocks come from, and the words (`benchmarks.reports`).
"""
