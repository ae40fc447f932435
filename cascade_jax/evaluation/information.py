"""Information of the latents about the images and about each other, in nats.

x is one of N equally likely images, and z is drawn from q(z|x). Then q(z) =
1/N sum_n q(z|x_n), the aggregate posterior, is a mixture that can be computed,
and the mean KL to the prior N(0, I) has three parts (Hoffman & Johnson 2016;
Chen et al. 2018, equation 2):

  index-code MI        I(x; z)  = E log q(z|x) / q(z)
  total correlation    TC(z)    = E log q(z) / prod_j q(z_j)
  dimension-wise KL    sum_j KL(q(z_j) || p(z_j))

The total correlation is in turn a sum over the dimensions in their order,
TC(z) = sum_i I(z_1:i-1; z_i). Information cascading (Jeong & Song 2019) is
about these terms: a dimension that is opened after the others have settled is
meant to add information without repeating theirs.

Densities are exact over the given images; the expectations are means over
`num_samples` pairs of x and z. On a sample of a dataset, all values refer to
that sample: I(x; z) cannot exceed log N. Minibatch estimates (beta-TCVAE) and
discriminators (FactorVAE) give other, usually far lower, values of TC.

Shapes: N images, M samples, m continuous dimensions.
"""

import functools
from typing import Generic, NamedTuple

import chex
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.scipy.special import logsumexp
from jax.scipy.stats import norm
from scipy import stats

from cascade_jax.errors import UserError
from cascade_jax.types import ArrayT, Posterior

_CHUNK = 2**22  # densities in memory at once


class Information(NamedTuple, Generic[ArrayT]):
  """The parts of the KL in nats, or their terms for each sample `[M, ...]`.

  All are means over the same samples, so that identities such as TC(z) =
  sum_i I(z_1:i-1; z_i) hold up to rounding.

  Attributes:
    index_code_information: a scalar, I(x; z).
    aggregate_total_correlation: a scalar, TC(z).
    dimension_wise_kl: `[m]` KL(q(z_j) || p(z_j)).
    dimension_information: `[m]` I(x; z_j).
    information_with_earlier: `[m]` I(z_1:i-1; z_i); the first one is 0.
  """

  index_code_information: ArrayT
  aggregate_total_correlation: ArrayT
  dimension_wise_kl: ArrayT
  dimension_information: ArrayT
  information_with_earlier: ArrayT


def information(
  mean: np.ndarray, scale: np.ndarray, num_samples: int = 4096, seed: int = 0
) -> tuple[Information[np.ndarray], Information[np.ndarray]]:
  """Returns the information of z ~ N(mean, scale^2) about the N images.

  Args:
    mean: `[N, m]` of the posterior.
    scale: `[N, m]` standard deviation of the posterior, above 0.
    num_samples: M; the cost is 2 M N m exponentials.
    seed: of the choice of images and of the noise.

  Returns:
    The information, and the standard errors of its means over the samples.

  Raises:
    UserError: the encoder is deterministic, so that I(x; z) has no density, or
      there are fewer than two samples.
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
  posterior = Posterior(
    *jax.device_put(
      (np.asarray(mean, np.float32), np.asarray(scale, np.float32))
    )
  )
  terms = jax.device_get(_log_ratios(posterior, num_samples, seed))
  return (
    jax.tree.map(lambda x: np.mean(x, axis=0, dtype=np.float64), terms),
    jax.tree.map(lambda x: stats.sem(x, axis=0), terms),
  )


@functools.partial(jax.jit, static_argnames="num_samples")
def _log_ratios(
  posterior: Posterior, num_samples: int, seed: int
) -> Information[jax.Array]:
  """Returns terms `[M]` or `[M, m]` whose means over samples are the result.

  Args:
    posterior: `[N, m]` of all images.
    num_samples: M.
    seed: of the choice of images and of the noise.
  """
  images_key, noise_key = jax.random.split(jax.random.key(seed))
  num_images, m = posterior.mean.shape
  drawn = jax.random.randint(images_key, (num_samples,), 0, num_images)
  own = jax.tree.map(lambda x: x[drawn], posterior)
  latents = own.mean + own.scale * jax.random.normal(
    noise_key, (num_samples, m)
  )
  conditional = norm.logpdf(latents, own.mean, own.scale)  # log q(z_j|x)
  marginals, prefixes = lax.map(
    lambda z: _aggregate_log_densities(z, posterior),
    latents,
    batch_size=max(1, min(num_samples, _CHUNK // (num_images * m))),
  )
  joint = prefixes[:, -1]
  earlier = jnp.pad(prefixes[:, :-1], ((0, 0), (1, 0)))
  return Information(
    index_code_information=conditional.sum(axis=1) - joint,
    aggregate_total_correlation=joint - marginals.sum(axis=1),
    dimension_wise_kl=marginals - norm.logpdf(latents),
    dimension_information=conditional - marginals,
    information_with_earlier=prefixes - earlier - marginals,
  )


def _aggregate_log_densities(
  z: jax.Array, posterior: Posterior
) -> tuple[jax.Array, jax.Array]:
  """Returns log q(z_j) and log q(z_1:j), each `[m]`, of one z `[m]`."""
  conditional = norm.logpdf(z, posterior.mean, posterior.scale)  # [N, m]
  log_count = jnp.log(len(conditional))
  prefixes = jnp.cumsum(conditional, axis=1)
  return (
    logsumexp(conditional, axis=0) - log_count,
    logsumexp(prefixes, axis=0) - log_count,
  )
