# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#       jupytext_version: 1.19.6
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # The flow by hand
#
# CascadeVAE has no encoder for the discrete code. The decoder says how many
# nats each of S categories would cost each image of a batch (its unary costs),
# and a minimum-cost flow finds the categories that are jointly cheapest, with a
# penalty for each unordered pair of images that share one:
#
# $$\min_{d_1 \ldots d_B} \sum_i u_i[d_i] + \lambda\, \#\{i < j : d_i = d_j\}$$

# %%
# What to install if cascade_jax is missing: a wheel, a folder of its source, or
# an address that pip knows, such as "git+https://...".
SOURCE = ""
# Where results go. To keep them on Colab, mount your drive first
# (google.colab.drive.mount("/content/drive")) and name a folder of it.
RESULTS = "runs"

# Leaves jax as it is here (on Colab, another jax would lose the TPU). Run this
# cell first: it brings packages that must not have been imported before.
import importlib.metadata
import importlib.util
import pathlib
import subprocess
import sys

if importlib.util.find_spec("cascade_jax") is None:
  assert SOURCE, "set SOURCE above to where cascade_jax can be installed from"
  pinned = [
    f"{name}=={importlib.metadata.version(name)}"
    for name in ("jax", "jaxlib", "flax", "numpy")
    if importlib.util.find_spec(name)
  ]
  pathlib.Path("constraints.txt").write_text("\n".join(pinned))
  pip_install = [sys.executable, "-m", "pip", "install", "-q"]
  subprocess.run([*pip_install, "-c", "constraints.txt", SOURCE], check=True)

# %%
import itertools

import matplotlib.pyplot as plt
import numpy as np

import cascade_jax

# %% [markdown]
# ## Eight images, three categories
#
# The argmin crowds category 0. A penalty of 0.5 nats a pair moves those images
# away that lose least by it.

# %%
rng = np.random.default_rng(3)
unary_costs = 50 + rng.uniform(0, 3, (8, 3))
unary_costs[:, 0] -= 1.5

plain = cascade_jax.assign_codes(unary_costs, pairwise_weight=0.0)
spread = cascade_jax.assign_codes(unary_costs, pairwise_weight=0.5)
print("image  unary costs / nats      argmin  flow")
for image, costs in enumerate(unary_costs):
  before, after = plain.categories[image], spread.categories[image]
  shown = "  ".join(f"{cost:.2f}" for cost in costs)
  mark = "  <- moved" if before != after else ""
  print(f"{image:5}  {shown}  {before:9}  {after:4}{mark}")
print(f"images of each category: argmin {plain.counts}, flow {spread.counts}")
print(f"the flow's total cost: {spread.cost:.3f} nats, pairs included")

# %% [markdown]
# ## It is the optimum
#
# The n-th image of a category pays n - 1 pairs, so an arc for each place in a
# category, of cost 0, 1, 2, ... times the weight, makes the problem a flow. All
# 3^8 assignments, tried one by one, have no better one.

# %%
pairwise_weight = 0.5


def total_cost(categories):
  """The cost of an assignment, its pairs counted one by one."""
  pairs = itertools.combinations(categories, 2)
  crowding = sum(first == second for first, second in pairs)
  unary_cost = unary_costs[np.arange(8), list(categories)].sum()
  return unary_cost + pairwise_weight * crowding


best = min(itertools.product(range(3), repeat=8), key=total_cost)
print("brute force", best, f"{total_cost(best):.3f} nats")
assert np.isclose(total_cost(best), spread.cost)

# %% [markdown]
# ## What the weight does
#
# At 0 each image takes its cheapest category; the heavier the weight, the more
# equal the categories become. The paper's 0.001 is felt only where two
# categories cost an image nearly the same.

# %%
weights = np.geomspace(1e-3, 10, 30)
counts = [
  cascade_jax.assign_codes(unary_costs, pairwise_weight=weight).counts
  for weight in weights
]
labels = ["category 0", "category 1", "category 2"]
plt.stackplot(weights, np.transpose(counts), labels=labels, step="mid")
plt.xscale("log")
plt.xlabel("pairwise weight / nats")
plt.ylabel("images, one category on top of the other")
plt.legend(loc="lower right")
plt.show()
