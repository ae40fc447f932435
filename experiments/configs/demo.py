r"""What `make demo` runs: the compact run (see compact.py), seed 3.

  make demo

About ten minutes on two cores with everything, the environment included.
"""

from experiments.configs import compact


def get_config():
  config = compact.get_config()
  config.seed = 3
  return config
