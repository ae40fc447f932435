"""Point clouds whose parts are known, and their neighbours by brute force."""

import numpy as np


def moons(count, noise, rng):
  """Two interleaved half circles; points `[count, 2]` and their labels."""
  labels = rng.integers(2, size=count)
  angle = rng.uniform(0, np.pi, count)
  upper = np.stack([np.cos(angle), np.sin(angle)], axis=1)
  points = np.where(labels[:, None] == 0, upper, [1.0, 0.5] - upper)
  return points + rng.normal(scale=noise, size=(count, 2)), labels


def rings(count, noise, rng):
  """Three circles around the same centre; points `[count, 2]` and labels."""
  labels = rng.choice(3, size=count, p=[1 / 6, 2 / 6, 3 / 6])
  angle = rng.uniform(0, 2 * np.pi, count)
  radius = 1 + labels + rng.normal(scale=noise, size=count)
  points = radius * np.stack([np.cos(angle), np.sin(angle)])
  return points.T, labels


def same_partition(labels, others):
  """Whether two labellings differ in the numbers of the labels only."""
  pairs = set(zip(labels.tolist(), others.tolist()))
  return len(pairs) == len(set(labels)) == len(set(others))


def slow_mutual_ranks(points):
  """The k `[n, n]` from which on each is among the k nearest of the other."""
  count = len(points)
  rank = np.zeros((count, count), int)
  for i in range(count):
    others = [j for j in range(count) if j != i]
    others.sort(key=lambda j: np.square(points[i] - points[j]).sum())
    rank[i, others] = range(1, count)
  return np.maximum(rank, rank.T)


def dumbbell(count, rng):
  """Two discs and a narrow bridge; points `[count, 2]` and their sides."""
  angle = rng.uniform(0, 2 * np.pi, count)
  radius = np.sqrt(rng.uniform(size=count))
  discs = radius * np.stack([np.cos(angle), np.sin(angle)])
  discs[0] += rng.choice([-2, 2], count)
  bridge = rng.uniform([[-1], [-0.1]], [[1], [0.1]], (2, count))
  is_bridge = rng.uniform(size=count) < 0.1
  points = np.where(is_bridge, bridge, discs).T
  return points, points[:, 0] > 0
