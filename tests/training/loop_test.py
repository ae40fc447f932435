import os
import signal

import chex
import jax
import numpy as np
import pytest

from cascade_jax import methods
from cascade_jax.backend import backend
from cascade_jax.errors import DivergenceError, UserError
from cascade_jax.evaluation import evaluate
from cascade_jax.runs import log_file
from cascade_jax.runs.checkpoints import Checkpoints
from cascade_jax.runs.stop_signal import StopSignal
from cascade_jax.training import chunks, log_entries, loop, replicas, stepper
from cascade_jax.training.steps import StepOutcome
from cascade_jax.types import StepMetrics
from tests.helpers import tiny_run
from tests.helpers.stopping import stop_at, stopped_and_resumed

TIMINGS = (
  "seconds_score",
  "seconds_solve",
  "seconds_update",
  "steps_per_second",
  "elapsed",
)


def without_timings(folder):
  """Returns the log entries of a run, without what its machine adds."""
  return [
    {key: value for key, value in entry.items() if key not in TIMINGS}
    for entry in log_file.read(folder)
  ]


@pytest.fixture(scope="module")
def whole_run(tmp_path_factory):
  """Last state, log entries and folder of a run that was never stopped."""
  folder = tmp_path_factory.mktemp("whole")
  state = loop.train(tiny_run.tiny_config(), folder, tiny_run.tiny_dataset())
  return jax.device_get(state), without_timings(folder), folder


@pytest.mark.parametrize("last_step", [0, 1, 4])
def test_resumed_run_is_the_uninterrupted_one_bit_for_bit(
  whole_run, tiny_config, tiny_dataset, tmp_path, monkeypatch, last_step
):
  """It stops in the first phase, at the code's start, and within a phase."""
  with monkeypatch.context() as patch:
    stop_at(patch, last_step)
    with pytest.raises(SystemExit) as stopped:
      loop.train(tiny_config, tmp_path, tiny_dataset)
  assert stopped.value.code == 128 + signal.SIGTERM
  assert len(log_file.read(tmp_path)) == last_step + 1
  state = loop.train(tiny_config, tmp_path, tiny_dataset)
  chex.assert_trees_all_equal(jax.device_get(state), whole_run[0])
  assert without_timings(tmp_path) == whole_run[1]


@pytest.mark.parametrize(
  ("settings", "steps_per_call"),
  [
    ({"solver": "device", "log_every": 4}, 4),
    ({"num_replicas": 2, "log_every": 4, "evaluate_every": 5}, 1),
  ],
  ids=["many steps a call", "replicas"],
)
def test_resumed_run_with_long_calls_or_replicas_is_the_uninterrupted_one(
  tiny_config, tiny_dataset, tmp_path, monkeypatch, settings, steps_per_call
):
  """Calls end elsewhere where a run was stopped, which changes no result."""
  decisions = backend()._replace(steps_per_call=steps_per_call)
  monkeypatch.setattr(stepper, "backend", lambda: decisions)
  tiny_config.update(settings)
  whole, stopped = tmp_path / "whole", tmp_path / "stopped"
  expected = loop.train(tiny_config, whole, tiny_dataset)
  state = stopped_and_resumed(
    monkeypatch, 4, lambda: loop.train(tiny_config, stopped, tiny_dataset)
  )
  chex.assert_trees_all_equal(state, expected)
  for folder in replicas.folders(whole, tiny_config):
    entries = without_timings(folder)
    assert entries == without_timings(stopped / folder.relative_to(whole))
    due = {settings.get("evaluate_every", 2), 2, 4, 6, 8}  # ends of phases
    scored = [entry["step"] for entry in entries if "scored_images" in entry]
    assert scored == sorted(due)


def test_finished_run_has_nothing_left_to_do(
  whole_run, tiny_config, tiny_dataset
):
  state, entries, folder = whole_run
  again = loop.train(tiny_config, folder, tiny_dataset)
  chex.assert_trees_all_equal(jax.device_get(again), state)
  assert without_timings(folder) == entries


def test_calls_end_where_something_is_due(tiny_config, tiny_dataset):
  method = methods.build(tiny_config, tiny_dataset.image_shape)
  tiny_config.update(
    {"log_every": 20, "checkpoint_every": 6, "evaluate_every": 9}
  )
  tiny_config.num_steps = 11
  # Phases of two steps; from step 7 on all dimensions are open.
  ends, step = [], 0
  while step < tiny_config.num_steps:
    step = chunks.chunk_end(step, tiny_config, method, most=100)
    ends.append(step)
  assert ends == [2, 4, 6, 8, 9, 10, 11]
  tiny_config.profile_steps = "7-10"
  assert chunks.chunk_end(6, tiny_config, method, most=100) == 7
  tiny_config.update({"phase_steps": 100, "checkpoint_every": 100})
  assert chunks.chunk_end(9, tiny_config, method, most=100) == 10
  assert chunks.chunk_end(2, tiny_config, method, most=1) == 3


