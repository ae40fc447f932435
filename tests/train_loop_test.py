import os
import signal

import chex
import jax
import numpy as np
import pytest

from cascade_jax import methods, train_loop
from cascade_jax.checkpoints import Checkpoints
from cascade_jax.run_log import read_metrics

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


def stop_at(monkeypatch, step, number=signal.SIGTERM):
  """Sends this process a signal while the step is under way."""
  batch_indices = train_loop.data.batch_indices

  def stopping(*args):
    if args[-1] == step:
      os.kill(os.getpid(), number)
    return batch_indices(*args)

  monkeypatch.setattr(train_loop.data, "batch_indices", stopping)


@pytest.fixture
def whole_run(tiny_config, tiny_dataset, tmp_path):
  """State and records of a run that was never stopped."""
  folder = tmp_path / "whole"
  state = train_loop.train(tiny_config, folder, tiny_dataset)
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
      train_loop.train(tiny_config, folder, tiny_dataset)
  assert stopped.value.code == 128 + signal.SIGTERM
  assert len(read_metrics(folder)) == last_step + 1
  state = train_loop.train(tiny_config, folder, tiny_dataset)
  chex.assert_trees_all_equal(jax.device_get(state), whole_run[0])
  assert without_timings(folder) == whole_run[1]


def test_finished_run_has_nothing_left_to_do(
  tiny_config, tiny_dataset, tmp_path
):
  state = train_loop.train(tiny_config, tmp_path, tiny_dataset)
  again = train_loop.train(tiny_config, tmp_path, tiny_dataset)
  chex.assert_trees_all_equal(jax.device_get(again), jax.device_get(state))


def test_two_compilations_serve_every_phase(tiny_config, tiny_dataset):
  """One without the code, one with it."""
  method = methods.build(tiny_config, tiny_dataset.image_shape)
  counted = method._replace(
    score=chex.assert_max_traces(method.score, n=2),
    update=chex.assert_max_traces(method.update, n=2),
  )
  steps = train_loop.compile_steps(counted, tiny_dataset)
  images, state = jax.device_put(tiny_dataset.images), method.init(0)
  for step in range(8):
    state, _, _ = train_loop.take_step(
      steps, state, images, np.arange(4), method.stage(step), tiny_config
    )
  assert state.step == 8


def test_nothing_crosses_to_the_device_unseen(tiny_config, tiny_dataset):
  method = methods.build(tiny_config, tiny_dataset.image_shape)
  steps = train_loop.compile_steps(method, tiny_dataset)
  images, state = jax.device_put(tiny_dataset.images), method.init(0)
  with jax.transfer_guard("disallow"):
    for step in (0, 7):
      state, _, _ = train_loop.take_step(
        steps, state, images, np.arange(4), method.stage(step), tiny_config
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
  train_loop.train(tiny_config, tmp_path, tiny_dataset)
  records = [r for r in read_metrics(tmp_path) if r["discrete"]]
  assert all(sorted(r["counts"]) == [1, 1, 2] for r in records)
  assert any(r["flow_differs"] for r in records)


def test_seeds_differ(whole_run, tiny_config, tiny_dataset, tmp_path):
  tiny_config.seed = 1
  state = train_loop.train(tiny_config, tmp_path / "other", tiny_dataset)
  first = jax.tree.leaves(whole_run[0].params)[-1]
  assert (np.asarray(jax.tree.leaves(state.params)[-1]) != first).any()


def test_diverged_training_stops_before_it_is_saved(
  tiny_config, tiny_dataset, tmp_path
):
  tiny_config.learning_rate = 1e30
  with pytest.raises((FloatingPointError, ValueError), match="diverged"):
    train_loop.train(tiny_config, tmp_path, tiny_dataset)
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
    train_loop.train(tiny_config, tmp_path, tiny_dataset)
  tiny_config.batch_size = 30  # and the folder is still free for a good one
  tiny_config.num_steps = 1
  train_loop.train(tiny_config, tmp_path, tiny_dataset)


def test_second_signal_is_not_caught(tiny_config, tiny_dataset, tmp_path):
  """After the first one, Python's own handlers are back."""
  from cascade_jax.stop_signal import StopSignal

  before = signal.getsignal(signal.SIGINT)
  with StopSignal() as stop:
    os.kill(os.getpid(), signal.SIGINT)
    assert stop.received == signal.SIGINT
    assert signal.getsignal(signal.SIGINT) is before
