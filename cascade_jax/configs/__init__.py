"""One file for each experiment; its docstring is the lab note."""
