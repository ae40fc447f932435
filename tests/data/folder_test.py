"""A folder of images is a data set, and its sub-folders are the classes."""

import struct

import numpy as np
import pytest
from PIL import Image, ImageOps

from cascade_jax import data
from cascade_jax.data import fit
from cascade_jax.errors import UserError
from tests.helpers.dsprites_file import cut


def random_images(*shape):
  return np.random.default_rng(0).integers(0, 256, shape, np.uint8)


def save(path, pixels, mode=None, **options):
  path.parent.mkdir(parents=True, exist_ok=True)
  image = Image.fromarray(np.squeeze(pixels))
  (image.convert(mode) if mode else image).save(path, **options)


def load(path, **options):
  return data.load("folder", str(path), **options)


def test_sub_folders_are_classes(tmp_path):
  images = random_images(6, 16, 16, 3)
  names = ["b/10.png", "a/2.png", "a/1.png", "b/9.png", "c/x.bmp", "a/10.png"]
  for name, image in zip(names, images):
    save(tmp_path / "pets" / name, image)
  for junk in (".DS_Store", "a/.hidden.png", "a/Thumbs.db", ".git/x"):
    (tmp_path / "pets" / junk).parent.mkdir(exist_ok=True)
    (tmp_path / "pets" / junk).write_text("no image")
  dataset = load(tmp_path / "pets")
  order = np.argsort(names)
  np.testing.assert_array_equal(dataset.images, images[order])
  np.testing.assert_array_equal(dataset.classes, [0, 0, 0, 1, 1, 2])
  assert dataset.class_names == ("a", "b", "c")
  assert dataset.name == "pets" and dataset.class_factor == "class"


def test_images_directly_in_the_folder_have_no_classes(tmp_path):
  images = random_images(3, 16, 16, 1)
  for index, image in enumerate(images):
    save(tmp_path / f"{index}.png", image)
  dataset = load(tmp_path)
  np.testing.assert_array_equal(dataset.images, images)
  assert dataset.factors is None


@pytest.mark.parametrize(
  ("mode", "suffix", "channels"),
  [
    ("1", ".png", 1),
    ("L", ".png", 1),
    ("RGB", ".png", 3),
    ("P", ".png", 3),
    ("L", ".gif", 1),
    ("RGB", ".gif", 3),
    ("RGB", ".bmp", 3),
    ("RGB", ".webp", 3),
    ("RGBA", ".png", 3),  # opaque
    ("LA", ".png", 1),  # opaque
    ("RGB", ".tiff", 3),
    ("CMYK", ".tiff", 3),
  ],
)
def test_every_mode_becomes_grey_or_colour(tmp_path, mode, suffix, channels):
  # Few colours, so that a palette holds them.
  pixels = random_images(16, 16, 3) // 128 * 255
  options = {"lossless": True} if suffix == ".webp" else {}
  save(tmp_path / f"0{suffix}", pixels, mode, **options)
  expected = np.asarray(Image.fromarray(pixels).convert(mode).convert("RGB"))
  dataset = load(tmp_path)
  assert dataset.image_shape == (16, 16, channels)
  unpacked = np.asarray(
    data.unpack(dataset.images, dataset.image_shape, dataset.bits)
  )
  np.testing.assert_allclose(
    unpacked[0], expected[..., :channels] / 255, atol=1e-6
  )


def test_jpeg_is_nearly_what_was_saved_and_turned_as_its_camera_says(tmp_path):
  pixels = np.zeros((16, 16, 3), np.uint8)
  pixels[:8] = 200
  exif = Image.Exif()
  exif[0x0112] = 3  # upside down
  save(tmp_path / "0.jpg", pixels, exif=exif)
  dataset = load(tmp_path)
  np.testing.assert_allclose(dataset.images[0, 8:, :, 0], 200, atol=8)
  np.testing.assert_allclose(dataset.images[0, :8, :, 0], 0, atol=8)


def test_grey_among_colour_images_gets_three_channels(tmp_path):
  colour, grey = random_images(16, 16, 3), random_images(16, 16, 1)
  save(tmp_path / "0.png", grey)
  save(tmp_path / "1.png", colour)
  dataset = load(tmp_path)
  np.testing.assert_array_equal(dataset.images[0], np.tile(grey, 3))
  np.testing.assert_array_equal(dataset.images[1], colour)


