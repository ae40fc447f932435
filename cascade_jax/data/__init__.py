"""Data sets in one format, and the order in which training sees the images."""

from cascade_jax.data import dsprites
from cascade_jax.data.dataset import Dataset, from_arrays, pack, unpack
from cascade_jax.data.load import GIVEN, NAMES, load, reads
from cascade_jax.data.on_device import (
  DeviceDataset,
  StreamedDataset,
  to_device,
  true_classes,
)
from cascade_jax.data.on_host import HostImages
from cascade_jax.data.read_ahead import ReadAhead
from cascade_jax.data.sampling import batch_indices
from cascade_jax.data.streamed_images import StreamedImages

__all__ = (
  "GIVEN",
  "NAMES",
  "Dataset",
  "DeviceDataset",
  "HostImages",
  "ReadAhead",
  "StreamedDataset",
  "StreamedImages",
  "batch_indices",
  "dsprites",
  "from_arrays",
  "load",
  "pack",
  "reads",
  "to_device",
  "true_classes",
  "unpack",
)
