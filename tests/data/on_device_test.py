import chex
import jax
import numpy as np
import pytest

from cascade_jax import data, sharding
from cascade_jax.data import on_device
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
  copied = data.to_device(dataset, sharding.spread(1))
  assert len(copied) == 7 and copied.bits == bits
  indices = np.array([4, 0, 4])
  batch = jax.jit(lambda dataset, rows: dataset.batch(rows))(copied, indices)
  expected = images[indices] / (1 if bits == 1 else 255)
  np.testing.assert_allclose(batch.images, expected, rtol=1e-6)
  assert batch.images.dtype == np.float32
  assert batch.classes is None


def test_batches_of_supervised_methods_have_classes():
  dataset = dataset_of(pixels(7, 8, 8, 1, levels=2))
  copied = data.to_device(
    dataset, sharding.spread(1), data.true_classes(dataset, (3,))
  )
  batch = copied.batch(np.array([5, 0, 1]))
  np.testing.assert_array_equal(batch.classes, [2, 0, 1])
  assert batch.classes.dtype == np.int32


@pytest.mark.parametrize("levels", [2, 256])
def test_parts_of_streamed_images_are_those_in_memory(
  tmp_path, monkeypatch, levels
):
  path = tmp_path / "mine.npz"
  images = pixels(50, 16, 16, 3, levels=levels)
  np.savez(path, images=images, labels=np.arange(50) % 3)
  in_memory, streamed = [
    data.to_device(dataset, sharding.spread(1), data.true_classes(dataset, ()))
    for dataset in (
      data.load("arrays", str(path), stream=stream) for stream in (False, True)
    )
  ]
  assert isinstance(streamed, data.StreamedDataset)
  assert len(streamed) == len(in_memory) == 50
  batches = np.random.default_rng(0).permutation(50)[:42].reshape(7, 6)
  whole = in_memory.batch(batches.ravel())
  for most_bytes, sizes in ((2**24, [7]), (1, [3, 2, 2])):
    monkeypatch.setattr(on_device, "_PART", most_bytes)
    parts = list(streamed.parts(batches))
    assert [len(places) for _, places in parts] == sizes
    got = [part.batch(places.ravel()) for part, places in parts]
    chex.assert_trees_all_equal(
      jax.tree.map(lambda *arrays: np.concatenate(arrays), *got), whole
    )
  part, places = streamed.part(batches)
  assert places.shape == batches.shape and len(part) == batches.size
  chex.assert_trees_all_equal(part.batch(places.ravel()), whole)


def test_images_in_aligned_memory_are_not_copied():
  rows = data.dataset.empty_images((1000, 8))
  rows[:] = 0
  dataset = data.Dataset("mine", rows, (8, 8, 1), 1)
  copied = data.to_device(dataset, sharding.spread(1))
  copy = copied.rows.addressable_shards[0].data
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
