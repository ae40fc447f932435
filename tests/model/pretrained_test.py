import json

import chex
import numpy as np
import pytest
import safetensors.numpy

import cascade_jax
from cascade_jax.errors import UserError
from cascade_jax.model import pretrained


@pytest.fixture
def contents(run_folder):
  return cascade_jax.load(run_folder).contents


def with_fields(path, contents, **changes):
  """Writes contents with changes, by a digest that is right."""
  pretrained.write(path, contents._replace(**changes))
  return path


def test_a_file_holds_all_of_a_model(contents, tmp_path):
  path = tmp_path / "model.safetensors"
  pretrained.write(path, contents)
  read = pretrained.read(path)
  chex.assert_trees_all_equal(read.params, contents.params)
  assert read._replace(params={}) == contents._replace(params={})
  assert cascade_jax.load(path).num_categories == (3,)
  assert not list(tmp_path.glob(".*"))


def test_another_reader_of_the_format_finds_the_arrays(contents, tmp_path):
  path = tmp_path / "model.safetensors"
  pretrained.write(path, contents)
  tensors = safetensors.numpy.load_file(path)
  kernel = contents.params["encoder"]["params"]["conv_0"]["kernel"]
  np.testing.assert_array_equal(tensors["encoder/params/conv_0/kernel"], kernel)


def test_every_flipped_bit_is_noticed(contents, tmp_path):
  path = tmp_path / "model.safetensors"
  pretrained.write(path, contents)
  whole = path.read_bytes()
  rng = np.random.default_rng(0)
  # All of the header's kinds of bytes, and some of the arrays'.
  header = int.from_bytes(whole[:8], "little")
  places = np.concatenate(
    [
      np.arange(8),
      rng.integers(8, 8 + header, 60),
      rng.integers(8 + header, len(whole), 20),
    ]
  )
  for place in places:
    damaged = bytearray(whole)
    damaged[place] ^= 1 << rng.integers(8)
    path.write_bytes(damaged)
    with pytest.raises(UserError, match="model.safetensors"):
      cascade_jax.load(path)


@pytest.mark.parametrize("content", [b"", b"\x00" * 7, b"not a model" * 100])
def test_a_file_of_another_kind_is_refused(content, tmp_path):
  path = tmp_path / "model.safetensors"
  path.write_bytes(content)
  with pytest.raises(UserError, match="can't be read"):
    cascade_jax.load(path)


def test_arrays_of_another_program_are_refused(tmp_path):
  path = tmp_path / "other.safetensors"
  safetensors.numpy.save_file({"x": np.zeros(3)}, path)
  with pytest.raises(UserError, match="cascade_jax = None"):
    cascade_jax.load(path)


def test_reading_a_file_imports_nothing(contents, tmp_path, monkeypatch):
  (tmp_path / "planted.py").write_text("raise SystemExit('imported')")
  monkeypatch.syspath_prepend(tmp_path)
  path = with_fields(
    tmp_path / "model.safetensors",
    contents,
    config={**contents.config, "method": "planted"},
  )
  with pytest.raises(UserError, match="'planted'.*import that module yourself"):
    cascade_jax.load(path)


@pytest.mark.parametrize(
  ("setting", "message"),
  [
    ({"num_continuous": 5}, "weights of other shapes"),
    ({"batch_size": 0}, "config.batch_size is 0"),
  ],
)
def test_settings_must_be_possible_and_suit_the_weights(
  contents, tmp_path, setting, message
):
  path = with_fields(
    tmp_path / "model.safetensors",
    contents,
    config=contents.config | setting,
  )
  with pytest.raises(UserError, match=message):
    cascade_jax.load(path)


@pytest.mark.parametrize(
  ("name", "message"),
  [("model.npz", "must end in .safetensors"), ("no/m.safetensors", "written")],
)
def test_bad_paths_are_refused(contents, tmp_path, name, message):
  with pytest.raises(UserError, match=message):
    pretrained.write(tmp_path / name, contents)


def test_a_file_does_not_tell_of_the_folders_of_its_author(
  contents, run_folder, tmp_path
):
  path = tmp_path / "model.safetensors"
  pretrained.write(path, contents)
  assert str(run_folder).encode() not in path.read_bytes()
  assert set(contents.provenance) >= {"versions", "device", "git_commit"}
  assert "command" not in contents.provenance


def test_metadata_is_json_that_says_its_version(contents, tmp_path):
  path = tmp_path / "model.safetensors"
  pretrained.write(path, contents)
  with safetensors.safe_open(path, "numpy") as file:
    metadata = file.metadata()
  assert metadata["cascade_jax"] == "1"
  assert json.loads(metadata["contents"])["step"] == contents.step
