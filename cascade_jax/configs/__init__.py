"""One file for each experiment; its docstring is the lab note."""

NAMES = (
  "compact",
  "demo",
  "digits",
  "dsprites",
  "mnist",
  "own",
  "smoke",
  "upright",
)