def test_binary_images_are_packed(tmp_path):
  save(tmp_path / "0.png", random_images(16, 16) // 128 * 255)
  assert load(tmp_path).bits == 1


def test_first_frame_of_an_animation_counts(tmp_path):
  frames = [Image.new("L", (16, 16), level) for level in (100, 200)]
  frames[0].save(tmp_path / "0.gif", save_all=True, append_images=frames[1:])
  assert np.unique(load(tmp_path).images) == [100]


def test_images_of_different_sizes_are_fitted_to_one(tmp_path, caplog):
  images = [random_images(h, w, 1) for h, w in ((20, 30), (32, 32), (17, 9))]
  for index, image in enumerate(images):
    save(tmp_path / f"{index}.png", image)
  caplog.set_level("INFO", "absl")
  dataset = load(tmp_path, fit="pad")
  for fitted, image in zip(dataset.images, images):
    np.testing.assert_array_equal(fitted, fit.fitted(image, "pad"))
  assert "20x30 pixels are padded" in caplog.text
  assert "32x32 pixels are" not in caplog.text


def make_text(path):
  path.write_text("no image")


def make_transparent(path):
  rgba = random_images(16, 16, 4)
  Image.fromarray(rgba).save(path)


def make_palette_transparent(path):
  image = Image.fromarray(random_images(16, 16) // 16).convert("P")
  image.save(path, transparency=0)


def make_deep(path):
  Image.fromarray(random_images(16, 16).astype(np.uint16)).save(path)


def make_large(path):
  Image.new("L", (257, 16)).save(path)


def make_bomb(path):
  Image.new("1", (10_000, 10_000)).save(path)


def make_other_size(path):
  Image.new("L", (32, 32)).save(path)


def make_other_format(path):
  Image.new("L", (16, 16)).save(path, format="PCX")


@pytest.mark.parametrize(
  ("damage", "message"),
  [
    (cut, "is not a whole image"),
    (make_text, "is not a whole image"),
    (make_other_format, "is not a whole image"),
    (make_transparent, "transparent pixels"),
    (make_palette_transparent, "transparent pixels"),
    (make_deep, "mode I;16; save it with 8 bits"),
    (make_large, "16x257 pixels; both sides must lie in"),
    (make_bomb, "exceeds limit"),
    (make_other_size, "would be fitted to 32x32, but .*0.png to 16x16"),
  ],
)
def test_error_names_the_bad_file(tmp_path, damage, message):
  for index in range(3):
    save(tmp_path / f"{index}.png", random_images(16, 16))
  damage(tmp_path / "1.png")
  with pytest.raises(UserError, match=message) as refused:
    load(tmp_path)
  assert "1.png" in str(refused.value) and "\n" not in str(refused.value)
  with pytest.raises(UserError, match=message) as refused:
    load(tmp_path, stream=True).images[np.arange(3)]
  assert "1.png" in str(refused.value) and "\n" not in str(refused.value)


@pytest.mark.parametrize(
  ("images", "options"),
  [
    ([random_images(16, 16, 3)] * 3, {}),
    ([random_images(16, 16)] * 2 + [random_images(16, 16, 3)], {}),
    ([random_images(16, 16)] * 3, {"mode": "RGB"}),
    ([random_images(16, 16) // 128 * 255] * 3, {}),
    ([random_images(20, 30, 3), random_images(32, 32)], {"fit": "pad"}),
    ([random_images(20, 30, 3), random_images(30, 32)], {"fit": "resize"}),
  ],
  ids=["colour", "mixed", "grey as colour", "binary", "pad", "resize"],
)
def test_streamed_images_are_those_in_memory(tmp_path, caplog, images, options):
  mode = options.pop("mode", None)
  for index, image in enumerate(images):
    save(tmp_path / "pets" / "ab"[index % 2] / f"{index}.png", image, mode)
  caplog.set_level("INFO", "absl")
  in_memory = load(tmp_path / "pets", **options)
  said = caplog.text.count("pixels are")
  streamed = load(tmp_path / "pets", stream=True, **options)
  indices = np.arange(len(images))[::-1]
  np.testing.assert_array_equal(
    streamed.images[indices], in_memory.images[indices]
  )
  assert str(streamed) == str(in_memory)
  np.testing.assert_array_equal(streamed.classes, in_memory.classes)
  assert caplog.text.count("pixels are") == 2 * said


def test_error_names_the_wrong_folder(tmp_path):
  with pytest.raises(UserError, match="nowhere'; it must be a folder"):
    load(tmp_path / "nowhere")
  with pytest.raises(UserError, match="is empty; it must hold images"):
    load(tmp_path)
  save(tmp_path / "a" / "0.png", random_images(16, 16))
  (tmp_path / "b").mkdir()
  with pytest.raises(UserError, match="b is empty; a class is a folder"):
    load(tmp_path)
  save(tmp_path / "b" / "c" / "0.png", random_images(16, 16))
  with pytest.raises(UserError, match="b holds the folder c; a class"):
    load(tmp_path)
  save(tmp_path / "0.png", random_images(16, 16))
  with pytest.raises(UserError, match=r"such as 0\.png, and sub-folders, such"):
    load(tmp_path)


def test_wrong_tags_of_a_whole_image_are_no_matter(tmp_path):
  """Pillow warns of them, without the name of the file."""
  tag = struct.pack("<2sHL3H2L", b"II", 42, 8, 1, 0x010F, 2, 64, 10**6)
  save(tmp_path / "a.jpg", random_images(16, 16), exif=b"Exif\0\0" + tag)
  with pytest.warns(UserWarning, match="Corrupt EXIF data|larger than file"):
    ImageOps.exif_transpose(Image.open(tmp_path / "a.jpg"))
  assert len(load(tmp_path).images) == 1
