"""A folder of images, one file an image and one sub-folder a class.

Pixels become uint8: grey images have one channel and colour images three; where
grey and colour images are mixed, all have three. An image is grey if its red,
green and blue are equal, whatever its file says. An alpha channel that is
opaque everywhere is dropped. Any other is refused, because what lies behind the
transparent pixels is the user's choice. Of animations, the first frame counts.
"""

import contextlib
import pathlib
import warnings
from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageOps

from cascade_jax.array_files import memory
from cascade_jax.array_files.damage import named
from cascade_jax.data.dataset import Dataset, from_arrays
from cascade_jax.data.fit import fitted, log_fit, side_of
from cascade_jax.data.streamed_images import StreamedImages, streamed_dataset
from cascade_jax.errors import UserError, one_line

# All of them hold pixels only; others of Pillow's formats run programs.
_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "PPM", "TIFF", "WEBP")
_GREY = ("1", "L")  # modes that have no colours
_MODES = ("1", "L", "P", "RGB", "CMYK", "YCbCr")  # of 8 bits without alpha
_NO_IMAGES = ("Thumbs.db", "desktop.ini")  # as file managers leave behind


def load(path: pathlib.Path, fit: str = "", stream: bool = False) -> Dataset:
  """Makes a data set of the images in a folder, in the order of their names.

  Args:
    path: the folder. The images lie either in it, and have no classes, or in
      its sub-folders, each of which is a class. Hidden files are skipped.
    fit: how to fit the images to the networks; see `fit.fitted`. Images of
      different sizes are allowed if they are fitted to the same one.
    stream: whether images are decoded when they are needed. What is in the
      files is checked then, except for their sizes.

  Raises:
    UserError: there is no such folder, or a file in it is no image, has
      transparent pixels or more than 8 bits a channel, or is of another size;
      or the images don't fit into memory.
  """
  files, classes = _listed(path)
  name = path.resolve().name
  labels = np.array(classes) if classes else None
  with warnings.catch_warnings():
    # Not where files are opened: later, threads do that.
    # Of metadata, which isn't read but for the orientation, Pillow warns too,
    # without a name of the file: photographs with a few wrong tags are common.
    warnings.filterwarnings("ignore", category=UserWarning, module="PIL")
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    if stream:
      return streamed_dataset(name, _streamed(files, fit), labels=labels)
    return from_arrays(name, _all(path, files, fit), labels=labels)


def _all(path: pathlib.Path, files: list[pathlib.Path], fit: str) -> np.ndarray:
  """Reads all images, and fits them to `[N, side, side, C]`."""
  images: list[np.ndarray] = []
  first = 0  # the side that the first image is fitted to
  for file in files:
    image = _read(file, fit)
    side = side_of(image.shape[0], image.shape[1], fit)
    if not images:
      first = side
      needed = len(files) * (image.size + side * side * image.shape[-1])
      with named(path):
        memory.check_fits(needed, memory.free_on_host())
    _check_side(file, side, files[0], first)
    images.append(image)
  for height, width in sorted({image.shape[:2] for image in images}):
    log_fit(height, width, fit)
  channels = max(image.shape[-1] for image in images)
  return _stacked(images, first, fit, channels)


def _streamed(files: list[pathlib.Path], fit: str) -> StreamedImages:
  """Returns images that are decoded when they are asked for."""
  headers = [_header(file, fit) for file in files]
  sides = [side_of(*header[:2], fit) for header in headers]
  for file, side in zip(files, sides):
    _check_side(file, side, files[0], sides[0])
  for height, width in sorted({header[:2] for header in headers}):
    log_fit(height, width, fit)
  # Which files hold colours, only their pixels tell: look until one does.
  unsure = [f for f, header in zip(files, headers) if header[2] not in _GREY]
  has_colour = any(_read(file, fit).shape[-1] > 1 for file in unsure)
  channels = 3 if has_colour else 1

  def levels_of(indices: np.ndarray) -> np.ndarray:
    images = [_read(files[index], fit) for index in indices]
    return _stacked(images, sides[0], fit, channels)

  return StreamedImages(levels_of, len(files))


