import numpy as np
import pytest

from cascade_jax.errors import UserError
from cascade_jax.runs import dataset_record, json_file
from tests.helpers import tiny_run


def test_record_is_read_as_it_was_written(tmp_path):
  dataset_record.record_dataset([tmp_path], tiny_run.tiny_dataset())
  record = dataset_record.read(tmp_path)
  assert record.name == "tiny" and record.num_images == 30
  assert record.image_shape == (16, 16, 1)
  assert (
    record.factor_names == ("shape", "x") and record.class_factor == "shape"
  )
  assert record.class_names == ("shape 0", "shape 1", "shape 2")


def test_resumed_run_must_see_the_same_images(tmp_path):
  dataset = tiny_run.tiny_dataset()
  dataset_record.record_dataset([tmp_path], dataset)
  dataset_record.record_dataset([tmp_path], dataset._replace(name="renamed"))
  assert dataset_record.read(tmp_path).name == "renamed"
  images = dataset.images.copy()
  images[-1, -1] ^= 1  # one pixel
  with pytest.raises(UserError, match="holds a run on other images"):
    dataset_record.record_dataset([tmp_path], dataset._replace(images=images))
  assert np.array_equal(dataset.images[0], images[0])


def test_missing_or_strange_records_are_named(tmp_path):
  with pytest.raises(UserError, match="has no dataset.json"):
    dataset_record.read(tmp_path)
  path = tmp_path / "dataset.json"
  json_file.write(path, dataset_record.DATASET, {"name": "x"})
  with pytest.raises(UserError, match="dataset.json .*num_images is missing"):
    dataset_record.read(tmp_path)
