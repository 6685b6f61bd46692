"""Where do a case's blocks and readings come from? They are asked of a target one after the other, and remembered.

Leaves out: pytest, and what is concluded from them. A case that is measured in two targets takes a block of each at a
time (`pairs`).
"""
