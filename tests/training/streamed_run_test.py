"""A run on images that are streamed is the run on the same images in memory."""

import chex
import jax
import numpy as np
import pytest

from cascade_jax import data
from cascade_jax.backend import backend
from cascade_jax.evaluation import evaluate
from cascade_jax.training import loop, stepper
from tests.helpers.stopping import stop_at, stopped_and_resumed
from tests.training.loop_test import without_timings


@pytest.fixture
def load(tmp_path):
  """A function that loads 30 labelled images from a file."""
  rng = np.random.default_rng(0)
  images = rng.integers(0, 256, (30, 16, 16, 3), np.uint8)
  path = tmp_path / "mine.npz"
  np.savez(path, images=images, labels=np.arange(30) % 3)
  return lambda stream: data.load("arrays", str(path), stream=stream)


def evaluated(folder, dataset):
  """Returns the scores of a run, without what its machine adds."""
  scores = evaluate.evaluate_run(folder, dataset=dataset)
  del scores["seconds"]
  return scores


@pytest.mark.parametrize(
  ("settings", "steps_per_call"),
  [
    ({}, 1),
    ({"num_replicas": 2, "evaluate_every": 5, "log_every": 4}, 1),
    ({"log_every": 4}, 3),  # until the code starts
  ],
  ids=["one by one", "replicas", "many steps a call"],
)
def test_streamed_run_is_the_one_in_memory_bit_for_bit(
  load, tiny_config, tmp_path, monkeypatch, settings, steps_per_call
):
  """The streamed one is stopped and resumed, too."""
  decisions = backend()._replace(steps_per_call=steps_per_call)
  monkeypatch.setattr(stepper, "backend", lambda: decisions)
  tiny_config.update(settings)
  in_memory, streamed = tmp_path / "in_memory", tmp_path / "streamed"
  expected = loop.train(tiny_config, in_memory, load(stream=False))
  state = stopped_and_resumed(
    monkeypatch, 5, lambda: loop.train(tiny_config, streamed, load(stream=True))
  )
  chex.assert_trees_all_equal(jax.device_get(state), jax.device_get(expected))
  for path in in_memory.rglob("metrics.jsonl"):
    twin = streamed / path.relative_to(in_memory)
    assert without_timings(path.parent) == without_timings(twin.parent)


def test_run_goes_on_in_memory_and_is_evaluated_like_it(
  load, tiny_config, tmp_path, monkeypatch
):
  """`data.stream` may change, as the images are the same."""
  folder, other = tmp_path / "folder", tmp_path / "other"
  tiny_config.data.stream = True
  with monkeypatch.context() as patch:
    stop_at(patch, 4)
    with pytest.raises(SystemExit):
      loop.train(tiny_config, folder, load(stream=True))
  record = (folder / "dataset.json").read_text()
  tiny_config.data.stream = False
  state = loop.train(tiny_config, folder, load(stream=False))
  assert (folder / "dataset.json").read_text() == record
  expected = loop.train(tiny_config, other, load(stream=False))
  chex.assert_trees_all_equal(jax.device_get(state), jax.device_get(expected))
  scores, arrays = [], []
  for stream in (False, True):
    scores.append(evaluated(folder, load(stream)))
    with np.load(folder / "evaluation.npz") as file:
      arrays.append(dict(file))
  assert scores[0] == scores[1]
  chex.assert_trees_all_equal(*arrays)
