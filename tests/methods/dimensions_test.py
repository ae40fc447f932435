import jax
import numpy as np
import pytest

from cascade_jax import methods
from cascade_jax.methods import dimensions

M, SHAPE = 4, (16, 16, 1)


@pytest.fixture(scope="module")
def model():
  """A method of M dimensions, its parameters and a few images."""
  method = methods.cascade_vae(SHAPE, num_continuous=M, fast_networks=False)
  params = jax.device_get(jax.jit(method.init)(3).params)
  head = params["encoder"]["params"]["head"]
  head["bias"] = np.random.default_rng(0).normal(size=2 * M).astype(np.float32)
  images = np.random.default_rng(1).random((8, *SHAPE), np.float32)
  represent = jax.jit(method.represent, static_argnums=2)
  decode = jax.jit(method.decode)

  def inferred(params):
    return jax.device_get(represent(params, images, True))

  def decoded(params, latents):
    return decode(params, latents, np.zeros(len(latents), np.int32))

  return params, inferred, decoded


def test_reordered_model_is_the_same_with_other_names(model):
  params, inferred, decoded = model
  order = np.array([2, 0, 3, 1])
  before, after = (
    inferred(params),
    inferred(dimensions.reordered(params, order)),
  )
  np.testing.assert_allclose(after.mean, before.mean[:, order], atol=1e-6)
  np.testing.assert_allclose(after.scale, before.scale[:, order], atol=1e-6)
  np.testing.assert_array_equal(after.categories, before.categories)
  np.testing.assert_allclose(
    decoded(dimensions.reordered(params, order), before.mean[:, order]),
    decoded(params, before.mean),
    atol=1e-6,
  )


def mixed_uniform(angle, rng):
  """Points with independent uniform coordinates, turned by an angle."""
  points = rng.uniform(-1, 1, (4_000, 2)) * [1.0, 0.9]
  turn = np.array(
    [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
  )
  return points, points @ turn.T


@pytest.mark.parametrize("degrees", [0, 20, 33, 45, 80])
def test_axes_of_turned_uniform_points_are_found(degrees):
  rng = np.random.default_rng(degrees)
  points, turned = mixed_uniform(np.deg2rad(degrees), rng)
  rotation = dimensions.independent_axes(turned)
  np.testing.assert_allclose(rotation @ rotation.T, np.eye(2), atol=1e-9)
  correlation = np.corrcoef((turned @ rotation.T).T, points.T)[:2, 2:]
  assert (np.abs(correlation).max(axis=1) > 0.998).all()
  # The new axes are those that come nearest to the old ones.
  assert (np.diag(rotation) >= np.cos(np.deg2rad(46))).all()


def test_best_angle_agrees_with_a_search_over_all_angles():
  _, turned = mixed_uniform(0.5, np.random.default_rng(0))

  def kurtosis(angle):
    axes = np.array(
      [[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]
    )
    projected = turned @ axes.T
    projected = projected / projected.std(axis=0)
    return np.abs((projected**4).mean(axis=0) - 3).sum()

  angles = np.linspace(0, np.pi / 2, 901)
  best = angles[np.argmax([kurtosis(angle) for angle in angles])]
  rotation = dimensions.independent_axes(turned)
  found = np.arctan2(rotation[0, 1], rotation[0, 0]) % (np.pi / 2)
  assert abs(found - best) < 0.03


def test_aligned_model_decodes_the_same_images_from_turned_means(model):
  params, inferred, decoded = model
  used = np.array([1, 3])
  before = inferred(params)
  rng = np.random.default_rng(5)
  means = rng.normal(size=(2_000, M))
  means[:, used] = mixed_uniform(0.4, rng)[1][:2_000]
  rotation = dimensions.independent_axes(means[:, used])
  aligned = dimensions.aligned(params, means, used)
  after = inferred(aligned)
  np.testing.assert_allclose(
    after.mean[:, used], before.mean[:, used] @ rotation.T, atol=1e-5
  )
  rest = np.array([0, 2])
  np.testing.assert_allclose(
    after.mean[:, rest], before.mean[:, rest], atol=1e-6
  )
  np.testing.assert_allclose(
    decoded(aligned, after.mean), decoded(params, before.mean), atol=1e-5
  )


def test_revived_dimensions_are_quiet_and_the_others_untouched(model):
  params, inferred, _ = model
  dead = jax.tree.map(np.array, params)
  dead["decoder"]["params"]["hidden"]["kernel"][2:4] = 0
  dead["encoder"]["params"]["head"]["kernel"][:, [2, 3, 6, 7]] = 0
  alive = dimensions.revived(dead, np.array([2, 3]), M, jax.random.key(0))
  before, after = inferred(dead), inferred(alive)
  np.testing.assert_array_equal(after.mean[:, :2], before.mean[:, :2])
  np.testing.assert_array_equal(after.scale[:, :2], before.scale[:, :2])
  assert (after.scale[:, 2:] < 0.2).all()
  assert (after.mean[:, 2:].std(axis=0) > 0.05).all()
  rows = alive["decoder"]["params"]["hidden"]["kernel"]
  assert (np.abs(rows[2:4]).max(axis=1) > 0.05).all()
  kept = np.array([0, 1, 4, 5, 6])
  np.testing.assert_array_equal(
    rows[kept], dead["decoder"]["params"]["hidden"]["kernel"][kept]
  )


def test_parameters_that_were_given_stay_as_they_are(model):
  params = model[0]
  copy = jax.tree.map(np.array, params)
  dimensions.revived(params, np.array([0]), M, jax.random.key(0))
  dimensions.reordered(params, np.arange(M)[::-1])
  jax.tree.map(np.testing.assert_array_equal, params, copy)
