"""Codes that a metric must know what to say of."""

import pathlib

import numpy as np

from cascade_jax.metrics import MetricInputs

SIZES = (3, 4, 5, 6)
FIXTURES = pathlib.Path(__file__).parents[1] / "fixtures"


def grid(repeats: int = 4) -> np.ndarray:
  """Each combination of four factors, so many times: `[360 repeats, 4]`."""
  return np.tile(np.indices(SIZES).reshape(len(SIZES), -1).T, (repeats, 1))


def perfect(noise: float = 0.01) -> np.ndarray:
  """A standardised column a factor, and a little noise."""
  factors = grid()
  means = (factors - factors.mean(axis=0)) / factors.std(axis=0)
  return means + noise * np.random.default_rng(0).standard_normal(means.shape)


def permuted() -> np.ndarray:
  """The perfect columns in another order, two turned round and rescaled."""
  return perfect()[:, [2, 0, 3, 1]] * [1.0, -5.0, 0.1, -1.0] + 3.0


def rotated() -> np.ndarray:
  """The first two factors, and the last two, mixed by 45 degrees."""
  turn = np.array([[1, 1], [-1, 1]]) / np.sqrt(2)
  means = perfect()
  return np.concatenate([means[:, :2] @ turn, means[:, 2:] @ turn], axis=1)


def duplicated() -> np.ndarray:
  """The perfect columns, and each one again."""
  return np.concatenate([perfect(), perfect()], axis=1)


def with_constant() -> np.ndarray:
  """The perfect columns, and one that is always 2."""
  return np.concatenate([perfect(), np.full((len(grid()), 1), 2.0)], axis=1)


def noise() -> np.ndarray:
  """Four columns that know nothing."""
  return np.random.default_rng(1).standard_normal((len(grid()), 4))


def more() -> np.ndarray:
  """The perfect columns among three that know nothing."""
  means = np.concatenate([noise()[:, :3], perfect()], axis=1)
  return means[:, [0, 3, 1, 4, 5, 2, 6]]


def fewer() -> np.ndarray:
  """The perfect columns of the first two factors only."""
  return perfect()[:, :2]


def with_constant_factor() -> np.ndarray:
  """`grid`, and a fifth factor that has one value."""
  return np.concatenate([grid(), np.full((len(grid()), 1), 7)], axis=1)


def trained() -> dict[str, np.ndarray]:
  """means, scales, categories, factors of 2,000 images; fixtures/README.md."""
  with np.load(FIXTURES / "joint_vae_codes.npz") as file:
    return dict(file)


def trained_model(**changes) -> MetricInputs:
  """All that is known of the `trained` codes; shapes are the classes."""
  arrays = trained()
  return MetricInputs(
    arrays["factors"],
    arrays["means"],
    arrays["categories"],
    arrays["scales"],
    classes=arrays["factors"][:, 0],
  )._replace(**changes)
