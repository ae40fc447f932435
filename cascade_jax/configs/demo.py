r"""What `make demo` runs: the run of upright.py, seed 1.

  make demo

Seed 1 is one of the three that the schedule was tuned on, and the best
of them here: score 1.00, accuracy 0.98. Seed 0 gave 0.82 and 0.55, seed 2 0.78
and 0.63 (docs/results/upright_tuned.json). Rounding decides what becomes of a
seed, so on another machine it may come out otherwise. docs/results.md has five
seeds that nothing was tuned on.

The demo leaves out the rotation. With it, the shortest run that was good has
13,000 steps, most of them with the code, whose steps are the slower ones
(docs/dependable.md, "Shorter is possible").
"""

import ml_collections

from cascade_jax.configs import upright


def get_config() -> ml_collections.ConfigDict:
  config = upright.get_config()
  config.seed = 1
  return config
