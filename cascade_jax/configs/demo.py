r"""What `make demo` runs: the compact run (see compact.py), seed 1.

  make demo

Seed 1 is one of the three that the compact schedule was tuned on, and the best
of them here: score 1.00, accuracy 0.98. Seed 0 gave 0.82 and 0.55, seed 2 0.78
and 0.63 (docs/results/compact_tuned.json). Rounding decides what becomes of a
seed, so on another machine it may come out otherwise. docs/results.md has five
seeds that nothing was tuned on.
"""

from cascade_jax.configs import compact


def get_config():
  config = compact.get_config()
  config.seed = 1
  return config
