"""The tiny run that the faults are tried on, and what it comes to."""

import contextlib
import hashlib
import pathlib

import numpy as np
import pytest

import cascade_jax
from cascade_jax import report
from cascade_jax.evaluation import evaluate, evaluation_file, summary
from cascade_jax.explore import write as explore
from cascade_jax.runs import checkpoints, json_file, log_file, workdir
from cascade_jax.training import loop, replicas
from tests.faults import linear_vae
from tests.helpers import stopping, tiny_run
from tests.helpers.timings import without_timings

IMAGES = "images.npz"
MODEL = "model.safetensors"
SUMMARY = "summary.json"
QUICK = linear_vae.__name__  # compiles at once, and has no explore.html
BUILT_IN = "cascade_vae"


def config(num_replicas=1, method=QUICK):
  config = tiny_run.tiny_config()
  config.method, config.num_replicas = method, num_replicas
  return config


def train(folder, num_replicas=1):
  """Trains and scores a run, or goes on with it to its end."""
  folder, settings = pathlib.Path(folder), config(num_replicas)
  loop.train(settings, folder, tiny_run.tiny_dataset())
  evaluate_run(folder, num_replicas)


def evaluate_run(folder, num_replicas=1):
  """Scores what is there of a run."""
  folders = replicas.folders(pathlib.Path(folder), config(num_replicas))
  evaluate.evaluate_runs(folders, dataset=tiny_run.tiny_dataset())


def write_report(folder):
  report.write_report(folder)


def load_model(folder):
  """Opens the model of a run."""
  cascade_jax.load(folder)


def train_and_explore(folder, method=BUILT_IN):
  """Makes a run with all metrics, and with a page to explore it if it can."""
  folder = pathlib.Path(folder)
  loop.train(config(method=method), folder, tiny_run.tiny_dataset())
  dataset = tiny_run.tiny_dataset()
  with evaluate.opened([folder], dataset=dataset, all_metrics=True) as (
    (path,),
    evaluator,
  ):
    explore.evaluate_and_explore(evaluator, path)


def write_explorer(folder):
  """Makes the page to explore a run of a built-in method."""
  with evaluate.opened([folder], dataset=tiny_run.tiny_dataset()) as (
    (path,),
    evaluator,
  ):
    page = path / "explore.html"
    explore.write_page(evaluator, evaluator.restore(path), page)


def complete(folder, method):
  """Makes a run with every kind of file that its method allows."""
  train_and_explore(folder, method)
  write_report(folder)
  cascade_jax.load(folder).save(folder / MODEL)
  table = summary.summarise([folder])
  json_file.write(folder / SUMMARY, summary.KIND, table)
  images = np.arange(30 * 16 * 16, dtype=np.uint8).reshape(30, 16, 16)
  np.savez(folder / IMAGES, images=images, labels=np.arange(30) % 3)


def stop(folder, step, num_replicas=1):
  """Trains a run to a step, where its user stops it."""
  with pytest.MonkeyPatch.context() as patch, contextlib.suppress(SystemExit):
    stopping.stop_at(patch, step - 1)
    train(folder, num_replicas)


def results(folder, num_replicas=1):
  """Returns all that a run comes to, by name, times aside.

  The digests of a checkpoint are of the arrays in memory; that the file holds
  these arrays was checked by the evaluation, which restores them.
  """
  found = {}
  for path in replicas.folders(pathlib.Path(folder), config(num_replicas)):
    steps = checkpoints.saved_steps(path / "checkpoints")
    newest = path / "checkpoints" / str(max(steps, default=0))
    digests = newest / "digests" / "metadata"
    evaluation = evaluation_file.read(path)
    with np.load(path / "evaluation.npz") as arrays:
      arrays = {name: frozen(array) for name, array in arrays.items()}
    found |= {
      f"{path.name} step": max(steps, default=0),
      f"{path.name} state": digests.read_text(),
      f"{path.name} log": list(map(without_timings, log_file.read(path))),
      f"{path.name} evaluation": without_timings(evaluation),
      f"{path.name} arrays": arrays,
      f"{path.name} config": workdir.read_config(path).to_json(),
    }
  return {name.removeprefix(f"{folder.name} "): x for name, x in found.items()}


def frozen(content):
  """Returns nested content with each array as its type, shape and digest."""
  if isinstance(content, dict):
    return {key: frozen(value) for key, value in content.items()}
  if isinstance(content, list | tuple):
    return [frozen(value) for value in content]
  if isinstance(content, np.ndarray):
    digest = hashlib.blake2b(content.tobytes()).hexdigest()
    return f"{content.dtype} {content.shape} {digest}"
  return content


def differences(found, expected):
  """Returns the names of what differs between two results."""
  names = sorted(found.keys() | expected.keys())
  return [name for name in names if found.get(name) != expected.get(name)]


def pages(folder):
  """Returns the content of the files that are made to be looked at."""
  names = ("*.html", "*.png", "*.gif")
  paths = sorted(path for name in names for path in folder.glob(name))
  return {path.name: path.read_bytes() for path in paths}
