"""Assignment problems and slow exact methods, for the tests of all solvers."""

import itertools

import numpy as np


def total_cost(costs, categories, pairwise_weight):
  """The objective in nats, pair by pair; costs `[B, S]`, categories `[B]`."""
  unary = sum(row[category] for row, category in zip(costs, categories))
  pairs = sum(a == b for a, b in itertools.combinations(categories, 2))
  return unary + pairwise_weight * pairs


def brute_force(costs, pairwise_weight):
  """The least cost of all S^B assignments."""
  assignments = itertools.product(range(costs.shape[1]), repeat=len(costs))
  return min(
    total_cost(costs, categories, pairwise_weight) for categories in assignments
  )


def random_costs(rng, batch_size, num_categories, spread):
  """Costs like a decoder's: large float32, with gaps of about `spread` nats."""
  base = rng.uniform(50, 500, (batch_size, 1))
  gaps = spread * rng.standard_normal((batch_size, num_categories))
  return (base + gaps).astype(np.float32)
