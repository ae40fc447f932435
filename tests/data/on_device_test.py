import jax
import numpy as np
import pytest

from cascade_jax import data, sharding
from cascade_jax.errors import UserError


def dataset_of(images, num_classes=3):
  kinds = np.arange(len(images)) % num_classes
  return data.from_arrays(
    "mine",
    images,
    factors=np.stack([np.zeros_like(kinds), kinds], axis=1),
    factor_names=("place", "kind"),
    class_factor="kind",
  )


def pixels(*shape, levels):
  return np.random.default_rng(0).integers(0, levels, shape, np.uint8)


@pytest.mark.parametrize(
  ("images", "bits"),
  [
    (pixels(7, 8, 8, 1, levels=2), 1),
    (pixels(7, 8, 8, 3, levels=256), 8),
  ],
  ids=["binary", "colour"],
)
def test_batches_are_the_images_of_their_indices(images, bits):
  dataset = dataset_of(images)
  on_device = data.to_device(dataset, sharding.spread(1))
  assert len(on_device) == 7 and on_device.bits == bits
  indices = np.array([4, 0, 4])
  batch = jax.jit(lambda dataset, rows: dataset.batch(rows))(on_device, indices)
  expected = images[indices] / (1 if bits == 1 else 255)
  np.testing.assert_allclose(batch.images, expected, rtol=1e-6)
  assert batch.images.dtype == np.float32
  assert batch.classes is None


def test_batches_of_supervised_methods_have_classes():
  dataset = dataset_of(pixels(7, 8, 8, 1, levels=2))
  on_device = data.to_device(
    dataset, sharding.spread(1), data.true_classes(dataset, (3,))
  )
  batch = on_device.batch(np.array([5, 0, 1]))
  np.testing.assert_array_equal(batch.classes, [2, 0, 1])
  assert batch.classes.dtype == np.int32


def test_images_in_aligned_memory_are_not_copied():
  rows = data.dataset.empty_images((1000, 8))
  rows[:] = 0
  dataset = data.Dataset("mine", rows, (8, 8, 1), 1)
  on_device = data.to_device(dataset, sharding.spread(1))
  copy = on_device.rows.addressable_shards[0].data
  assert copy.unsafe_buffer_pointer() == rows.ctypes.data


def test_classes_are_those_of_the_class_factor():
  dataset = dataset_of(pixels(7, 8, 8, 1, levels=2))
  for num_categories in ((3,), (4,), (2, 2), ()):
    classes = data.true_classes(dataset, num_categories)
    np.testing.assert_array_equal(classes, [0, 1, 2, 0, 1, 2, 0])


def test_data_without_classes_are_refused():
  dataset = dataset_of(pixels(7, 8, 8, 1, levels=2))
  with pytest.raises(UserError, match="'mine' has none; name its class_factor"):
    data.true_classes(dataset._replace(class_factor=None), (3,))


def test_more_classes_than_categories_are_refused():
  dataset = dataset_of(pixels(7, 8, 8, 1, levels=2), num_classes=4)
  with pytest.raises(UserError, match=r"is \(3,\), but .* go up to 3, from 0"):
    data.true_classes(dataset, (3,))
