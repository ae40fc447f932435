"""Merits of a discrete code: known answers, and loops over images."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import ndimage

from cascade_jax import data, losses, methods
from cascade_jax.evaluation.code_merits import (
  PROTOCOL,
  SHIFTS,
  balance,
  compile_code_merits,
  decoded_costs,
  shifted,
)
from cascade_jax.methods.codes import candidates, costs
from cascade_jax.networks.autoencoder import autoencoder
from cascade_jax.sharding import spread
from cascade_jax.types import Representation
from tests.helpers.jitted import jit, jitted


def known_method(num_categories):
  """A method whose categories say in which half a bright pixel lies.

  The first variable is 1 in the right half of 8 columns, a second one in the
  lower half of 8 rows. The decoder's images are grey, except that pixel (0, 0)
  has another probability for each joint code.
  """
  corner = jnp.array([0.8, 0.5, 0.1, 0.3])

  def represent(params, images, discrete):
    rows, columns = images.sum(axis=(2, 3)), images.sum(axis=(1, 3))
    halves = [columns.argmax(axis=1) >= 4, rows.argmax(axis=1) >= 4]
    categories = jnp.stack(halves, axis=1)[:, : len(num_categories)]
    zeros = jnp.zeros((len(images), 1))
    return Representation(zeros, zeros, categories.astype(int), zeros[:, 0])

  def decode(params, latents, categories):
    images = jnp.full((len(categories), 8, 8, 1), 0.5)
    return images.at[:, 0, 0, 0].set(corner[categories])

  return methods.Method(
    None, None, None, represent, decode, num_categories=num_categories
  )


def one_bright_pixel(places):
  images = np.zeros((len(places), 8, 8), bool)
  images[np.arange(len(places)), *np.transpose(places)] = True
  return data.from_arrays("points", images)


def merits_of(method, dataset, likelihood="bernoulli"):
  """Computes the merits of all images."""
  on_device = data.to_device(dataset, spread(1))
  indices = np.arange(len(dataset.images))
  images = on_device.batch(indices).images
  inferred = method.represent(None, images, True)
  inferred = Representation(*map(np.asarray, inferred))
  return compile_code_merits(method, on_device, likelihood)(
    None, indices, inferred
  )


def test_merits_have_the_values_computed_by_hand():
  """Of 8 images one loses its code to the left, and two to the right."""
  places = [(2, 4), (2, 3), (6, 3), (1, 0), (5, 6), (0, 0), (3, 1), (4, 6)]
  merits = merits_of(known_method((2,)), one_bright_pixel(places))
  assert merits["code_stability"] == 1 - 3 / (8 * 4)
  shares = np.array([5, 3]) / 8
  entropy = -(shares * np.log(shares)).sum() / math.log(2)
  assert merits["category_balance"] == pytest.approx(entropy)
  # Pixel (0, 0) is on in one image, -log 0.8 or 0.5; it is off in the others.
  gap = (math.log(0.8 / 0.5) + 7 * math.log(0.5 / 0.2)) / 8
  assert merits["unary_gap"] == pytest.approx(gap, rel=1e-5)


def test_all_variables_together_are_one_code():
  places = [(3, 3), (0, 0), (6, 6), (4, 1), (4, 6)]
  method = known_method((2, 2))
  merits = merits_of(method, one_bright_pixel(places))
  # (3, 3) leaves its code downwards and to the right, the last two upwards.
  assert merits["code_stability"] == 1 - 4 / (5 * 4)
  shares = np.array([2, 1, 0, 2]) / 5
  expected = -sum(p * math.log(p) for p in shares if p) / math.log(4)
  assert merits["category_balance"] == pytest.approx(expected)
  # The two likeliest of 0.8, 0.5, 0.1 and 0.3, or of their complements.
  gap = (math.log(0.8 / 0.5) + 4 * math.log(0.9 / 0.7)) / 5
  assert merits["unary_gap"] == pytest.approx(gap, rel=1e-5)


def test_they_equal_loops_over_images(tiny_config, tiny_dataset):
  bare = methods.build(tiny_config, (16, 16, 1))
  method = jitted(bare)
  params = method.init(5).params
  params = jax.tree.map(lambda x: 1.5 * x, params)  # so that codes differ
  on_device = data.to_device(tiny_dataset, spread(1))
  # More than a batch of images, in an order of their own.
  indices = np.random.default_rng(0).integers(30, size=70)
  images = np.asarray(on_device.batch(np.arange(30)).images)
  inferred = method.represent(params, images, discrete=True)
  inferred = Representation(*map(np.asarray, inferred))
  own = Representation(*(x[indices] for x in inferred))
  merits = compile_code_merits(bare, on_device, "bernoulli")(
    params, indices, own
  )
  stays, gaps = np.zeros((30, 4)), np.zeros(30)
  moved = [
    [ndimage.shift(x, (*by, 0), order=0, mode="nearest") for x in images]
    for by in SHIFTS
  ]
  for k in range(4):
    after = method.represent(params, np.array(moved[k]), discrete=True)
    stays[:, k] = np.asarray(after.categories)[:, 0] == inferred.categories.T
  for n in range(30):
    nats = []
    for code in range(3):
      p = method.decode(params, inferred.mean[n : n + 1], np.array([code]))[0]
      nats.append(-np.log(np.where(images[n], p, 1 - p)).sum(dtype=float))
    gaps[n] = sorted(nats)[1] - sorted(nats)[0]
  assert 0.2 < stays.mean() < 1
  assert merits["code_stability"] == pytest.approx(stays[indices].mean())
  assert merits["unary_gap"] == pytest.approx(gaps[indices].mean(), rel=1e-4)


@pytest.mark.parametrize("likelihood", losses.LIKELIHOODS)
def test_decoded_costs_are_the_unary_costs(images, likelihood):
  """As `codes.costs` computes them for the flow, from the decoder's logits."""
  m, num_categories = 3, (2, 3)
  method = methods.cascade_vae(
    (16, 16, 1),
    num_continuous=m,
    num_categories=num_categories,
    likelihood=likelihood,
  )
  params = jit(method.init)(0).params
  latents = np.random.default_rng(0).standard_normal((4, m), np.float32)
  networks = autoencoder((16, 16, 1), 2 * m, likelihood)
  expected = jit(lambda *x: costs(networks, *x))(
    params, images, latents, candidates(num_categories, True)
  )
  found = jit(lambda *x: decoded_costs(method, likelihood, *x))(
    params, images, latents
  )
  assert found.shape == (4, 6)
  np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_a_certain_and_wrong_decoder_has_a_finite_gap():
  method = known_method((2,))

  def certain(params, latents, categories):
    images = method.decode(params, latents, categories)
    return jnp.round(images.at[:, 0, 0, 0].set(categories))

  dataset = one_bright_pixel([(0, 0), (1, 1)])
  merits = merits_of(method._replace(decode=certain), dataset)
  assert merits["unary_gap"] == pytest.approx(-math.log(2**-23), rel=1e-3)


def test_images_move_as_numpy_moves_them():
  images = np.random.default_rng(0).random((2, 4, 5, 3))
  for down, right in [*SHIFTS, (0, 0), (1, -1)]:
    expected = images[:, np.clip(np.arange(4) - down, 0, 3)]
    expected = expected[:, :, np.clip(np.arange(5) - right, 0, 4)]
    found = shifted(jnp.asarray(images), np.array([down, right]))
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_balance_is_1_for_equal_shares_whatever_the_names():
  categories = np.arange(12)[:, None] % 3
  assert balance(categories, (3,)) == pytest.approx(1)
  assert balance(np.zeros((5, 1), int), (3,)) == 0
  some = np.array([[0], [0], [1], [2], [0]])
  assert balance(some, (3,)) == balance(2 - some, (3,))
  # A category that no image has counts as one of the three.
  assert balance(categories % 2, (3,)) < balance(categories % 2, (2,))


def test_without_a_code_there_are_no_merits():
  dataset = one_bright_pixel([(0, 0), (1, 1)])
  method = known_method(())
  assert merits_of(method, dataset) == dict.fromkeys(PROTOCOL)
