"""The console script `cascade-jax`, which runs the commands by name."""

import os
import sys

from cascade_jax.commands import launch

COMMANDS = {
  "train": "Trains, scores and reports one run.",
  "sweep": "Trains and compares many runs, on this machine or on Slurm.",
  "reproduce": "Trains what is missing of the paper's tables.",
  "evaluate": "Scores a run's newest checkpoint and writes its report.",
  "score": "Scores anyone's codes, from an .npz file.",
  "rank": "Ranks runs without labels, and tells how well that works.",
  "information": "Draws what the latents of several runs know of the images.",
  "categories": "Draws what the categories of a run stand for.",
  "explore": "Writes a page to explore a model in a browser.",
  "k_means": "Scores k-means on pixels, the floor for categories.",
  "worth": "Tells which KL weights a factor or a dimension pays for.",
  "summarise": "Puts runs of several seeds into one file and table.",
  "compare": "Prints one table of several methods.",
  "benchmark": "Measures steps, solvers, evaluation and memory.",
}


def main() -> None:
  """Runs the command that `sys.argv` names, or lists the commands."""
  program, *arguments = sys.argv
  if not arguments or arguments[0] in ("--help", "-h"):
    print(_overview())
    return
  name, *rest = arguments
  if name not in COMMANDS:
    sys.exit(f"there is no command {name!r}; there are {', '.join(COMMANDS)}")
  # As with `python -m`, a config file can import modules of this folder.
  sys.path.append(os.getcwd())
  launch.run(name, [program, *rest], prefix="cascade-jax ")


def _overview() -> str:
  lines = ["usage: cascade-jax COMMAND [ARGUMENTS]", ""]
  lines += [f"  {name:12} {text}" for name, text in COMMANDS.items()]
  return "\n".join([*lines, "", "cascade-jax COMMAND --help says more of one."])


if __name__ == "__main__":
  main()
