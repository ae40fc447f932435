"""Measures how fast this machine trains and evaluates, against its limit."""

import json

import ml_collections

from cascade_jax import data, methods
from cascade_jax.activity import activity
from cascade_jax.benchmark.limit import (
  against_limit,
  peak_bytes,
  seconds,
)
from cascade_jax.benchmark.solvers import measure_solvers
from cascade_jax.benchmark.steps import (
  Subject,
  measure_parts,
  measure_steps,
  subject_of,
)
from cascade_jax.evaluation import scores
from cascade_jax.evaluation.represent import compile_represent
from cascade_jax.runs.provenance import provenance
from cascade_jax.training import replicas


def measure(config: ml_collections.ConfigDict, evaluation_images: int) -> dict:
  """Returns all figures, the content of the benchmark command's JSON file.

  Args:
    config: of the run to measure; all replicas together take each step.
    evaluation_images: the number of images to encode and assign, 0 for all.
  """
  dataset = data.load(**config.data)
  method = methods.build(config, dataset.image_shape)
  subject = subject_of(config, method, dataset)
  figures = {
    "machine": provenance(),
    "config": json.loads(config.to_json()),  # as a file gives it back
    "gigaflop": subject.gigaflop,
    "steps": measure_steps(subject, "host"),
    "peak_bytes_training": peak_bytes(),
  }
  if method.solves_codes and len(method.num_categories) == 1:
    figures["steps"] |= measure_steps(subject, "device")
  figures["parts"] = measure_parts(subject) if method.solves_codes else None
  figures["evaluation"] = _evaluation(subject, evaluation_images)
  figures["peak_bytes"] = peak_bytes()
  figures["solvers"] = measure_solvers(config.pairwise_weight)
  return figures


def _evaluation(subject: Subject, count: int) -> dict[str, float]:
  """Measures encoding `count` images and assigning their likeliest categories.

  The time for all images is extrapolated from them.
  """
  config, method, dataset, spread, counts = subject
  indices = scores.sample(len(dataset), count)
  represent = compile_represent(method, dataset, spread)
  state, *_ = spread.split(replicas.initial_states(config, method))
  discrete = bool(method.num_categories)
  images = spread.size * len(indices)
  with activity(f"evaluation of {len(indices)} images"):
    figure = against_limit(
      lambda: seconds(lambda: represent(state.params, indices, discrete), 1),
      counts,
      "evaluation",
      images,
    )
  rate = 1e3 * images / figure["milliseconds"]
  whole = config.num_replicas * len(dataset) / rate
  return {
    **figure,
    "images": images,
    "images_per_second": rate,
    "seconds_for_all_images": whole,
  }
