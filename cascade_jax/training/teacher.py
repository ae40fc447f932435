"""The guessed categories that codes are taught from.

Shapes: N images, R replicas, B batch.
"""

import numpy as np

from cascade_jax import connectivity, data, hosts
from cascade_jax.activity import activity
from cascade_jax.methods.method import GuessSettings, Method
from cascade_jax.types import Representation


class Teacher:
  """Guesses the categories of a data set when they are first asked for.

  A guess takes seconds to minutes and is a function of the data set and the
  seed alone, so a resumed run makes it again.

  Args:
    dataset: of N images.
    num_categories: S of the discrete variable.
    settings: of the guess.
  """

  def __init__(
    self, dataset: data.Dataset, num_categories: int, settings: GuessSettings
  ) -> None:
    self._dataset = dataset
    self._num_categories = num_categories
    self._settings = settings
    self._guesses: dict[int, np.ndarray] = {}

  def categories(self, seed: int, indices: np.ndarray) -> np.ndarray:
    """Returns the categories, int32, that the guess of a seed has for images.

    Args:
      seed: of the replica that is taught.
      indices: of images, of any shape, which is that of the result.

    Raises:
      UserError: the images have no such categories; see `connectivity`.
    """
    if seed not in self._guesses:
      self._guesses[seed] = self._guess(seed)
    return self._guesses[seed][indices]

  def _guess(self, seed: int) -> np.ndarray:
    """Returns the categories `[N]` of all images."""
    images = data.HostImages(self._dataset)
    what = f"seed {seed}: guessing the categories of the images"
    with activity(what), hosts.together():
      guess = connectivity.guess_categories(
        lambda indices: images[indices].astype(np.float32, copy=False),
        len(images),
        self._num_categories,
        seed=seed,
        registration=self._settings.registration,
        cut=self._settings.cut,
      )
    return hosts.from_first(guess.categories)


def teacher_of(method: Method, dataset: data.Dataset) -> Teacher | None:
  """Returns the teacher of a method with taught stages; None for others."""
  if method.guess is None:
    return None
  (num_categories,) = method.num_categories
  return Teacher(dataset, num_categories, method.guess)


def agreement(
  teacher: Teacher | None,
  indices: np.ndarray,
  seed: int,
  representation: Representation[np.ndarray],
) -> dict[str, float]:
  """Returns how far a model's categories are still those that were guessed.

  Args:
    teacher: of the run; None for methods without taught stages.
    indices: of the images.
    seed: of the replica.
    representation: of these images, by the replica.

  Returns:
    `guess_agreement`, the share of images whose most likely category is the
    guessed one; nothing without a teacher or while the code is off.
  """
  if teacher is None or not representation.categories.shape[1]:
    return {}
  guess = teacher.categories(seed, indices)
  same = representation.categories[:, 0] == guess
  return {"guess_agreement": float(same.mean())}
