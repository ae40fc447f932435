import numpy as np
import pytest

from cascade_jax import data

IMAGES = np.zeros((256, 4, 4))


def test_sizes_of_factors_outgrow_their_type():
  factors = np.arange(256, dtype=np.uint8)[:, None]
  assert data.from_arrays("mine", IMAGES, factors).factor_sizes == (256,)


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
      "2 class names for 1 values of 'b'",
    ),
  ],
)
def test_bad_descriptions_are_named(options, message):
  if options.keys() != {"class_factor"}:
    options = {"factors": np.zeros((256, 2), int), **options}
  with pytest.raises(ValueError, match=message):
    data.from_arrays("mine", IMAGES, **options)
