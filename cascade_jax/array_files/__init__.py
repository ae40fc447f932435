"""Files of arrays: read whole and unchanged, or refused in one line.

Nothing in a file is executed: arrays of Python objects, which NumPy would
unpickle, are refused.
"""
