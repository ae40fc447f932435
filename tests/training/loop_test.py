import os
import signal

import chex
import jax
import numpy as np
import pytest

from cascade_jax import methods
from cascade_jax.evaluation import evaluate
from cascade_jax.runs.checkpoints import Checkpoints
from cascade_jax.runs.run_log import read_metrics
from cascade_jax.training import loop, replicas, stepper
from tests.helpers.stopping import stop_at

TIMINGS = (
  "seconds_score",
  "seconds_solve",
  "seconds_update",
  "steps_per_second",
  "elapsed",
)


def without_timings(folder):
  return [
    {key: value for key, value in record.items() if key not in TIMINGS}
    for record in read_metrics(folder)
  ]


@pytest.fixture
def whole_run(tiny_config, tiny_dataset, tmp_path):
  """State and records of a run that was never stopped."""
  folder = tmp_path / "whole"
  state = loop.train(tiny_config, folder, tiny_dataset)
  return jax.device_get(state), without_timings(folder)


@pytest.mark.parametrize("last_step", [0, 1, 4])
def test_resumed_run_is_the_uninterrupted_one_bit_for_bit(
  whole_run, tiny_config, tiny_dataset, tmp_path, monkeypatch, last_step
):
  """Stopped in the first phase, at the code's start, and within a phase."""
  folder = tmp_path / "stopped"
  with monkeypatch.context() as patch:
    stop_at(patch, last_step)
    with pytest.raises(SystemExit) as stopped:
      loop.train(tiny_config, folder, tiny_dataset)
  assert stopped.value.code == 128 + signal.SIGTERM
  assert len(read_metrics(folder)) == last_step + 1
  state = loop.train(tiny_config, folder, tiny_dataset)
  chex.assert_trees_all_equal(jax.device_get(state), whole_run[0])
  assert without_timings(folder) == whole_run[1]


@pytest.mark.parametrize(
  "settings",
  [
    {"solver": "device", "log_every": 4, "steps_per_call": 4},
    {"num_replicas": 2, "log_every": 4, "evaluate_every": 5},
  ],
  ids=["device", "replicas"],
)
def test_so_it_is_in_chunks_and_with_replicas(
  tiny_config, tiny_dataset, tmp_path, monkeypatch, settings
):
  """Chunks end elsewhere where a run was stopped; nothing comes of it."""
  most = settings.pop("steps_per_call", 1)
  monkeypatch.setattr(stepper, "steps_per_call", lambda _: most)
  tiny_config.update(settings)
  whole, stopped = tmp_path / "whole", tmp_path / "stopped"
  expected = loop.train(tiny_config, whole, tiny_dataset)
  with monkeypatch.context() as patch:
    stop_at(patch, 4)
    with pytest.raises(SystemExit):
      loop.train(tiny_config, stopped, tiny_dataset)
  state = loop.train(tiny_config, stopped, tiny_dataset)
  chex.assert_trees_all_equal(state, expected)
  for folder in replicas.folders(whole, tiny_config):
    records = without_timings(folder)
    assert records == without_timings(stopped / folder.relative_to(whole))
    due = {settings.get("evaluate_every", 2), 2, 4, 6, 8}  # ends of phases
    scored = [r["step"] for r in records if "scored_images" in r]
    assert scored == sorted(due)


def test_finished_run_has_nothing_left_to_do(
  tiny_config, tiny_dataset, tmp_path
):
  state = loop.train(tiny_config, tmp_path, tiny_dataset)
  again = loop.train(tiny_config, tmp_path, tiny_dataset)
  chex.assert_trees_all_equal(jax.device_get(again), jax.device_get(state))


def test_chunks_end_where_something_is_due(tiny_config, tiny_dataset):
  method = methods.build(tiny_config, tiny_dataset.image_shape)
  tiny_config.update(
    {"log_every": 20, "checkpoint_every": 6, "evaluate_every": 9}
  )
  tiny_config.num_steps = 11
  # Phases of two steps; from step 7 on all dimensions are open.
  ends, step = [], 0
  while step < tiny_config.num_steps:
    step = loop.chunk_end(step, tiny_config, method, most=100)
    ends.append(step)
  assert ends == [2, 4, 6, 8, 9, 10, 11]
  assert loop.chunk_end(2, tiny_config, method, most=1) == 3


