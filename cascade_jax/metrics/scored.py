"""What all metrics together are given: codes, and what they are compared with.

Letters: N examples, m continuous dimensions, D discrete variables, F factors.
"""

from typing import NamedTuple

import numpy as np

from cascade_jax.errors import UserError
from cascade_jax.metrics import codes as codes_lib

# The shapes that a field may have; N first, but of kl.
_SHAPES = {
  "factors": ("[N, F]",),
  "means": ("[N, m]",),
  "categories": ("[N]", "[N, D]"),
  "scales": ("[N, m]",),
  "kl": ("[m]",),
  "classes": ("[N]",),
}
_LARGEST = 1e100  # of a mean


class Scored(NamedTuple):
  """The codes of N examples, and what is known of them; None if it isn't.

  Attributes:
    factors: `[N, F]` integers, the true factors, which codes are compared with.
    means: `[N, m]` continuous codes, posterior means as a rule.
    categories: `[N]` or `[N, D]` integers from 0, the discrete codes; not
      one-hot.
    scales: `[N, m]` standard deviations of the posterior.
    kl: `[m]` mean KL of each dimension to the prior, nats.
    classes: `[N]` integers from 0, that categories are compared with.
  """

  factors: np.ndarray | None = None
  means: np.ndarray | None = None
  categories: np.ndarray | None = None
  scales: np.ndarray | None = None
  kl: np.ndarray | None = None
  classes: np.ndarray | None = None

  @property
  def num_examples(self) -> int:
    """N; 0 where nothing is given."""
    of_each = [x for x in self._replace(kl=None) if x is not None]
    return len(of_each[0]) if of_each else 0

  def take(self, rows: np.ndarray) -> "Scored":
    """The same of some examples."""
    of_each = self._replace(kl=None)  # which is of all
    kept = [x if x is None else np.asarray(x)[rows] for x in of_each]
    return Scored(*kept)._replace(kl=self.kl)

  def shapes(self) -> dict[str, list[int]]:
    """Of each array that is given."""
    given = {name: x for name, x in self._asdict().items() if x is not None}
    return {name: list(np.shape(x)) for name, x in given.items()}

  def check(self) -> None:
    """Refuses arrays that no metric takes, or that aren't of the same examples.

    Raises:
      UserError: names the array that is off.
    """
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
        f"{_listed(shapes)}"
      )
    if self.factors is not None:
      codes_lib.check(self.means, self.factors, self.categories)
    means = codes_lib.check_means(self.means, self.num_examples)
    num_columns = means.shape[1]
    if (largest := np.abs(means).max(initial=0)) > _LARGEST:
      raise UserError(
        f"means go up to {largest:g}, and squares would overflow; scale them"
      )
    if self.scales is not None and num_columns != shapes["scales"][1]:
      raise UserError(
        f"scales must have the shape of means; got {_listed(shapes)}"
      )
    codes_lib.check_kl(self.kl, num_columns)


def _listed(shapes: dict[str, list[int]]) -> str:
  return ", ".join(f"{name} {shape}" for name, shape in shapes.items())
