"""The sample of images by which a run's models are watched while they train.

Shapes: n images in the sample.
"""

import itertools
from collections.abc import Sequence

import ml_collections
import numpy as np

from cascade_jax import data
from cascade_jax.evaluation import scores
from cascade_jax.evaluation.represent import compile_represent
from cascade_jax.methods import Method
from cascade_jax.sharding import Spread
from cascade_jax.types import Representation, TrainState


class Sample:
  """Images of a data set, always the same ones.

  Args:
    config: of the run; says how many.
    method: bare functions of one replica.
    dataset: on the devices of `spread`.
    spread: how replicas are held.

  Attributes:
    indices: `[n]`, of the images.
  """

  def __init__(
    self,
    config: ml_collections.ConfigDict,
    method: Method,
    dataset: data.DeviceDataset | data.StreamedDataset,
    spread: Spread,
  ) -> None:
    self.indices = scores.sample(len(dataset), config.evaluate_every_images)
    self._represent = compile_represent(method, dataset, spread)

  def representations(
    self, groups: Sequence[TrainState], discrete: bool
  ) -> list[Representation[np.ndarray]]:
    """Returns what each replica infers from the images.

    Args:
      groups: stacked states.
      discrete: whether the code is in use.
    """
    by_group = [
      zip(*self._represent(group.params, self.indices, discrete))
      for group in groups
    ]
    return [Representation(*arrays) for arrays in itertools.chain(*by_group)]
