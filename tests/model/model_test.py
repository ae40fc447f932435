import numpy as np
import pytest

import cascade_jax
from cascade_jax import data, plots
from cascade_jax.errors import UserError
from cascade_jax.evaluation import evaluate
from cascade_jax.runs import workdir
from tests.helpers import tiny_run


@pytest.fixture(scope="module")
def images():
  dataset = tiny_run.tiny_dataset()
  return data.HostImages(dataset)[np.arange(len(dataset.images))]


@pytest.fixture(scope="module")
def model(run_folder):
  return cascade_jax.load(run_folder)


def test_represents_images_as_the_evaluation_of_its_run_does(
  model, images, run_folder
):
  with evaluate.opened([run_folder], dataset=tiny_run.tiny_dataset()) as (
    (path,),
    evaluator,
  ):
    state = evaluator.restore(path)
    expected = evaluator.infer(state, np.arange(len(images)), discrete=True)
  representation = model.represent(images)
  for got, wanted in zip(representation, expected):
    np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-6)


def test_a_single_image_has_the_codes_that_it_has_among_others(model, images):
  alone, among = model.represent(images[:1]), model.represent(images)
  np.testing.assert_allclose(alone.mean, among.mean[:1], rtol=1e-5, atol=1e-6)


def test_images_are_reconstructed_from_their_codes(model, images):
  codes = model.represent(images)
  pixels = model.reconstruct(images)
  assert pixels.shape == images.shape and 0 <= pixels.min() <= pixels.max() <= 1
  likelihood = np.where(images == 1, pixels, 1 - pixels)
  nll = -np.log(likelihood).sum(axis=(1, 2, 3))
  np.testing.assert_allclose(nll, codes.reconstruction, rtol=1e-4)


def test_traversal_moves_one_dimension_from_its_start(model):
  start = np.array([0.5, -0.5, 2.0])
  traversals = model.traverse(start, low=-2, high=1, num_frames=4)
  assert traversals.images.shape == (4, 3, 3, 16, 16, 1)
  np.testing.assert_allclose(traversals.values, [-2, -1, 0, 1])
  expected = model.decode(np.array([[0.5, -1.0, 2.0]]), 2)
  np.testing.assert_allclose(traversals.images[1, 2, 1], expected[0], atol=1e-6)
  assert traversals.kl == model.scores["kl"]
  assert plots.traversal_grid(*traversals).axes


def test_says_in_one_line_what_it_is(model):
  assert repr(model) == (
    "<Model: CascadeVAE of 'tiny', images 16x16x1, m = 3, S = (3,), seed 0, "
    "step 8>"
  )


def test_run_that_is_still_training_is_refused(run_folder):
  with (
    workdir.claim(run_folder),
    pytest.raises(UserError, match="another process"),
  ):
    cascade_jax.load(run_folder)


def test_nothing_to_load_is_said(tmp_path):
  with pytest.raises(UserError, match="there is no model at 'nothing'"):
    cascade_jax.load("nothing")
  with pytest.raises(UserError, match="holds no run"):
    cascade_jax.load(tmp_path)


def test_compiles_once_for_each_size_of_a_batch(run_folder, images):
  model = cascade_jax.load(run_folder)
  model.represent(images[:3])
  model.represent(images[:4])
  assert model._represent.func._cache_size() == 1
