"""Figures of merit of runs that need no labels, and how they rank runs.

Shapes: R runs.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from cascade_jax.evaluation import code_merits, scores
from cascade_jax.metrics import RankCorrelation, rank_correlation


class Merit(NamedTuple):
  """One figure of merit.

  Attributes:
    title: of its column in a table, with its unit.
    sign: 1 if more is taken to be better, -1 if less is.
    protocol: tells a reader how it is computed.
    digits: shown after the decimal point.
  """

  title: str
  sign: int
  protocol: str
  digits: int = 3


_OF_SAMPLES = "The z of an image is drawn from its posterior."
MERITS = {
  "elbo_at_mean": Merit(
    "ELBO at mean, nats", 1, scores.PROTOCOL["elbo_at_mean"], 2
  ),
  "reconstruction": Merit(
    "reconstruction, nats",
    -1,
    "-log p(x) at the posterior mean and the most likely code, nats per image.",
    2,
  ),
  "dimension_information": Merit(
    "sum of I(x; z_j), nats",
    1,
    "Information of each dimension about the image, summed over dimensions "
    f"(evaluation/information.py). {_OF_SAMPLES}",
    2,
  ),
  "total_correlation": Merit(
    "TC(z), nats",
    -1,
    "Total correlation of the aggregate posterior (evaluation/information.py). "
    f"{_OF_SAMPLES}",
    2,
  ),
  "category_balance": Merit(
    "category balance", 1, code_merits.PROTOCOL["category_balance"]
  ),
  "unary_gap": Merit(
    "gap of unary costs, nats", 1, code_merits.PROTOCOL["unary_gap"], 2
  ),
  "code_stability": Merit(
    "stability of codes", 1, code_merits.PROTOCOL["code_stability"]
  ),
  "udr": Merit(
    "UDR",
    1,
    "Duan et al. 2020: median over the other models; of dimensions with a KL "
    "above 0.01 nats, or all where there is no KL.",
  ),
  "model_centrality": Merit(
    "ModelCentrality",
    1,
    "After Lin et al. 2020, for encoders (metrics/model_centrality.py): mean "
    "over the other models of the disentanglement scores, chance being 0, of "
    "one model's codes against the other's in 20 bins, in both directions; of "
    "dimensions with a KL above 0.1 nats, or all where there is no KL.",
  ),
}


def of_evaluation(evaluation: Mapping) -> dict[str, float | None]:
  """Returns the merits of a single run; None for those that it lacks.

  Args:
    evaluation: the content of evaluation.json, as `evaluate.evaluate_run`
      writes it with `all_metrics`.
  """
  information = evaluation["information"]
  of_dimensions = information.get("dimension_information")
  return {
    "elbo_at_mean": evaluation["elbo_at_mean"],
    "reconstruction": evaluation["reconstruction"],
    "dimension_information": (
      None if of_dimensions is None else sum(of_dimensions)
    ),
    "total_correlation": information.get("aggregate_total_correlation"),
    **evaluation["merits"],
  }


def order(name: str, values: np.ndarray) -> np.ndarray:
  """Returns the indices `[R]` of the runs, the best first, unknown ones last.

  Runs with the same value stay in their order.

  Args:
    name: of the merit.
    values: `[R]`, NaN where unknown.
  """
  return np.argsort(-MERITS[name].sign * values, kind="stable")


def correlations(
  merits: Mapping[str, np.ndarray], labelled: Mapping[str, np.ndarray]
) -> dict[str, dict[str, RankCorrelation]]:
  """Returns whether each merit ranks runs as each labelled score does.

  Args:
    merits: `[R]` values by the name of the merit, NaN where unknown.
    labelled: `[R]` scores by name, larger if better, NaN where unknown.

  Returns:
    Spearman's rho and its interval, by merit and score. The signs of `MERITS`
    are applied: a rho of 1 says that the merit puts the runs in the order of
    the score, also for a merit of which less is better.
  """
  return {
    merit: {
      name: rank_correlation(MERITS[merit].sign * values, scores_of_runs)
      for name, scores_of_runs in labelled.items()
    }
    for merit, values in merits.items()
  }
