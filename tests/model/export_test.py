import pathlib
import sys

import jax
import numpy as np
import pytest
from jax import export as jax_export

import cascade_jax
from cascade_jax import methods
from cascade_jax.errors import UserError
from cascade_jax.methods.compose import networks_of
from cascade_jax.model import Model
from cascade_jax.model.contents import Contents
from tests.helpers import tiny_run


def fresh_model(method, shape=(16, 16, 1)):
  """Returns a model of a method with its first weights, the code in use."""
  config = tiny_run.tiny_config()
  config.method = method
  config.discrete_start_phase = 0
  params = jax.jit(methods.build(config, shape).init)(0).params
  return Model(
    Contents(
      jax.device_get(networks_of(params)),
      config.to_dict(),
      shape,
      step=1,
      seed=0,
      dataset="tiny",
      class_names=(),
      evaluation={},
      provenance={},
    )
  )


def random_codes(count, sizes):
  rng = np.random.default_rng(0)
  return rng.normal(size=(count, 3)).astype(np.float32), rng.integers(
    0, sizes[0] if sizes else 1, count, dtype=np.int32
  )


@pytest.mark.parametrize("count", [1, 7])
def test_jax_files_compute_what_the_model_does(run_folder, tmp_path, count):
  pytest.importorskip("flatbuffers")
  model = cascade_jax.load(run_folder)
  paths = model.export(tmp_path / "exported")
  encoder, decoder = (
    jax_export.deserialize(bytearray(pathlib.Path(path).read_bytes())).call
    for path in paths
  )
  images = np.random.default_rng(0).random((count, 16, 16, 1), np.float32)
  images = np.rint(images * 255) / np.float32(255)
  expected = model.represent(images)._asdict()
  for name, array in encoder(images).items():
    np.testing.assert_allclose(array, expected[name], atol=1e-5, rtol=1e-5)
  latents, categories = random_codes(count, model.num_categories)
  np.testing.assert_allclose(
    decoder(latents, categories),
    model.decode(latents, categories),
    atol=1e-6,
  )


@pytest.mark.parametrize(
  ("method", "shape"),
  [
    ("cascade_vae", (32, 32, 3)),
    ("cascade_vae_c", (16, 16, 1)),
    ("joint_vae", (16, 16, 1)),
    ("aae", (16, 16, 1)),
  ],
)
def test_onnx_files_compute_what_the_model_does(method, shape, tmp_path):
  onnxruntime = pytest.importorskip("onnxruntime")
  model = fresh_model(method, shape)
  encoder, decoder = (
    onnxruntime.InferenceSession(path)
    for path in model.export(tmp_path, to="onnx")
  )
  images = np.random.default_rng(0).integers(0, 256, (5, *shape), np.uint8)
  names = [output.name for output in encoder.get_outputs()]
  pixels = images.astype(np.float32) / 255
  expected = model.represent(images)
  for name, array in zip(names, encoder.run(None, {"images": pixels})):
    np.testing.assert_allclose(array, getattr(expected, name), atol=1e-5)
  assert names == ["mean", "scale"][: 1 + bool(expected.scale.any())]

  latents, categories = random_codes(5, model.num_categories)
  inputs = {"latents": latents}
  if model.num_categories:
    inputs["codes"] = np.eye(*model.num_categories, dtype=np.float32)[
      categories
    ]
  else:
    categories = None
  (decoded,) = decoder.run(None, inputs)
  np.testing.assert_allclose(
    decoded, model.decode(latents, categories), atol=1e-5
  )


def test_another_format_is_refused(run_folder, tmp_path):
  model = cascade_jax.load(run_folder)
  with pytest.raises(UserError, match=r"to is 'torch'.*\('jax', 'onnx'\)"):
    model.export(tmp_path / "x", to="torch")
  assert not (tmp_path / "x").exists()


def test_missing_packages_are_named(run_folder, tmp_path, monkeypatch):
  model = cascade_jax.load(run_folder)
  monkeypatch.setitem(sys.modules, "onnx", None)
  with pytest.raises(UserError, match=r"cascade_jax\[onnx\]"):
    model.export(tmp_path / "x", to="onnx")
  assert not (tmp_path / "x").exists()