def test_periodic_scores_are_those_of_the_evaluation(
  tiny_config, tiny_dataset, tmp_path
):
  tiny_config.evaluate_every = 5
  tiny_config.log_every = 3
  tiny_config.evaluate_every_images = 20
  tiny_config.evaluation_images = 20
  loop.train(tiny_config, tmp_path, tiny_dataset)
  entries = log_file.read(tmp_path)
  assert [entry["step"] for entry in entries] == [2, 3, 4, 5, 6, 8]
  scored = [entry for entry in entries if "scored_images" in entry]
  assert [entry["step"] for entry in scored] == [2, 4, 5, 6, 8]
  evaluation = evaluate.evaluate_run(tmp_path, dataset=tiny_dataset)
  for key in ("disentanglement_score", "classification_accuracy"):
    assert scored[-1][key] == evaluation[key]
  assert scored[-1]["scored_images"] == evaluation["num_images"] == 20
  for key, nats in evaluation["information"].items():  # of other samples
    errors = np.array(evaluation["information_errors"][key])
    np.testing.assert_array_less(
      np.abs(np.subtract(scored[-1][key], nats)), 10 * errors + 1e-3
    )


def test_log_describes_the_solved_codes(whole_run):
  _, entries, _ = whole_run
  for entry in entries:
    assert sum(entry["counts"]) == (4 if entry["discrete"] else 0)
    assert 0 <= entry["flow_differs"] <= 1
  assert [entry["discrete"] for entry in entries] == [False] * 2 + [True] * 6
  num_open = [entry["open_dimensions"] for entry in entries]
  assert num_open == [1, 1, 1, 1, 2, 2, 3, 3]
  for entry, count in zip(entries, num_open):
    assert entry["kl_weights"] == [1.0] * count + [10.0] * (3 - count)


def log_entry(method, **terms):
  """Returns the log entry of a first step without solved codes."""
  metrics = StepMetrics(*np.float32([3, 2]), np.ones(3, np.float32), terms)
  (entry,) = log_entries.log_entries(
    1,
    method.schedule(0),
    [StepOutcome(metrics, None)],
    stepper.Seconds(0.0, 0.0, 0.0),
    method,
  )
  return entry


@pytest.mark.parametrize("name", methods.METHODS)
def test_log_names_kl_weights_where_a_method_has_them(name, tiny_config):
  tiny_config.method = name
  method = methods.build(tiny_config, (16, 16, 1))
  entry = log_entry(method, penalty=np.float32(0.5))
  has_weights = name in ("cascade_vae", "cascade_vae_c", "beta_vae")
  assert ("kl_weights" in entry) == has_weights
  assert ("open_dimensions" in entry) == has_weights
  assert (entry["loss"], entry["reconstruction"]) == (3, 2)
  assert entry["penalty"] == 0.5
  assert entry["kl"] == [1, 1, 1]
  assert "terms" not in entry and "counts" not in entry


def test_terms_of_a_loss_cannot_replace_other_entries(tiny_config):
  method = methods.build(tiny_config, (16, 16, 1))
  with pytest.raises(UserError, match=r"log uses itself, \['kl'\]"):
    log_entry(method, kl=np.float32(0.5))


def test_heavy_penalty_moves_the_flow_off_the_argmin(
  tiny_config, tiny_dataset, tmp_path
):
  tiny_config.pairwise_weight = 1e3
  loop.train(tiny_config, tmp_path, tiny_dataset)
  entries = [entry for entry in log_file.read(tmp_path) if entry["discrete"]]
  assert all(sorted(entry["counts"]) == [1, 1, 2] for entry in entries)
  assert any(entry["flow_differs"] for entry in entries)


def test_seeds_differ(whole_run, tiny_config, tiny_dataset, tmp_path):
  tiny_config.seed = 1
  state = loop.train(tiny_config, tmp_path, tiny_dataset)
  first = jax.tree.leaves(whole_run[0].params)[-1]
  assert (np.asarray(jax.tree.leaves(state.params)[-1]) != first).any()


def test_diverged_training_stops_before_it_is_saved(
  tiny_config, tiny_dataset, tmp_path
):
  tiny_config.learning_rate = 1e30
  with pytest.raises(DivergenceError, match="diverged"):
    loop.train(tiny_config, tmp_path, tiny_dataset)
  checkpoints = Checkpoints(tmp_path / "checkpoints")
  method = methods.build(tiny_config, tiny_dataset.image_shape)
  state = checkpoints.restore(jax.jit(method.init)(0))
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


def test_second_signal_is_not_caught():
  """After the first one, Python's own handlers are back."""
  before = signal.getsignal(signal.SIGINT)
  with StopSignal() as stop:
    os.kill(os.getpid(), signal.SIGINT)
    assert stop.received == signal.SIGINT
    assert signal.getsignal(signal.SIGINT) is before
