"""dSprites by way of TensorFlow Datasets, without TensorFlow.

TFDS can't prepare dSprites without TensorFlow, but it can read what was
prepared as array_record, and it can download. Its records are shuffled: labels
say where each image belongs.
"""

import pathlib
import socket
import urllib.parse

import numpy as np
from absl import logging

from cascade_jax.data import dsprites, dsprites_files

_LABELS = tuple(
  f"label_{factor}"
  for factor in ("shape", "scale", "orientation", "x_position", "y_position")
)
_SECONDS_TO_CONNECT = 5.0


def read(data_dir: str | None = None) -> np.ndarray:
  """All images, packed: `[737280, 64]` uint64, in dSprites' own order.

  Reads the data set that TFDS has prepared in `data_dir`; where there is none,
  downloads the original file there (checked by its digest) and reads that.

  Args:
    data_dir: of TFDS; None for its default.

  Raises:
    ConnectionError: nothing prepared, nothing downloaded, and the host of the
      original can't be reached; says so within seconds.
    ValueError: what was prepared is not the whole of dSprites.
  """
  import tensorflow_datasets as tfds

  builder = tfds.builder(
    "dsprites", data_dir=data_dir, file_format="array_record"
  )
  if builder.info.splits:
    return rows_of_records(builder.as_data_source(split="train"))
  return dsprites_files.read(_download(builder))


def rows_of_records(
  records, sizes: tuple[int, ...] = dsprites.FACTOR_SIZES
) -> np.ndarray:
  """Packs records `{"image": [64, 64, 1], "label_...": class}` in order.

  Args:
    records: a sequence in any order.
    sizes: of the factor grid that they have to fill.

  Raises:
    ValueError: an image of the grid is missing.
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
    raise ValueError(
      f"the prepared data set lacks {(~seen).sum()} of dSprites' {len(seen)} "
      "images; delete its folder and prepare it again"
    )
  return rows


def _download(builder) -> pathlib.Path:
  import tensorflow_datasets as tfds

  ((url, info),) = builder.url_infos.items()
  folder = pathlib.Path(builder.data_dir).parents[1] / "downloads"
  manual = folder / "manual" / info.filename
  if manual.exists():
    return manual
  check_reachable(url, manual)
  logging.info("downloading dSprites (28 MB) to %s", folder)
  manager = tfds.download.DownloadManager(
    download_dir=folder, url_infos=builder.url_infos, dataset_name="dsprites"
  )
  return pathlib.Path(manager.download(url))


def check_reachable(url: str, manual: pathlib.Path) -> None:
  """Fails within seconds, where TFDS would try again for minutes.

  Args:
    url: to be downloaded.
    manual: where a user may put the file instead.

  Raises:
    ConnectionError: says what to do instead.
  """
  parts = urllib.parse.urlsplit(url)
  port = parts.port or {"http": 80, "https": 443}[parts.scheme]
  address = (parts.hostname, port)
  try:
    socket.create_connection(address, _SECONDS_TO_CONNECT).close()
  except OSError as error:
    raise ConnectionError(
      f"{parts.hostname} can't be reached ({error}), so dSprites can't be "
      f"downloaded. Put the file at {manual}, name one with data.name="
      "dsprites_file and data.path, or use data.name=dsprites, which is "
      "rendered and needs no file."
    ) from error
