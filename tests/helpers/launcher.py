"""Commands, as a user runs them: each in a process of its own."""

import subprocess
import sys


def launch(module, *arguments):
  return subprocess.run(
    [sys.executable, "-m", f"experiments.{module}", *map(str, arguments)],
    capture_output=True,
    text=True,
  )
