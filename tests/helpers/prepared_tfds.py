"""Small data sets as TensorFlow Datasets prepares them."""

import io
import json
import pathlib

import numpy as np
import pytest
from PIL import Image

# TFDS 4.9.10 uses a feature that protobuf deprecates.
ignore_protobuf = pytest.mark.filterwarnings(
  r"ignore:.*label\(\) is deprecated:DeprecationWarning"
)


def prepare(name, data_dir, records, file_format="array_record"):
  """Writes the train split that `tfds build` would write, without TensorFlow.

  Args:
    name: of a data set that TFDS knows.
    data_dir: the folder of TFDS.
    records: dicts of all features; images are `[H, W, C]` uint8.
    file_format: what the files are said to be in.

  Returns:
    The path of the file with the records.
  """
  import tensorflow_datasets as tfds
  from array_record.python.array_record_module import ArrayRecordWriter
  from tensorflow_datasets.core import example_serializer

  builder = tfds.builder(name, data_dir=data_dir)
  serializer = example_serializer.ExampleSerializer(
    builder.info.features.get_serialized_info()
  )
  folder = pathlib.Path(builder.data_dir)
  folder.mkdir(parents=True)
  path = folder / f"{name}-train.{file_format}-00000-of-00001"
  writer = ArrayRecordWriter(str(path), "group_size:1")
  for record in records:
    example = {
      key: as_png(value) if np.ndim(value) == 3 else value
      for key, value in record.items()
    }
    writer.write(serializer.serialize_example(example))
  writer.close()
  split = {
    "name": "train",
    "shardLengths": [str(len(records))],
    "filepathTemplate": "{DATASET}-{SPLIT}.{FILEFORMAT}-{SHARD_X_OF_Y}",
  }
  (folder / "dataset_info.json").write_text(
    json.dumps(
      {
        "name": name,
        "version": str(builder.version),
        "fileFormat": file_format,
        "splits": [split],
      }
    )
  )
  builder.info.features.save_config(folder)
  return path


def as_png(image):
  """Encodes an image `[H, W, 1 or 3]`."""
  png = io.BytesIO()
  Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image).save(
    png, "png"
  )
  return png.getvalue()
