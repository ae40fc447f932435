"""Stands in for the training of a cell: takes a moment, or fails.

python -m tests.sweep.trainer FOLDER WHAT
"""

import pathlib
import signal
import sys
import time

from cascade_jax.runs import json_file

STEPS = 10
# As in `evaluation.evaluation_file`, whose import takes seconds.
_NAME, _KIND = "evaluation.json", json_file.Kind("evaluation")


def main(folder: pathlib.Path, what: str) -> None:
  """Ends well, fails, or waits for a signal once and ends well later."""
  mark = folder / "was_here"
  with mark.open("a") as file:
    file.write(what + "\n")
  if what == "fails":
    sys.exit("DivergenceError: training of seed 1 has diverged")
  if what == "waits" and len(mark.read_text().splitlines()) == 1:
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    (folder / "waiting").touch()
    time.sleep(60)
  evaluation = {
    "step": STEPS,
    "seed": 0,
    "dataset": "tiny",
    "num_images": 1,
    "kl": None,
    "protocol": {},
  }
  json_file.write(folder / _NAME, _KIND, evaluation)


if __name__ == "__main__":
  main(pathlib.Path(sys.argv[1]), sys.argv[2])
