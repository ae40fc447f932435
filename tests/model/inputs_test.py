import numpy as np
import pytest

from cascade_jax.errors import UserError
from cascade_jax.model import inputs

SHAPE = (16, 16, 1)


@pytest.mark.parametrize(
  "images",
  [
    np.ones((2, 16, 16, 1), bool),
    np.ones((2, 16, 16), np.uint8),  # 0 and 1, no level above 1
    np.full((2, 16, 16, 1), 255, np.uint8),
    np.ones((2, 16, 16, 1), np.float64),
  ],
)
def test_all_types_of_images_have_the_same_range(images):
  rows = inputs.host_images(images, SHAPE)
  assert rows[np.arange(2)].shape == (2, *SHAPE)
  np.testing.assert_array_equal(rows[np.arange(2)], 1)


@pytest.mark.parametrize(
  ("images", "message"),
  [
    (np.zeros((16, 16)), r"shape \(16, 16\).*write x\[None\] for a single"),
    (np.zeros((16, 16, 1)), r"write x\[None\]"),
    (np.zeros((2, 1, 16, 16)), r"takes \[N, 16, 16, 1\] or \[N, 16, 16\]"),
    (np.zeros((0, 16, 16, 1)), "no axis empty"),
    (np.full((2, 16, 16, 1), 200.0), r"float images must lie in \[0, 1\]"),
    (np.full((2, 16, 16, 1), 200), "bool, uint8 or float"),
    (np.full((2, 16, 16, 1), np.nan), r"\[0, 1\]"),
  ],
)
def test_images_of_another_kind_are_refused(images, message):
  with pytest.raises(UserError, match=message):
    inputs.host_images(images, SHAPE)


def test_images_are_fitted_as_those_of_the_training_were():
  digits = np.full((2, 28, 28), 255, np.uint8)
  rows = inputs.host_images(digits, (32, 32, 1))  # 28x28 is padded unasked
  padded = rows[np.arange(2)]
  assert padded.shape == (2, 32, 32, 1) and padded[:, 2:30, 2:30].all()
  assert padded.sum() == digits.size
  with pytest.raises(UserError, match=r"takes \[N, 32, 32, 1\]"):
    inputs.host_images(digits[:, :20], (32, 32, 1))
  rows = inputs.host_images(digits[:, :20], (32, 32, 1), fit="pad")
  assert rows[np.arange(2)].sum() == 2 * 20 * 28


def test_colour_images_need_their_channels():
  with pytest.raises(UserError, match=r"takes \[N, 16, 16, 3\]$"):
    inputs.host_images(np.zeros((2, 16, 16)), (16, 16, 3))


@pytest.mark.parametrize(
  ("values", "message"),
  [
    (np.zeros(3), r"takes \[N, 3\]; write x\[None\]"),
    (np.zeros((2, 4)), r"takes \[N, 3\]$"),
    (np.zeros((0, 3)), r"takes \[N, 3\]$"),
    (np.full((2, 3), np.inf), "finite"),
  ],
)
def test_latents_of_another_kind_are_refused(values, message):
  with pytest.raises(UserError, match=message):
    inputs.latents(values, 3)


@pytest.mark.parametrize(
  ("categories", "sizes", "expected"),
  [
    (None, (), [-1, -1]),
    (np.zeros((2, 0), int), (), [-1, -1]),
    (1, (3,), [1, 1]),
    ([2, 0], (3,), [2, 0]),
    ([[2], [0]], (3,), [2, 0]),
    ([[1, 3], [2, 0]], (3, 4), [7, 8]),
    ([1, 3], (3, 4), [7, 7]),  # one joint category for all rows
  ],
)
def test_joint_categories_are_numbered_like_a_product(
  categories, sizes, expected
):
  joint = inputs.joint_categories(categories, sizes, 2)
  assert joint.dtype == np.int32
  np.testing.assert_array_equal(joint, expected)


@pytest.mark.parametrize(
  ("categories", "sizes", "message"),
  [
    (1, (), "no discrete code"),
    (None, (3,), "categories are missing"),
    (3, (3,), r"lie in \[3, 3\]"),
    (-1, (3,), r"lie in \[-1, -1\]"),
    ([0.5, 1.0], (3,), "integers"),
    ([0, 1, 2], (3,), r"need \[2, 1\]"),
  ],
)
def test_categories_that_the_model_has_not_are_refused(
  categories, sizes, message
):
  with pytest.raises(UserError, match=message):
    inputs.joint_categories(categories, sizes, 2)
