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
# # CascadeVAE: continuous and discrete factors, without labels
#
# Trains CascadeVAE ([Jeong & Song, ICML 2019](https://arxiv.org/abs/1905.09432))
# on a small dSprites in a few minutes, on a TPU, a GPU or a CPU; then shows
# what each dimension and each category came to mean.

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

import jax
from IPython import display

import cascade_jax  # before jax: sets flags that some CPU builds need
from cascade_jax import report
from cascade_jax.commands import launch
from cascade_jax.configs import smoke, upright
from cascade_jax.evaluation import evaluate
from cascade_jax.training import loop

launch.show_progress()

print(f"cascade_jax {cascade_jax.__version__}, jax {jax.__version__}")
print(jax.devices())

# %% [markdown]
# ## Train
#
# The schedule of this config: all dimensions but the first start under a heavy
# KL weight and are relieved one a phase; the discrete code starts before the
# last one. Interrupt and run the cell again: it goes on where it stopped.

# %%
# The smoke config learns nothing; it only tests this notebook.
is_test = "CASCADE_JAX_SMOKE" in os.environ
config = smoke.get_config() if is_test else upright.get_config()
workdir = pathlib.Path(RESULTS) / ("smoke" if is_test else "upright")
state = loop.train(config, workdir)

# %% [markdown]
# ## Score and look
#
# The disentanglement score and the unsupervised classification accuracy of the
# paper's section 5, then each dimension moved from -1 to 1 and back: a row a
# category, a column a dimension. A KL of 0 says that the model does not use the
# dimension. Last, how many images of each class every category has. In some
# seeds the categories mix two of the shapes; another seed may tell them apart.

# %%
results = evaluate.evaluate_run(workdir)
page = report.write_report(workdir)
print(f"disentanglement score    {results['disentanglement_score']:.4f}")
print(f"classification accuracy  {results['classification_accuracy']:.4f}")
print(f"the whole report is {page}")
display.Image(filename=str(workdir / "traversals.gif"))

# %%
display.Image(filename=str(workdir / "confusion.png"))

# %% [markdown]
# ## Use the model
#
# A model is loaded in one line and works on plain arrays; its file can be kept
# and shared.

# %%
model = cascade_jax.load(workdir)
images = model.decode([[0.0] * model.num_continuous] * 3, [0, 1, 2])
codes = model.represent(images)
model.save(workdir / "model.safetensors")
print(model)
print("categories of the decoded images:", codes.categories[:, 0])
