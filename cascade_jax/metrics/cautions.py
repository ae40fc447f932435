"""What to mind about scores: they are defined, but not to be trusted blindly.

Shapes: N examples, m continuous dimensions.
"""

from collections.abc import Container

import numpy as np

from cascade_jax.metrics.columns import fewest_examples
from cascade_jax.metrics.inputs import MetricInputs
from cascade_jax.metrics.mig import NUM_BINS, VALUE_RANGE
from cascade_jax.metrics.mutual_information import BY_CHANCE, chance_share
from cascade_jax.metrics.partitions import numbered
from cascade_jax.metrics.posteriors import kl_agrees

_FEW_EXAMPLES = 20
_NARROW = 1 / 4  # of a bin


def cautions(inputs: MetricInputs, scores: Container[str]) -> dict[str, str]:
  """Returns what to mind, by the name of the score or of the array.

  Args:
    inputs: what was scored, checked.
    scores: the names of its scores.
  """
  found = {"factors": _few_examples(inputs), "kl": _other_kl(inputs)}
  if "robust_mig" in scores:
    found["robust_mig"] = _narrow_posteriors(inputs)
  if "nmi" in scores:
    found["nmi"] = _many_categories(inputs)
  return {name: text for name, text in found.items() if text}


def _few_examples(inputs: MetricInputs) -> str:
  if inputs.factors is None:
    return ""
  fewest, factor = fewest_examples(np.asarray(inputs.factors))
  if fewest >= _FEW_EXAMPLES:
    return ""
  return (
    f"factor {factor} (from 0) has a value with only {fewest} example(s). "
    f"Below {_FEW_EXAMPLES} is few for metrics that fix a factor and vary the "
    "rest, or hold some out."
  )


def _many_categories(inputs: MetricInputs) -> str:
  """Returns a caution if much of the NMI of some variable can be chance."""
  classes = numbered(np.asarray(inputs.classes))
  variables = np.asarray(inputs.categories).reshape(len(classes), -1).T
  shares = [chance_share(numbered(labels), classes) for labels in variables]
  if max(shares) <= BY_CHANCE:
    return ""
  return (
    "there are so many categories for so few examples that by chance alone "
    f"they would tell about {max(shares):.0%} of the class. nmi is not "
    "corrected for chance, ari is."
  )


def _other_kl(inputs: MetricInputs) -> str:
  if inputs.means is None or inputs.scales is None or inputs.kl is None:
    return ""
  arrays = (inputs.means, inputs.scales, inputs.kl)
  if kl_agrees(*(np.asarray(x, np.float64) for x in arrays)):
    return ""
  return (
    "it is not the mean KL of these means and scales to N(0, 1). That is right "
    "only for another prior, for which the bins of robust_mig are not made."
  )


def _narrow_posteriors(inputs: MetricInputs) -> str:
  """Returns a caution if the bins hide how narrow the posteriors are.

  `robust_mutual_information_gap` says what that does to the score.
  """
  if inputs.means is None or inputs.scales is None:
    return ""
  width = (VALUE_RANGE[1] - VALUE_RANGE[0]) / NUM_BINS
  medians = np.median(inputs.scales, axis=0)
  is_narrow = medians < _NARROW * width
  is_used = np.std(inputs.means, axis=0) > width  # else one bin holds them all
  narrow = np.flatnonzero(is_narrow & is_used)
  if not len(narrow):
    return ""
  return (
    "the posteriors of dimension(s) "
    f"{', '.join(map(str, narrow))} (from 0) are narrower than a quarter of a "
    f"bin: their median standard deviation is {medians[narrow].min():.2g} at "
    f"the least, and a bin is {width:.2g} wide. The score then depends on the "
    "bins, and can be far above that of the exact posteriors."
  )
