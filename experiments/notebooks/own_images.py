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
# # Your own images
#
# Trains on images that you have as an array: here scikit-learn's handwritten
# digits, which come with the package. Put your own in their place.

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
import os

import numpy as np
from sklearn.datasets import load_digits

import cascade_jax
from cascade_jax import data, plots
from cascade_jax.commands import launch

launch.show_progress()

# %% [markdown]
# ## The images
#
# `[N, H, W]` or `[N, H, W, C]`: bool, uint8 from 0 to 255, or float in [0, 1].
# The networks take squares of 16, 32, 64, 128 or 256 pixels, and `fit` says
# what to do with others. Labels are optional: training never sees them.

# %%
digits = load_digits()
dataset = data.from_arrays(
  "digits", digits.images / 16, labels=digits.target, fit="resize"
)
print(dataset)

# %% [markdown]
# ## Train
#
# `num_categories` is the number of classes that you expect, `num_continuous`
# more than the number of continuous factors that you expect. Training goes on
# where it stopped when this cell is run again.

# %%
# A few steps only test this notebook.
num_steps = 20 if "CASCADE_JAX_SMOKE" in os.environ else 4_000
model = cascade_jax.train(
  dataset,
  pathlib.Path(RESULTS) / "digits",
  num_steps=num_steps,
  num_categories=(10,),
  num_continuous=6,
)
print(model)
for name in ("classification_accuracy", "nmi"):
  print(name, model.scores.get(name))

# %% [markdown]
# ## Look
#
# Each row is a category, each block a dimension that moves from -1 to 1. The
# page explore.html in the folder does the same with sliders.

# %%
plots.traversal_grid(*model.traverse())

# %% [markdown]
# ## Use
#
# Codes of any images of this kind, and images of any codes.

# %%
codes = model.represent(data.HostImages(dataset)[np.arange(100)])
for category in range(3):
  members = digits.target[:100][codes.categories[:, 0] == category]
  print(f"category {category} has the digits {members}")
model.save(pathlib.Path(RESULTS) / "digits.safetensors")
