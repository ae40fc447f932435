"""Codes for which the values of the metrics are known."""

import pathlib

import numpy as np

from cascade_jax.metrics import MetricInputs

SIZES = (3, 4, 5, 6)
FIXTURES = pathlib.Path(__file__).parents[1] / "fixtures"


def grid(repeats: int = 4) -> np.ndarray:
  """Returns all combinations of four factors, repeated: `[360 repeats, 4]`."""
  return np.tile(np.indices(SIZES).reshape(len(SIZES), -1).T, (repeats, 1))


def perfect(noise: float = 0.01) -> np.ndarray:
  """Returns a standardised column for each factor, with a little noise."""
  factors = grid()
  means = (factors - factors.mean(axis=0)) / factors.std(axis=0)
  return means + noise * np.random.default_rng(0).standard_normal(means.shape)


def permuted() -> np.ndarray:
  """Returns the perfect columns reordered, rescaled, and two with sign -1."""
  return perfect()[:, [2, 0, 3, 1]] * [1.0, -5.0, 0.1, -1.0] + 3.0


def rotated() -> np.ndarray:
  """Returns the first two columns, and the last two, mixed by 45 degrees."""
  turn = np.array([[1, 1], [-1, 1]]) / np.sqrt(2)
  means = perfect()
  return np.concatenate([means[:, :2] @ turn, means[:, 2:] @ turn], axis=1)


def duplicated() -> np.ndarray:
  """Returns the perfect columns twice."""
  return np.concatenate([perfect(), perfect()], axis=1)


def with_constant() -> np.ndarray:
  """Returns the perfect columns, and one that is always 2."""
  return np.concatenate([perfect(), np.full((len(grid()), 1), 2.0)], axis=1)


def noise() -> np.ndarray:
  """Returns four uninformative columns."""
  return np.random.default_rng(1).standard_normal((len(grid()), 4))


def more() -> np.ndarray:
  """Returns the perfect columns among three uninformative ones."""
  means = np.concatenate([noise()[:, :3], perfect()], axis=1)
  return means[:, [0, 3, 1, 4, 5, 2, 6]]


def fewer() -> np.ndarray:
  """Returns the perfect columns of the first two factors only."""
  return perfect()[:, :2]


def with_constant_factor() -> np.ndarray:
  """Returns `grid` with a fifth factor that has one value."""
  return np.concatenate([grid(), np.full((len(grid()), 1), 7)], axis=1)


def trained() -> dict[str, np.ndarray]:
  """Returns means, scales, categories and factors of 2,000 images.

  tests/fixtures/README.md describes the model.
  """
  with np.load(FIXTURES / "joint_vae_codes.npz") as file:
    return dict(file)


def trained_model(**changes) -> MetricInputs:
  """Returns the `trained` codes with shapes as classes, and the changes."""
  arrays = trained()
  return MetricInputs(
    arrays["factors"],
    arrays["means"],
    arrays["categories"],
    arrays["scales"],
    classes=arrays["factors"][:, 0],
  )._replace(**changes)
