"""How is convergence told? An answer, tables for each target, and survival curves.

`comparisons` finds when each training reached a target and compares the arms, `wording` has the sentences, `page` the
tables for a terminal and in Markdown, and `curves` draws, for which alone matplotlib is needed. Leaves out: the
training (`benchmarks.measuring.convergence`).
"""
