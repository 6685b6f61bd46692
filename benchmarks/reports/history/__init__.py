"""How is a history told? A page in Markdown, with heat maps and lines through the versions.

`versions` says along which it runs, `tracks` estimates each quantity through them, `changes` says whose doing a change
is, what became of the graph and what people wrote about it, `page` tells it all, with all figures in tables, and
`pictures` draws, for which alone matplotlib is needed. Leaves out: the measuring (`benchmarks.commands.history`).
"""
