r"""What `make demo` runs: the compact run (see compact.py), seed 0.

  make demo

Seed 0 is one of those that the compact schedule was tuned on, and comes out
well; BUILD.md has five that it wasn't tuned on, of which some don't.
"""

from experiments.configs import compact


def get_config():
  return compact.get_config()
