r"""Puts faults into runs and prints a table of what became of these.

  python -m tests.faults [--long] [--seed=0] [--only=kills,damage] \
    [--output=FILE.md]

Each fault is tried on a tiny run, and what comes of it is compared with an
undisturbed one: the weights and all other arrays of the last checkpoint, the
log and the evaluation, bit for bit and times aside. An outcome is

- survived: the command goes on, or refuses in one line that names the file;
  once the file is put back or made again as the line says, all is equal;
- lost: what was saved is gone, the error is none of ours, or a command hangs;
- silent: something differs, and nothing was said.

Kinds: see `KINDS` below; each is a module of this folder. --only and --seed
repeat a case. The exit status is 1 if anything is lost or silent.
"""

import argparse
import pathlib
import signal
import sys
import tempfile
import time

import numpy as np

from tests import conftest  # noqa: F401 programs are compiled once, as in tests
from tests.faults import (
  clock,
  damage,
  full_disk,
  kills,
  lost_replicas,
  read_only,
  run,
  two_runs,
)
from tests.faults import outcomes as outcomes_lib
from tests.faults.scene import Scene

KINDS = {
  "kills": kills,
  "full_disk": full_disk,
  "read_only": read_only,
  "two_runs": two_runs,
  "lost_replicas": lost_replicas,
  "clock": clock,
  "damage": damage,
}


def main(arguments=None):
  """Tries the faults; returns the outcomes that are not "survived"."""
  parser = argparse.ArgumentParser(
    prog="python -m tests.faults",
    description=__doc__,
    formatter_class=argparse.RawDescriptionHelpFormatter,
  )
  parser.add_argument("--long", action="store_true", help="the full numbers")
  parser.add_argument("--seed", type=int, default=0)
  parser.add_argument("--only", default=",".join(KINDS), help="kinds of faults")
  parser.add_argument("--output", type=pathlib.Path, help="file for the table")
  flags = parser.parse_args(arguments)
  found = []
  with tempfile.TemporaryDirectory(prefix="faults_") as folder:
    scene = Scene(folder, run.BUILT_IN if flags.long else run.QUICK)
    for name in flags.only.split(","):
      rng = np.random.default_rng([flags.seed, list(KINDS).index(name)])
      tried = KINDS[name].outcomes(scene, rng, flags.long)
      for outcome in filter(None, tried):
        found.append(outcome)
        _say(name, len(found), outcome)
  size = " --long" if flags.long else ""
  command = f"python -m tests.faults{size} --seed={flags.seed}"
  table = outcomes_lib.to_markdown(found, command)
  print(table)
  if flags.output:
    flags.output.write_text(f"{table}\n")
  return [each for each in found if each.verdict != outcomes_lib.SURVIVED]


def _say(name, number, outcome):
  """Prints an outcome, with the kind by which --only repeats it."""
  now = time.strftime("%H:%M:%S")
  print(f"{now} {number:4} {name}: {': '.join(outcome[:3])}", flush=True)
  if outcome.why:
    print(f"    {outcome.why}", flush=True)


if __name__ == "__main__":
  # So that a small disk is unmounted, whoever ends this.
  signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
  sys.exit(1 if main() else 0)
