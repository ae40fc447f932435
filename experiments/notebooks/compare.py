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
# # Compare methods and metrics
#
# Trains three methods on the same small dSprites, several seeds each, and
# prints one table with every seed. Then scores the same codes by all metrics:
# the choice of the metric changes a number more than the choice of the model.

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

from IPython import display

from cascade_jax import metrics
from cascade_jax.commands import launch
from cascade_jax.configs import smoke, upright
from cascade_jax.evaluation import comparison, evaluate, summary
from cascade_jax.evaluation.tables import markdown_table
from cascade_jax.metrics import codes_file
from cascade_jax.training import loop, replicas

launch.show_progress()

# %% [markdown]
# ## Train
#
# Six runs in all, two seeds of each method. On a TPU or GPU the seeds of a
# method are trained in one program; a CPU trains one run after another, which
# takes about six times as long as the notebook cascade_vae. A folder a method
# holds a folder a seed; what is there already is not trained again.

# %%
# The smoke config learns nothing; it only tests this notebook.
is_test = "CASCADE_JAX_SMOKE" in os.environ
summaries = {}
for method in ("cascade_vae", "beta_vae", "joint_vae"):
  config = smoke.get_config() if is_test else upright.get_config(method)
  config.method = method
  config.seed, config.num_replicas = 3, 2
  folder = pathlib.Path(RESULTS) / "compare" / method
  loop.train(config, folder)
  seeds = replicas.folders(folder, config)
  evaluate.evaluate_runs(seeds, all_metrics=True)
  summaries[method] = summary.summarise(seeds)

# %% [markdown]
# ## Every seed of every method
#
# In percent, mean (standard deviation), best, and all seeds. Judge by several:
# two runs of one method can differ more than the means of two methods.

# %%
display.Markdown(comparison.to_markdown(summaries))

# %% [markdown]
# ## The same codes by all metrics
#
# Codes of 10,000 images of each run are in its codes.npz; here those of seed 3.
# `metrics.attempt` computes every metric that these arrays allow, and gives the
# reasons for those that are not defined on them. The best value of each is 1.
# beta-VAE has no categories, so it has no scores of them.

# %%
scores = {}
for method in summaries:
  folder = pathlib.Path(RESULTS) / "compare" / method / "seed_3"
  codes = codes_file.read(folder / "codes.npz")
  scores[method], undefined = metrics.attempt(codes)
  for name, reason in undefined.items():
    print(f"{method} has no {name}: {reason}")
rows = [
  (name, *(f"{of[name]:.3f}" if name in of else "" for of in scores.values()))
  for name in scores["cascade_vae"]
]
display.Markdown(markdown_table(("score", *scores), rows))
