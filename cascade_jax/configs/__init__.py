"""One file for each experiment; its docstring is the lab note."""

NAMES = ("compact", "demo", "digits", "dsprites", "own", "smoke", "upright")