def test_periodic_scores_are_those_of_the_evaluation(
  tiny_config, tiny_dataset, tmp_path
):
  tiny_config.evaluate_every = 5
  tiny_config.log_every = 3
  tiny_config.evaluate_every_images = 20
  tiny_config.evaluation_images = 20
  loop.train(tiny_config, tmp_path, tiny_dataset)
  records = read_metrics(tmp_path)
  assert [r["step"] for r in records] == [2, 3, 4, 5, 6, 8]
  scored = [r for r in records if "scored_images" in r]
  assert [r["step"] for r in scored] == [2, 4, 5, 6, 8]  # phases are of two
  evaluation = evaluate.evaluate_run(tmp_path, dataset=tiny_dataset)
  for key in ("disentanglement_score", "classification_accuracy"):
    assert scored[-1][key] == evaluation[key]
  assert scored[-1]["scored_images"] == evaluation["num_images"] == 20
  for key, nats in evaluation["information"].items():  # of other samples
    errors = np.array(evaluation["information_errors"][key])
    np.testing.assert_array_less(
      np.abs(np.subtract(scored[-1][key], nats)), 10 * errors + 1e-3
    )


def test_log_says_what_the_flow_did(whole_run):
  _, records = whole_run
  for record in records:
    assert sum(record["counts"]) == (4 if record["discrete"] else 0)
    assert 0 <= record["flow_differs"] <= 1
  assert [r["discrete"] for r in records] == [False] * 2 + [True] * 6
  assert [r["open_dimensions"] for r in records] == [1, 1, 1, 1, 2, 2, 3, 3]


def test_heavy_penalty_moves_the_flow_off_the_argmin(
  tiny_config, tiny_dataset, tmp_path
):
  tiny_config.pairwise_weight = 1e3
  loop.train(tiny_config, tmp_path, tiny_dataset)
  records = [r for r in read_metrics(tmp_path) if r["discrete"]]
  assert all(sorted(r["counts"]) == [1, 1, 2] for r in records)
  assert any(r["flow_differs"] for r in records)


def test_seeds_differ(whole_run, tiny_config, tiny_dataset, tmp_path):
  tiny_config.seed = 1
  state = loop.train(tiny_config, tmp_path / "other", tiny_dataset)
  first = jax.tree.leaves(whole_run[0].params)[-1]
  assert (np.asarray(jax.tree.leaves(state.params)[-1]) != first).any()


def test_diverged_training_stops_before_it_is_saved(
  tiny_config, tiny_dataset, tmp_path
):
  tiny_config.learning_rate = 1e30
  with pytest.raises((FloatingPointError, ValueError), match="diverged"):
    loop.train(tiny_config, tmp_path, tiny_dataset)
  checkpoints = Checkpoints(tmp_path / "checkpoints")
  method = methods.build(tiny_config, tiny_dataset.image_shape)
  state = checkpoints.restore(method.init(0))
  checkpoints.close()
  if state is not None:
    chex.assert_tree_all_finite(state.params)


def test_batch_larger_than_the_data_is_refused(
  tiny_config, tiny_dataset, tmp_path
):
  tiny_config.batch_size = 31
  with pytest.raises(ValueError, match="batch_size is 31.*30 images"):
    loop.train(tiny_config, tmp_path, tiny_dataset)
  tiny_config.batch_size = 30  # and the folder is still free for a good one
  tiny_config.num_steps = 1
  loop.train(tiny_config, tmp_path, tiny_dataset)


def test_supervised_method_without_classes_leaves_the_folder_free(
  tiny_config, tiny_dataset, tmp_path
):
  tiny_config.method = "aae_s"
  unlabelled = tiny_dataset._replace(class_factor=None)
  with pytest.raises(ValueError, match="has none; name its class_factor"):
    loop.train(tiny_config, tmp_path, unlabelled)
  assert not (tmp_path / "config.json").exists()


def test_second_signal_is_not_caught(tiny_config, tiny_dataset, tmp_path):
  """After the first one, Python's own handlers are back."""
  from cascade_jax.runs.stop_signal import StopSignal

  before = signal.getsignal(signal.SIGINT)
  with StopSignal() as stop:
    os.kill(os.getpid(), signal.SIGINT)
    assert stop.received == signal.SIGINT
    assert signal.getsignal(signal.SIGINT) is before
