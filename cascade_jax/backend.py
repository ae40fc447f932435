"""Every decision that depends on the backend, in one record."""

from typing import NamedTuple

import jax

# Between calls of several steps each, a run notices a signal to stop.
_MOST_STEPS_PER_CALL = 100


class Backend(NamedTuple):
  """What is fast on one of XLA's backends; the results are the same on all.

  Attributes:
    fast_networks: whether the networks default to those of
      `networks.fast_conv` and to one forward pass a step.
    stacks_replicas: whether one program takes several replicas of a device.
    steps_per_call: most training steps that one call of a program takes.
    representation_batch: images that are encoded at once in an evaluation.
    product_size: rows of the matrix product that a benchmark compares with.
  """

  fast_networks: bool
  stacks_replicas: bool
  steps_per_call: int
  representation_batch: int
  product_size: int


# Measured on two cores (docs/performance.md). XLA's CPU backend runs the body
# of a loop on one core and without its fast kernels: a step took 2.5 times as
# long as by itself at 64x64 pixels, 8 times at 32x32. Under vmap (grouped
# convolutions) a replica takes 1.3 to 1.6 times as long. Batches of 512 images
# leave the caches: 2,000 images a second instead of 3,700 in batches of 64.
_CPU = Backend(
  fast_networks=True,
  stacks_replicas=False,
  steps_per_call=1,
  representation_batch=64,
  product_size=2048,
)
# Not measured yet: plain networks, and as few calls as possible.
_ACCELERATOR = Backend(
  fast_networks=False,
  stacks_replicas=True,
  steps_per_call=_MOST_STEPS_PER_CALL,
  representation_batch=512,
  product_size=8192,
)


def backend() -> Backend:
  """Returns the decisions for JAX's default backend."""
  return _CPU if jax.default_backend() == "cpu" else _ACCELERATOR