def _check_side(
  file: pathlib.Path, side: int, first_file: pathlib.Path, first: int
) -> None:
  """Refuses an image that is fitted to another size than the first one."""
  if side != first:
    raise UserError(
      f"{file} would be fitted to {side}x{side}, but {first_file} to "
      f"{first}x{first} pixels; all images must have one size: set "
      "--config.data.fit, or resize the images first"
    )


def _listed(path: pathlib.Path) -> tuple[list[pathlib.Path], list[str]]:
  """Returns the files of a folder, sorted, and the class of each one."""
  if not path.is_dir():
    raise UserError(
      f"data.path is {str(path)!r}; it must be a folder of images, or of "
      "sub-folders of images"
    )
  files, folders = _content(path)
  classes: list[str] = []
  for folder in folders:
    if files and not classes:
      raise UserError(
        f"{path} holds images, such as {files[0].name}, and sub-folders, such "
        f"as {folder.name}; move all images into sub-folders, or none"
      )
    inside, deeper = _content(folder)
    if deeper or not inside:
      reason = "holds the folder " + deeper[0].name if deeper else "is empty"
      raise UserError(f"{folder} {reason}; a class is a folder of image files")
    files += inside
    classes += [folder.name] * len(inside)
  if not files:
    raise UserError(f"{path} is empty; it must hold images")
  return files, classes


def _content(
  folder: pathlib.Path,
) -> tuple[list[pathlib.Path], list[pathlib.Path]]:
  """Returns the files and the folders in a folder, each sorted by name."""
  entries = sorted(
    entry
    for entry in folder.iterdir()
    if not entry.name.startswith(".") and entry.name not in _NO_IMAGES
  )
  files = [entry for entry in entries if not entry.is_dir()]
  return files, [entry for entry in entries if entry.is_dir()]


def _read(file: pathlib.Path, fit: str) -> np.ndarray:
  """Reads an image, `[H, W, 1 or 3]` uint8, after a check of its size."""
  with _opened(file, fit) as image:
    return _pixels(ImageOps.exif_transpose(image))


def _header(file: pathlib.Path, fit: str) -> tuple[int, int, str]:
  """Returns the height, the width and Pillow's mode of an image."""
  with _opened(file, fit) as image:
    return image.height, image.width, image.mode


@contextlib.contextmanager
def _opened(file: pathlib.Path, fit: str) -> Iterator[Image.Image]:
  """Opens an image after a check of its size; errors name the file."""
  try:
    with Image.open(file, formats=_FORMATS) as image:
      side_of(image.height, image.width, fit)  # before memory is taken
      yield image
  except UserError as error:
    raise UserError(f"{file}: {error}") from error
  except Exception as error:  # damage can raise any exception
    raise UserError(
      f"{file} is not a whole image ({', '.join(_FORMATS)}); remove it: "
      f"{one_line(error)}"
    ) from error


def _pixels(image: Image.Image) -> np.ndarray:
  """Converts an image to `[H, W, 1]` if it is grey, else to `[H, W, 3]`."""
  if "A" in image.getbands() or "transparency" in image.info:
    image = image.convert("RGBA")
    if image.getchannel("A").getextrema()[0] != 255:
      raise UserError(
        "it has transparent pixels; save it without an alpha channel, on a "
        "background of your choice"
      )
  elif image.mode not in _MODES:
    raise UserError(
      f"its pixels are of Pillow's mode {image.mode}; save it with 8 bits a "
      "channel"
    )
  pixels = np.asarray(image.convert("RGB"))
  is_grey = (pixels == pixels[..., :1]).all()
  return pixels[..., :1] if is_grey else pixels


def _stacked(
  images: list[np.ndarray], side: int, fit: str, channels: int
) -> np.ndarray:
  """Fits images `[H, W, C]` of any sizes, and returns `[N, side, side, C]`."""
  stacked = np.empty((len(images), side, side, channels), np.uint8)
  by_size: dict[tuple[int, ...], list[int]] = {}
  for index, image in enumerate(images):
    by_size.setdefault(image.shape[:-1], []).append(index)
  for size, indices in by_size.items():
    group = [np.broadcast_to(images[i], (*size, channels)) for i in indices]
    stacked[indices] = fitted(np.stack(group), fit)
  return stacked
