"""Assignment problems and their slow twins, for both solvers' tests."""

import itertools

import numpy as np


def total_cost(costs, categories, pairwise_weight):
  """The objective, counted pair by pair."""
  unary = sum(row[category] for row, category in zip(costs, categories))
  pairs = sum(a == b for a, b in itertools.combinations(categories, 2))
  return unary + pairwise_weight * pairs


def brute_force(costs, pairwise_weight):
  """Cheapest cost over all S^B assignments."""
  everything = itertools.product(range(costs.shape[1]), repeat=len(costs))
  return min(
    total_cost(costs, chosen, pairwise_weight) for chosen in everything
  )


def random_costs(rng, batch_size, num_categories, spread):
  """Unaries like a decoder's: float32, large, differing by `spread` nats."""
  base = rng.uniform(50, 500, (batch_size, 1))
  gaps = spread * rng.standard_normal((batch_size, num_categories))
  return (base + gaps).astype(np.float32)
