"""What means, scales and KL must say of each other.

Shapes: N examples, m continuous dimensions.
"""

import numpy as np

from cascade_jax.errors import UserError

_STANDARD_ERRORS = 5  # the kl of a file may be that of more examples
_ROUNDING = 0.02  # nats, and share of the kl


def kl_to_prior(means: np.ndarray, scales: np.ndarray) -> np.ndarray:
  """Returns KL(N(mean, scale^2) || N(0, 1)), nats `[N, m]`.

  The same as `cascade_jax.losses.kl_per_dimension`, without jax.

  Args:
    means: `[N, m]`.
    scales: `[N, m]` standard deviations.
  """
  return 0.5 * (means**2 + scales**2 - 1) - np.log(scales)


def kl_agrees(means: np.ndarray, scales: np.ndarray, kl: np.ndarray) -> bool:
  """Returns whether `kl` can be the mean KL to N(0, 1) of such posteriors.

  The posteriors may be a random sample of those that `kl` is the mean of: five
  standard errors are allowed for, and 2 % and 0.02 nats for rounding.

  Args:
    means: `[N, m]`.
    scales: `[N, m]` standard deviations.
    kl: `[m]` nats.
  """
  of_examples = kl_to_prior(means, scales)
  error = of_examples.std(axis=0) / len(means) ** 0.5
  tolerance = _STANDARD_ERRORS * error + _ROUNDING * (1 + np.abs(kl))
  return bool((np.abs(of_examples.mean(axis=0) - kl) <= tolerance).all())


def check_not_variances(
  means: np.ndarray, scales: np.ndarray, kl: np.ndarray
) -> None:
  """Raises UserError if `kl` says that `scales` are variances.

  Args:
    means: `[N, m]`.
    scales: `[N, m]`, positive; they should be standard deviations.
    kl: `[m]` nats.
  """
  if kl_agrees(means, scales, kl):
    return
  if kl_agrees(means, np.sqrt(scales), kl):
    raise UserError(
      "scales look like variances: only with their square roots do means and "
      "scales have the KL that kl says; give standard deviations, "
      "numpy.sqrt(scales)"
    )
