"""The original dSprites from TensorFlow Datasets, without TensorFlow.

TFDS can't prepare dSprites without TensorFlow, but it can read a data set that
was prepared as array_record, and it can download the original file. Its records
are shuffled; their labels say where each image belongs.
"""

import pathlib
import threading
import urllib.parse
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from absl import logging

from cascade_jax import optional
from cascade_jax.data import dsprites, dsprites_files
from cascade_jax.errors import UserError

if TYPE_CHECKING:
  import tensorflow_datasets as tfds

_LABELS = tuple(
  f"label_{factor}"
  for factor in ("shape", "scale", "orientation", "x_position", "y_position")
)
_SECONDS_TO_ANSWER = 8


def read(
  data_dir: str | None = None, sizes: tuple[int, ...] = dsprites.FACTOR_SIZES
) -> np.ndarray:
  """Reads and packs all images, in the order of the original file.

  Reads the data set that TFDS has prepared in `data_dir` as array_record, which
  takes about two minutes. If there is none, downloads the original file to that
  folder, checks its digest and reads it.

  Args:
    data_dir: the folder of TFDS; None for its default.
    sizes: the number of values of each factor in the data set.

  Returns:
    `[N, 64]` uint64, the rows of each image; bit j of a row is column j.

  Raises:
    ConnectionError: no data set is prepared, no file is downloaded, and the
      host of the original doesn't answer within ten seconds.
    UserError: TFDS isn't installed, or the downloaded file needs h5py.
    UserError: the data set or the file is incomplete or damaged.
  """
  tfds = optional.imported(
    "tensorflow_datasets", "tfds", "data.name=dsprites_tfds"
  )
  builder = tfds.builder("dsprites", data_dir=data_dir)
  is_readable = builder.info.file_format == tfds.core.FileFormat.ARRAY_RECORD
  if not (builder.info.splits and is_readable):
    return dsprites_files.read(_download(builder), sizes)
  logging.info("reading dSprites as prepared in %s", builder.data_dir)
  try:
    return rows_of_records(builder.as_data_source(split="train"), sizes)
  except (ImportError, PermissionError):
    raise
  except Exception as error:  # damage can raise any exception
    raise UserError(
      f"{builder.data_dir} is damaged or is not dSprites: {error}. Delete it "
      "and prepare it again, or use data.name=dsprites, which needs no file."
    ) from error


def rows_of_records(
  records: Iterable[dict], sizes: tuple[int, ...] = dsprites.FACTOR_SIZES
) -> np.ndarray:
  """Packs the images of records and sorts them by their factors.

  Args:
    records: `{"image": [64, 64, 1], "label_...": factor}`, in any order.
    sizes: the number of values of each factor.

  Returns:
    `[N, 64]` uint64, the rows of each image; bit j of a row is column j.

  Raises:
    UserError: an image of the grid of factors is missing.
  """
  rows = np.zeros((int(np.prod(sizes)), 64), np.uint64)
  seen = np.zeros(len(rows), bool)
  for record in records:
    labels = tuple(int(record[label]) for label in _LABELS)
    index = np.ravel_multi_index(labels, sizes)
    pixels = np.asarray(record["image"])[..., 0] > 0
    bits = np.packbits(pixels, axis=-1, bitorder="little")
    rows[index] = bits.view("<u8")[:, 0]
    seen[index] = True
  if not seen.all():
    raise UserError(f"{(~seen).sum()} of its {len(seen)} images are missing")
  return rows


def _download(builder: "tfds.core.DatasetBuilder") -> pathlib.Path:
  """The original file, put there by the user or downloaded, now or earlier."""
  import tensorflow_datasets as tfds

  ((url, info),) = builder.url_infos.items()
  folder = pathlib.Path(builder.data_dir).parents[1] / "downloads"
  manual = folder / "manual" / info.filename
  if manual.exists():
    return manual
  # TFDS writes an .INFO file beside each file that it downloaded completely.
  if not any((folder / "dsprites").glob("*.INFO")):
    check_reachable(url, manual)
    logging.info("downloading dSprites (28 MB) to %s", folder)
  manager = tfds.download.DownloadManager(
    download_dir=folder, url_infos=builder.url_infos, dataset_name="dsprites"
  )
  return pathlib.Path(manager.download(url))


def check_reachable(url: str, manual: pathlib.Path) -> None:
  """Checks that a download can start; TFDS itself would retry for minutes.

  Args:
    url: the address of the file.
    manual: the path where a user may put the file instead.

  Raises:
    ConnectionError: the host doesn't send the file, or doesn't answer within
      ten seconds; the message says what to do instead.
  """
  failures: list[OSError | str] = []
  # In a thread, because the look-up of a host name has no time limit.
  thread = threading.Thread(target=_ask, args=(url, failures), daemon=True)
  thread.start()
  thread.join(_SECONDS_TO_ANSWER)
  if thread.is_alive():
    failures.append(f"no answer in {_SECONDS_TO_ANSWER} seconds")
  if failures:
    raise ConnectionError(
      f"{urllib.parse.urlsplit(url).hostname} can't be reached "
      f"({failures[0]}), so dSprites can't be downloaded. Put the file at "
      f"{manual}, name one with data.name=dsprites_file and data.path, or use "
      "data.name=dsprites, which is rendered and needs no file."
    )


def _ask(url: str, failures: list[OSError | str]) -> None:
  """Starts the download and appends the error, if there is one."""
  import requests  # as in TFDS, so that the same proxies are used

  try:
    with requests.get(url, stream=True, timeout=5) as response:
      response.raise_for_status()
  except OSError as error:
    failures.append(error)
