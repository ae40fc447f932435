"""The paper's tables, made again: which runs, which files, which pages.

A study is a table of many runs. Its results are kept in a folder, one file for
each row, which is committed: a run that a file has need not be trained again,
on this machine or on another.
"""
