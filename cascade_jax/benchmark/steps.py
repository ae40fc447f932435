"""The steps of a run, whole and in parts."""

import functools
import statistics
import time
from typing import NamedTuple, TypeVar

import jax
import ml_collections
import numpy as np

from cascade_jax import data, sharding
from cascade_jax.activity import activity
from cascade_jax.assignment import assign_each
from cascade_jax.benchmark.limit import REPEATS, against_limit, gigaflop
from cascade_jax.methods import Method
from cascade_jax.sharding import Spread
from cascade_jax.training import replicas
from cascade_jax.training.stepper import Stepper, device_dataset
from cascade_jax.training.steps import Steps

ResultT = TypeVar("ResultT")


class Subject(NamedTuple):
  """What is measured: a run without its folder."""

  config: ml_collections.ConfigDict
  method: Method
  dataset: data.DeviceDataset | data.StreamedDataset
  spread: Spread
  gigaflop: dict[str, float] | None  # see `limit.gigaflop`


def subject_of(
  config: ml_collections.ConfigDict, method: Method, dataset: data.Dataset
) -> Subject:
  """Returns what is measured of a config, with the images on its devices."""
  spread = sharding.spread(config.num_replicas, config.num_devices)
  on_device = device_dataset(dataset, method, spread)
  counts = gigaflop(config, dataset.image_shape, method)
  return Subject(config, method, on_device, spread, counts)


def measure_steps(
  subject: Subject, solver: str, repeats: int = REPEATS
) -> dict[str, dict[str, float]]:
  """Measures whole steps, as the training loop takes them.

  Args:
    subject: all its replicas together take each step.
    solver: "host" or "device".
    repeats: steps of which each figure is the median.
  """
  config, method, dataset, spread, counts = subject
  config = config.copy_and_resolve_references()
  config.solver = solver
  stepper = Stepper(config, method, dataset, spread)
  first = {}
  if solver == "host":  # a warm-up step needs no solver: measured once
    first["warm_up"] = 0
  if method.solves_codes:
    first["discrete"] = _first_discrete(config)
  figures = {}
  for name, step in first.items():
    groups = spread.split(replicas.initial_states(config, method))
    with activity(f"{name} steps, with the solver on the {solver}"):
      figure = against_limit(
        functools.partial(
          _seconds_a_step, stepper, groups, step, method, repeats
        ),
        counts,
        name,
      )
    images = config.batch_size * config.num_replicas
    figure["images_per_second"] = 1e3 * images / figure["milliseconds"]
    figures[name if name == "warm_up" else f"{name}_{solver}"] = figure
  return figures


def _seconds_a_step(
  stepper: Stepper, groups: list, first: int, method: Method, repeats: int
) -> float:
  """Returns the median time of the steps from `first` on."""
  stage = method.schedule(first)
  most = stepper.most_steps(stage)
  groups, _, _ = stepper.take(groups, first, first + most, stage)
  times = []
  for _ in range(max(3, repeats // most)):
    started = time.perf_counter()
    groups, _, _ = stepper.take(groups, first, first + most, stage)
    times.append((time.perf_counter() - started) / most)
  return statistics.median(times)


def _first_discrete(config: ml_collections.ConfigDict) -> int:
  """Returns the first step with the discrete code."""
  return config.discrete_start_phase * config.phase_steps


def measure_parts(subject: Subject) -> dict[str, float]:
  """Measures the parts of a discrete step of one group of replicas.

  The categories are sent to the device in a separate call here. That costs more
  than in training, which passes them as an argument of the update.

  Returns:
    Milliseconds of each part, and the share of the solver and the transfers.
  """
  with activity("parts of a discrete step"):
    return _parts(subject)


def _parts(subject: Subject) -> dict[str, float]:
  config, method, dataset, spread, _ = subject
  steps = Steps(method, spread, config.pairwise_weight, config.batch_size)
  to_device = jax.jit(lambda categories: categories)
  state, *_ = spread.split(replicas.initial_states(config, method))
  kl_weights = spread.share(method.schedule(_first_discrete(config)).kl_weights)
  rows = np.arange(spread.size * config.batch_size, dtype=np.int32)
  step = dataset.part(rows.reshape(spread.size, -1))
  times = []
  for _ in range(REPEATS):
    marks = [time.perf_counter()]

    def mark(result: ResultT) -> ResultT:
      marks.append(time.perf_counter())  # noqa: B023
      return result

    forward_pass = mark(
      jax.block_until_ready(steps.forward(state, *step, True))
    )
    costs = mark(np.asarray(forward_pass.unary_costs))
    categories = mark(
      assign_each(
        costs, method.num_categories, config.pairwise_weight
      ).categories
    )
    categories = mark(to_device(categories.astype(np.int32)))
    state, _ = steps.update(state, *step, kl_weights, forward_pass, categories)
    mark(jax.block_until_ready(state))
    times.append(np.diff(marks))
  names = ("encode_and_score", "to_host", "solve", "to_device", "update")
  medians = 1e3 * np.median(times[1:], axis=0)
  parts = dict(zip(names, medians.tolist()))
  alone = parts["to_host"] + parts["solve"] + parts["to_device"]
  return {**parts, "solve_and_transfers_share": alone / sum(parts.values())}
