"""How much each column of a code tells of each factor, in nats.

Letters: N examples, m continuous dimensions, D discrete variables, F factors;
a table has A labels of a column and B values of a factor.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import entr, rel_entr

from cascade_jax.metrics import codes as codes_lib


class MutualInformation(NamedTuple):
  """I(column; factor), and the entropies that bound it.

  Attributes:
    information: `[columns, factors]`.
    column_entropies: `[columns]`.
    factor_entropies: `[factors]`.
    factors: indices of the factors that vary.
  """

  information: np.ndarray
  column_entropies: np.ndarray
  factor_entropies: np.ndarray
  factors: np.ndarray


def mutual_information(
  means: np.ndarray | None,
  factors: np.ndarray,
  *,
  categories: np.ndarray | None = None,
  num_bins: int = 20,
) -> MutualInformation:
  """Mutual information of every column with every factor that varies.

  The plug-in estimate: frequencies of the N examples are taken for
  probabilities, and a continuous column for the bin of equal width that its
  mean falls in, as in disentanglement_lib. It is biased upwards, by about
  (bins - 1) (values - 1) / 2N: columns that know nothing get more the more
  values a factor has.

  Args:
    means: `[N, m]` posterior means; None for m = 0.
    factors: `[N, F]` class indices.
    categories: `[N]` integers from 0, or `[N, D]`; one more column each.
    num_bins: between a column's least and largest mean.

  Raises:
    UserError: names the argument that is off.
  """
  codes, factors = codes_lib.check(means, factors, categories)
  varying = codes_lib.varying(factors)
  labels = codes_lib.discretise(codes, num_bins).T
  values = renumbered(factors[:, varying])
  information = [
    [table_information(contingency(a, b)) for b in values] for a in labels
  ]
  return MutualInformation(
    np.array(information).reshape(len(labels), len(varying)),
    np.array([entropy(np.bincount(a)) for a in labels]),
    np.array([entropy(np.bincount(b)) for b in values]),
    varying,
  )


def renumbered(factors: np.ndarray) -> list[np.ndarray]:
  """The values `[N]` of each factor of `[N, F]`, counted from 0, no gaps."""
  return [np.unique(k, return_inverse=True)[1] for k in factors.T]


def contingency(labels: np.ndarray, values: np.ndarray) -> np.ndarray:
  """How many examples have each label `[N]` and value `[N]`, `[A, B]`."""
  shape = labels.max() + 1, values.max() + 1
  cells = labels * shape[1] + values
  return np.bincount(cells, minlength=shape[0] * shape[1]).reshape(shape)


def table_information(table: np.ndarray) -> float:
  """I(row; column) of counts or probabilities `[A, B]`."""
  total = table.sum()
  # In counts, so that what is independent in them gets 0 and not 1e-17.
  independent = np.outer(table.sum(axis=1), table.sum(axis=0)) / total
  return max(0.0, float(rel_entr(table, independent).sum() / total))


def entropy(counts: np.ndarray) -> float:
  """Entropy of the frequencies `[A]`."""
  return float(entr(counts / counts.sum()).sum())
