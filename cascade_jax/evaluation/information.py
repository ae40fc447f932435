"""What the latents know of the images, and of each other, in nats.

x is one of N images, all equally likely, and z is drawn from q(z|x). Then
q(z) = 1/N sum_n q(z|x_n), the aggregate posterior, is a mixture that can be
computed, and the mean KL to the prior N(0, I) has three parts (Hoffman &
Johnson 2016; Chen et al. 2018, equation 2):

  index-code MI        I(x; z)  = E log q(z|x) / q(z)
  total correlation    TC(z)    = E log q(z) / prod_j q(z_j)
  dimension-wise KL    sum_j KL(q(z_j) || p(z_j))

The total correlation is itself a sum over the dimensions in their order,
TC(z) = sum_i I(z_1:i-1; z_i), which is what information cascading is about
(Jeong & Song 2019): a dimension that is opened when the others are settled is
to add information without repeating theirs.

Densities are exact over the images given; the expectations are means over
`num_samples` pairs of x and z. Of a sample of the data, everything is that of
the sample: I(x; z) can't exceed log N. Minibatch estimates (beta-TCVAE) and
discriminators (FactorVAE) give other, as a rule far lower, numbers for TC.

Letters: N images, M samples, m continuous dimensions.
"""

import functools
from typing import NamedTuple

import chex
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.scipy.special import logsumexp

from cascade_jax.errors import UserError
from cascade_jax.types import Posterior

_CHUNK = 2**22  # densities in memory at once


class Information(NamedTuple):
  """In nats; means over the samples, so sums hold to the last digits.

  Attributes:
    index_code_information: a scalar, I(x; z).
    aggregate_total_correlation: a scalar, TC(z).
    dimension_wise_kl: `[m]` KL(q(z_j) || p(z_j)).
    dimension_information: `[m]` I(x; z_j).
    information_with_earlier: `[m]` I(z_1:i-1; z_i), the first 0.
  """

  index_code_information: np.ndarray
  aggregate_total_correlation: np.ndarray
  dimension_wise_kl: np.ndarray
  dimension_information: np.ndarray
  information_with_earlier: np.ndarray


def information(
  mean: np.ndarray, scale: np.ndarray, num_samples: int = 4096, seed: int = 0
) -> tuple[Information, Information]:
  """What z ~ N(mean, scale^2) knows of which of N images it is of.

  Args:
    mean: `[N, m]` of the posterior.
    scale: `[N, m]` its standard deviation, above 0.
    num_samples: M; costs 2 M N m exponentials.
    seed: of the images and noise that are drawn.

  Returns:
    The information, and the standard errors of its means over the samples.

  Raises:
    UserError: a deterministic encoder, of which I(x; z) has no density.
  """
  chex.assert_equal_shape([mean, scale])
  chex.assert_rank(mean, 2)
  if not np.all(scale > 0):
    raise UserError(
      f"scale must be above 0, the least is {np.min(scale)}: the information "
      "of a deterministic encoder is infinite in nats"
    )
  if num_samples < 2:
    raise UserError(f"num_samples must be 2 or more, got {num_samples}")
  posterior = jax.device_put(
    Posterior(np.asarray(mean, np.float32), np.asarray(scale, np.float32))
  )
  terms = jax.device_get(_log_ratios(posterior, num_samples, seed))
  means = [np.mean(x, axis=0, dtype=np.float64) for x in terms]
  errors = [np.std(x, axis=0, ddof=1) / np.sqrt(num_samples) for x in terms]
  return Information(*means), Information(*errors)


@functools.partial(jax.jit, static_argnames="num_samples")
def _log_ratios(
  posterior: Posterior, num_samples: int, seed: int
) -> Information:
  """The terms of M samples, whose means are the information."""
  images_key, noise_key = jax.random.split(jax.random.key(seed))
  num_images, m = posterior.mean.shape
  drawn = jax.random.randint(images_key, (num_samples,), 0, num_images)
  own = jax.tree.map(lambda x: x[drawn], posterior)
  latents = own.mean + own.scale * jax.random.normal(
    noise_key, (num_samples, m)
  )
  given = _log_density(latents, own)
  marginals, prefixes = lax.map(
    lambda z: _aggregate(z, posterior),
    latents,
    batch_size=max(1, min(num_samples, _CHUNK // (num_images * m))),
  )
  prior = _log_density(latents, Posterior(0.0, 1.0))
  joint = prefixes[:, -1]
  earlier = jnp.pad(prefixes[:, :-1], ((0, 0), (1, 0)))
  return Information(
    index_code_information=given.sum(axis=1) - joint,
    aggregate_total_correlation=joint - marginals.sum(axis=1),
    dimension_wise_kl=marginals - prior,
    dimension_information=given - marginals,
    information_with_earlier=prefixes - earlier - marginals,
  )


def _aggregate(z: jax.Array, posterior: Posterior):
  """log q(z_j) and log q(z_1:j) of one z `[m]`, each `[m]`."""
  each = _log_density(z, posterior)  # [N, m]
  log_count = jnp.log(len(each))
  prefixes = jnp.cumsum(each, axis=1)
  return logsumexp(each, 0) - log_count, logsumexp(prefixes, 0) - log_count


def _log_density(z, posterior: Posterior):
  """log N(z; mean, scale^2), elementwise."""
  return jax.scipy.stats.norm.logpdf(z, posterior.mean, posterior.scale)
