"""What the factors of a data set are worth: the table and its numbers."""

import time
from collections.abc import Mapping, Sequence

from cascade_jax import data, metrics
from cascade_jax.activity import activity
from cascade_jax.errors import UserError
from cascade_jax.evaluation.tables import markdown_table
from cascade_jax.runs.json_file import Kind
from cascade_jax.runs.provenance import provenance

KIND = Kind("worth")  # that of a run's dimensions too
_EXACT = (
  "The images are all combinations of the factors, each once: mean images are "
  "exact."
)
_SAMPLE = (
  "The images are a sample: mean images are estimated, and entropies corrected "
  "for the size of the groups."
)


def dataset_worth(dataset: data.Dataset) -> dict:
  """Returns what the factors of a data set are worth, for a JSON file.

  Raises:
    UserError: the data set has no factors, or as for `metrics.factor_worth`.
  """
  if dataset.factors is None:
    raise UserError(
      f"data set {dataset.name!r} has no factors; only the worth of known "
      "factors can be computed"
    )
  started = time.perf_counter()
  images, names = data.HostImages(dataset), dataset.factor_names
  with activity(f"computing the worth of {len(names)} factors"):
    result = metrics.factor_worth(images, dataset.factors)
  return {
    "dataset": dataset.name,
    "num_images": len(images),
    "image_shape": list(dataset.image_shape),
    "factor_sizes": dict(zip(names, dataset.factor_sizes)),
    "protocol": _EXACT if result.is_exact else _SAMPLE,
    "order": [names[f] for f in result.order],
    "stages": [
      {
        "known": [names[f] for f in stage[0].known],
        "factors": {names[worth.factor]: _entry(worth) for worth in stage},
      }
      for stage in result.stages
    ],
    "given_others": {
      names[worth.factor]: _entry(worth) for worth in result.given_others
    },
    "seconds": time.perf_counter() - started,
    **provenance(),
  }


def to_markdown(content: Mapping) -> str:
  """Returns what `dataset_worth` returns as text with two tables.

  The first has the worth of each factor at each stage, the second one the
  resolutions of the factor that is learned there.
  """
  stages, others = content["stages"], content["given_others"]
  names = list(stages[0]["factors"])
  names.sort(key=[*content["order"], *names].index)
  rows = [
    (_known(stage), *(_worth(stage["factors"].get(name)) for name in names))
    for stage in stages
  ]
  if others:
    rows.append(("all others", *(_worth(others.get(name)) for name in names)))
  parts = [
    f"{content['dataset']}: {content['num_images']} images. "
    f"{content['protocol']}",
    "Nats of reconstruction per nat of rate, at the best resolution; in "
    "parentheses in the limit of no rate.",
    markdown_table(("known", *names), rows),
    "The factor that is learned at each stage, by the number of bins:",
    _resolutions(stages, content["factor_sizes"]),
  ]
  if len(stages) < len(names):
    parts.append(
      "The stages end there: the known factors determine the others, or there "
      "are too few images of a value of one of them."
    )
  return "\n\n".join(parts)


def _entry(worth: metrics.Worth) -> dict:
  return {
    "worth": worth.highest,
    "onset": worth.onset,
    "bins": list(worth.bins),
    "gains": worth.gains.tolist(),
    "rates": worth.rates.tolist(),
    "cost": worth.cost,
  }


def _known(stage: Mapping) -> str:
  return ", ".join(stage["known"]) or "nothing"


def _worth(entry: Mapping | None) -> str:
  """Returns the cell of a factor; empty if it is known."""
  if entry is None:
    return ""
  onset = entry["onset"]
  return f"{entry['worth']:.3g}" + (f" ({onset:.3g})" if onset else "")


def _resolutions(
  stages: Sequence[Mapping], factor_sizes: Mapping[str, int]
) -> str:
  """Returns the table of the factors that are learned at the stages."""
  learned = [next(iter(stage["factors"].items())) for stage in stages]
  bins = {n for name, k in learned for n in k["bins"] if n < factor_sizes[name]}
  rows = []
  for stage, (name, entry) in zip(stages, learned):
    ratios = {
      n: f"{gain / rate:.3g}"
      for n, gain, rate in zip(entry["bins"], entry["gains"], entry["rates"])
    }
    cells = [ratios.get(n, "") for n in (*sorted(bins), factor_sizes[name])]
    rows.append((_known(stage), name, f"{entry['cost']:.1f}", *cells))
  header = ("known", "learned", "cost, nats", *sorted(bins), "all values")
  return markdown_table(header, rows)
