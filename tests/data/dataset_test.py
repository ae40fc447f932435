import chex
import jax.numpy as jnp
import numpy as np
import pytest
from absl.testing import parameterized

from cascade_jax import data
from cascade_jax.errors import UserError

MANY = np.zeros((256, 4, 4))


def images_of(dataset):
  return np.asarray(
    data.unpack(dataset.images, dataset.image_shape, dataset.bits)
  )


@pytest.mark.parametrize("kind", [bool, np.uint8, np.float32])
def test_binary_images_are_packed(kind):
  images = np.random.default_rng(0).integers(0, 2, (7, 8, 8)).astype(kind)
  dataset = data.from_arrays("mine", images)
  assert dataset.bits == 1 and dataset.images.shape == (7, 8)
  np.testing.assert_array_equal(images_of(dataset)[..., 0], images)


def test_images_of_0_and_255_are_binary_too():
  images = 255 * np.eye(8, dtype=np.uint8)[None]
  np.testing.assert_array_equal(
    images_of(data.from_arrays("mine", images))[0, ..., 0], np.eye(8)
  )


def test_one_grey_pixel_in_the_last_image_keeps_all_levels():
  images = np.zeros((2000, 4, 4))
  assert data.from_arrays("mine", images).bits == 1
  images[-1, 0, 0] = 0.5
  assert data.from_arrays("mine", images).bits == 8


def test_grey_and_colour_images_keep_their_levels():
  images = np.random.default_rng(0).integers(0, 256, (7, 8, 8, 3), np.uint8)
  dataset = data.from_arrays("mine", images)
  assert dataset.bits == 8 and dataset.image_shape == (8, 8, 3)
  np.testing.assert_allclose(images_of(dataset), images / 255, rtol=1e-6)


class UnpackTest(chex.TestCase):
  @chex.variants(with_jit=True, without_jit=True)
  @parameterized.parameters(
    ((6, 5, 3), 1, (5, 12)),  # 90 pixels fill 12 bytes, but not the last bits
    ((6, 5, 3), 8, (5, 6, 5, 3)),
    ((4, 4, 1), 1, (5, 2)),
  )
  def test_images_are_exact_and_traced_once(self, image_shape, bits, packed):
    chex.clear_trace_counter()
    traced = chex.assert_max_traces(
      lambda rows: data.unpack(rows, image_shape, bits), n=1
    )
    unpack = self.variant(traced)
    rng = np.random.default_rng(0)
    for _ in range(2):
      images = rng.integers(0, 2, (5, *image_shape), dtype=np.uint8)
      rows = data.pack(images) if bits == 1 else 255 * images
      chex.assert_shape(rows, packed)
      unpacked = unpack(rows)
      chex.assert_shape(unpacked, (5, *image_shape))
      chex.assert_type(unpacked, jnp.float32)
      np.testing.assert_array_equal(unpacked, images)


def test_factor_sizes_and_class_names_are_inferred():
  dataset = data.from_arrays(
    "mine",
    np.zeros((4, 8, 8)),
    factors=np.array([[0, 1], [1, 3], [2, 0], [0, 2]]),
    factor_names=("kind", "place"),
    class_factor="kind",
  )
  assert dataset.factor_sizes == (3, 4)
  assert dataset.class_names == ("kind 0", "kind 1", "kind 2")


@pytest.mark.parametrize(
  ("images", "options", "message"),
  [
    (np.zeros(4), {}, "images must have shape"),
    (np.zeros((0, 8, 8)), {}, "images must have shape"),
    (np.full((1, 8, 8), 1.5), {}, r"\[0, 1\]"),
    (np.full((1, 8, 8), np.nan), {}, r"\[0, 1\]"),
    (np.zeros((1, 8, 8), np.int64), {}, "int64"),
    (np.zeros((2, 8, 8)), {"factors": np.zeros((3, 1), int)}, r"\[2, F\]"),
    (np.zeros((2, 8, 8)), {"factors": np.zeros((2, 1))}, "integers"),
    (
      np.zeros((2, 8, 8)),
      {"factors": np.zeros((2, 1), int), "factor_names": ("a", "b")},
      "2 factor names for 1",
    ),
    (
      np.zeros((2, 8, 8)),
      {"factors": np.zeros((2, 1), int), "class_factor": "b"},
      "class_factor is 'b'",
    ),
  ],
)
def test_error_names_the_bad_array(images, options, message):
  with pytest.raises(UserError, match=message):
    data.from_arrays("mine", images, **options)


def test_factor_size_may_exceed_the_range_of_the_dtype():
  factors = np.arange(256, dtype=np.uint8)[:, None]
  assert data.from_arrays("mine", MANY, factors).factor_sizes == (256,)


def test_nearly_black_images_stay_nearly_black():
  images = np.full((2, 4, 4), 1 / 255)
  dataset = data.from_arrays("mine", images)
  unpacked = data.unpack(dataset.images, dataset.image_shape, dataset.bits)
  np.testing.assert_allclose(unpacked[..., 0], images, rtol=1e-6)


@pytest.mark.parametrize(
  ("options", "message"),
  [
    ({"class_factor": "a"}, "but no factors"),
    ({"factors": np.zeros((256, 0), int)}, r"\[256, F\].*got \(256, 0\)"),
    ({"factor_names": ("a", "a")}, "comes twice"),
    ({"class_names": ("one", "two")}, "no class_factor"),
    (
      {
        "factor_names": ("a", "b"),
        "class_factor": "b",
        "class_names": ("one", "two"),
      },
      "2 class names for 128 values of 'b'",
    ),
  ],
)
def test_error_names_the_bad_description(options, message):
  if options.keys() != {"class_factor"}:
    options = {"factors": np.arange(512).reshape(256, 2) // 4, **options}
  with pytest.raises(UserError, match=message):
    data.from_arrays("mine", MANY, **options)


@pytest.mark.parametrize(
  ("options", "text"),
  [
    ({}, "Dataset 'mine': 1,797 images of 16x16x1 (1 bit), no factors"),
    (
      {"labels": np.arange(1797) % 10},
      "Dataset 'mine': 1,797 images of 16x16x1 (1 bit), factors class (10)",
    ),
    (
      {
        "factors": np.stack([np.arange(1797) % 3, np.arange(1797)], 1),
        "factor_names": ("shape", "x"),
      },
      "Dataset 'mine': 1,797 images of 16x16x1 (1 bit), "
      "factors shape (3), x (1797)",
    ),
  ],
)
def test_data_set_is_printed_as_one_line(options, text):
  dataset = data.from_arrays("mine", np.zeros((1797, 16, 16)), **options)
  assert str(dataset) == repr(dataset) == text


def test_bits_of_grey_images_are_printed():
  assert "(8 bits)" in str(data.load("digits"))
