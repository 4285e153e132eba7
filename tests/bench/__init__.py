"""`make bench`: what the product costs and how fast it is, measured on real engines in one run.

Each measurement names what it does in its docstring, so that a figure can be judged. Ratios are
taken side by side, round by round, on the same engines. Nothing here is a test: figures depend on
the machine, so they are printed and kept, and compared with aims by people.
"""
