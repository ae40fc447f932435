"""dSprites by way of TensorFlow Datasets, without TensorFlow.

TFDS can't prepare dSprites without TensorFlow, but it can read what was
prepared as array_record, and it can download. Its records are shuffled: labels
say where each image belongs.
"""

import pathlib
import threading
import urllib.parse

import numpy as np
from absl import logging

from cascade_jax.data import dsprites, dsprites_files
from cascade_jax.errors import UserError

_LABELS = tuple(
  f"label_{factor}"
  for factor in ("shape", "scale", "orientation", "x_position", "y_position")
)
_SECONDS_TO_ANSWER = 8


def read(
  data_dir: str | None = None, sizes: tuple[int, ...] = dsprites.FACTOR_SIZES
) -> np.ndarray:
  """All images, packed: `[N, 64]` uint64, in dSprites' own order.

  Reads the data set that TFDS has prepared in `data_dir` as array_record (about
  two minutes); where there is none, downloads the original file there (checked
  by its digest) and reads that.

  Args:
    data_dir: of TFDS; None for its default.
    sizes: of the factor grid that it has to hold.

  Raises:
    ConnectionError: nothing prepared, nothing downloaded, and the host of the
      original can't be reached; says so within ten seconds.
    UserError: the downloaded file needs h5py.
    UserError: what is there is not the whole of dSprites.
  """
  import tensorflow_datasets as tfds

  builder = tfds.builder("dsprites", data_dir=data_dir)
  is_readable = builder.info.file_format == tfds.core.FileFormat.ARRAY_RECORD
  if not (builder.info.splits and is_readable):
    return dsprites_files.read(_download(builder), sizes)
  logging.info("reading dSprites as prepared in %s", builder.data_dir)
  try:
    return rows_of_records(builder.as_data_source(split="train"), sizes)
  except (ImportError, PermissionError):
    raise
  except Exception as error:  # whatever damage makes the reader raise
    raise UserError(
      f"{builder.data_dir} is damaged or is not dSprites: {error}. Delete it "
      "and prepare it again, or use data.name=dsprites, which needs no file."
    ) from error


def rows_of_records(
  records, sizes: tuple[int, ...] = dsprites.FACTOR_SIZES
) -> np.ndarray:
  """Packs records `{"image": [64, 64, 1], "label_...": class}` in order.

  Args:
    records: a sequence in any order.
    sizes: of the factor grid that they have to fill.

  Raises:
    UserError: an image of the grid is missing.
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


def _download(builder) -> pathlib.Path:
  """The original file: put there by hand, downloaded earlier, or now."""
  import tensorflow_datasets as tfds

  ((url, info),) = builder.url_infos.items()
  folder = pathlib.Path(builder.data_dir).parents[1] / "downloads"
  manual = folder / "manual" / info.filename
  if manual.exists():
    return manual
  # TFDS writes an .INFO beside each file whose download was whole.
  if not any((folder / "dsprites").glob("*.INFO")):
    check_reachable(url, manual)
    logging.info("downloading dSprites (28 MB) to %s", folder)
  manager = tfds.download.DownloadManager(
    download_dir=folder, url_infos=builder.url_infos, dataset_name="dsprites"
  )
  return pathlib.Path(manager.download(url))


def check_reachable(url: str, manual: pathlib.Path) -> None:
  """Fails within ten seconds, where TFDS would try again for minutes.

  Args:
    url: to be downloaded.
    manual: where a user may put the file instead.

  Raises:
    ConnectionError: says what to do instead.
  """
  failures = []
  # In a thread, because looking up a host's name knows no time limit.
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


def _ask(url: str, failures: list) -> None:
  """Appends what goes wrong when the download is begun, if anything does."""
  import requests  # what TFDS downloads with, so proxies are the same

  try:
    with requests.get(url, stream=True, timeout=5) as response:
      response.raise_for_status()
  except OSError as error:
    failures.append(error)
