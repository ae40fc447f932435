"""What the tests of several methods hold them against."""

import chex
import jax
import jax.numpy as jnp


def gradient_from(adam):
  """Adam's first moment after one step is a tenth of the gradient."""
  return jax.tree.map(lambda moment: 10 * moment, adam[0].mu)


def assert_gradients_close(got, expected, atol=1e-5):
  """Relative to the largest of each array."""
  scale = jax.tree.map(lambda g: jnp.abs(g).max(), expected)
  chex.assert_trees_all_close(
    jax.tree.map(jnp.divide, got, scale),
    jax.tree.map(jnp.divide, expected, scale),
    atol=atol,
  )
