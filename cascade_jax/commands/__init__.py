"""Commands: the flags of each, and the call into the library.

A module defines `define_flags`, which registers the flags, and `main`, which
takes the rest of the command line. Importing it registers nothing.
"""
