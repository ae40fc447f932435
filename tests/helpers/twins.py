"""Gradients that tests compare between two ways of computing them."""

import chex
import jax
import jax.numpy as jnp


def gradient_from(adam):
  """Returns the gradient of an Adam's first step: ten times its moment."""
  return jax.tree.map(lambda moment: 10 * moment, adam[0].mu)


def assert_gradients_close(gradient, expected, atol=1e-5):
  """Compares two gradients, relative to the largest entry of each array."""
  scale = jax.tree.map(lambda g: jnp.maximum(jnp.abs(g).max(), 1e-12), expected)
  chex.assert_tree_all_finite(expected)
  chex.assert_trees_all_close(
    jax.tree.map(jnp.divide, gradient, scale),
    jax.tree.map(jnp.divide, expected, scale),
    atol=atol,
  )
