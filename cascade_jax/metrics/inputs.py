"""The inputs that all metrics share: codes, and what they are compared with.

Shapes: N examples, m continuous dimensions, D discrete variables, F factors.
"""

from typing import NamedTuple

import numpy as np

from cascade_jax.errors import UserError
from cascade_jax.metrics import checks
from cascade_jax.metrics.posteriors import check_not_variances

# The shapes that a field may have; the first axis is N in all but kl.
_SHAPES = {
  "factors": ("[N, F]",),
  "means": ("[N, m]",),
  "categories": ("[N]", "[N, D]"),
  "scales": ("[N, m]",),
  "kl": ("[m]",),
  "classes": ("[N]",),
}
_LARGEST_MEAN = 1e100


class MetricInputs(NamedTuple):
  """The codes of N examples and their labels; None for what is not known.

  Attributes:
    factors: `[N, F]` integers, the true factors that codes are compared with.
    means: `[N, m]` continuous codes, usually posterior means.
    categories: `[N]` or `[N, D]` integers from 0, the discrete codes; not
      one-hot.
    scales: `[N, m]` standard deviations of the posterior, not variances.
    kl: `[m]` mean KL of each dimension to the prior, in nats.
    classes: `[N]` integers from 0 that categories are compared with.
  """

  factors: np.ndarray | None = None
  means: np.ndarray | None = None
  categories: np.ndarray | None = None
  scales: np.ndarray | None = None
  kl: np.ndarray | None = None
  classes: np.ndarray | None = None

  @property
  def num_examples(self) -> int:
    """N; 0 if all arrays are None."""
    arrays = [x for x in self._replace(kl=None) if x is not None]
    return len(arrays[0]) if arrays else 0

  def take(self, rows: np.ndarray) -> "MetricInputs":
    """Returns the inputs of some examples; `kl` stays that of all of them."""
    arrays = self._replace(kl=None)
    subsets = [x if x is None else np.asarray(x)[rows] for x in arrays]
    return MetricInputs(*subsets)._replace(kl=self.kl)

  def shapes(self) -> dict[str, list[int]]:
    """Returns the shape of each array that is not None, by field name."""
    return {
      name: list(np.shape(x))
      for name, x in self._asdict().items()
      if x is not None
    }

  def check(self) -> None:
    """Checks each array, and that all arrays describe the same examples.

    Raises:
      UserError: an array is malformed; the message names it.
    """
    self._check_shapes()
    if self.factors is not None:
      checks.checked_factors(self.factors)
    means = checks.checked_means(self.means, self.num_examples)
    checks.checked_categories(self.categories, self.num_examples)
    if (largest := np.abs(means).max(initial=0)) > _LARGEST_MEAN:
      raise UserError(
        f"means go up to {largest:g}, and squares would overflow; scale them"
      )
    kl = checks.checked_kl(self.kl, means.shape[1])
    if self.scales is not None:
      scales = checks.checked_scales(self.scales, means)
      if self.kl is not None:
        check_not_variances(means, scales, kl)
    if self.classes is not None:
      checks.checked_labels("classes", self.classes)

  def _check_shapes(self) -> None:
    shapes = self.shapes()
    for name, shape in shapes.items():
      if len(shape) not in [text.count(",") + 1 for text in _SHAPES[name]]:
        raise UserError(
          f"{name} must have shape {' or '.join(_SHAPES[name])}, got {shape}"
        )
    lengths = {shape[0] for name, shape in shapes.items() if name != "kl"}
    if len(lengths) > 1 or 0 in lengths:
      raise UserError(
        "arrays must have a row for each of the same examples; got "
        + ", ".join(f"{name} {shape}" for name, shape in shapes.items())
      )
