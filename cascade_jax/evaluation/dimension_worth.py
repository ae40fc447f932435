"""What each variable of a trained model is worth: nats lost per nat of rate.

A variable is silenced at test time: the decoder is no longer told its value.
An ideal decoder would then draw the mean of the images that the possible values
give, so this is what a silenced image is compared with: the mean of the decoded
images over the values that the variable takes for other images, all other
variables being held.

This convention follows from what the decoder was trained on: to be certain at
each value of z. At 0, the prior's mean, or at a single sample of the prior, it
draws one sharp and wrong image, and the loss is overstated: a model that is
trained without the variable draws an uncertain image instead. The prior also
has samples where the decoder was never trained, so the values are those of the
aggregate posterior. They are drawn regardless of the other variables: where
these tell something of the silenced one, the loss is too large.

Shapes: N images of P pixels, m continuous dimensions, K values of each one, A
alternatives that are decoded for an image.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy import linalg, stats
from scipy.special import entr

from cascade_jax.errors import UserError

_IN_USE = 0.1  # nats of KL, as in the paper's disentanglement score
# A float32 closer to 1 is 1, whose wrong pixel would cost infinitely much.
_MARGIN = float(np.finfo(np.float32).eps)


class Codes(NamedTuple):
  """What a model infers from N images.

  Attributes:
    mean: `[N, m]` of the posterior.
    scale: `[N, m]` standard deviation of the posterior.
    kl: `[m]` nats, the mean over images; None for a deterministic encoder.
    categories: `[N]` joint categories, -1 without a discrete code.
  """

  mean: np.ndarray
  scale: np.ndarray
  kl: np.ndarray | None
  categories: np.ndarray


class VariableWorth(NamedTuple):
  """The worth of one variable.

  Attributes:
    name: "z1" and so on, or "code" for all discrete variables together.
    rate: nats; the mean KL of a dimension, the entropy of a code.
    loss: nats of reconstruction for each image that are lost without it.
    error: standard error of the loss over the images.
  """

  name: str
  rate: float
  loss: float
  error: float

  @property
  def worth(self) -> float:
    """Nats of reconstruction lost per nat of rate."""
    return self.loss / self.rate


def dimension_worth(
  decode: Callable[[np.ndarray, np.ndarray], np.ndarray],
  images: np.ndarray,
  codes: Codes,
  *,
  likelihood: str = "bernoulli",
  num_values: int = 64,
  seed: int = 0,
) -> list[VariableWorth]:
  """Returns the worth of each dimension in use, and of the discrete code.

  The reconstruction is at one sample of z for each image, as in training.

  Args:
    decode: latents `[A, m]`, joint categories `[A]` to mean images `[A, ...]`.
    images: `[N, H, W, C]` in [0, 1].
    codes: of these images.
    likelihood: of a pixel, "bernoulli" or "gaussian" (of variance 1).
    num_values: K, quantiles of the samples of a dimension over all images, each
      of which has the same weight in the mean of decoded images.
    seed: of the samples of z.

  Returns:
    A dimension with a KL above 0.1 nats is in use. The code is left out if all
    images are of one category.

  Raises:
    UserError: the encoder is deterministic, so that its dimensions have no
      rate.
  """
  if codes.kl is None:
    raise UserError(
      "the encoder is deterministic: without a posterior its dimensions have "
      "no rate, and so no worth for each nat of it"
    )
  used = np.flatnonzero(codes.kl > _IN_USE)
  noise = np.random.default_rng(seed).standard_normal(codes.mean.shape)
  latents = (codes.mean + codes.scale * noise).astype(np.float32)
  levels = (np.arange(num_values) + 0.5) / num_values
  values = np.quantile(latents[:, used], levels, axis=0)  # [K, used]
  categories, counts = np.unique(codes.categories, return_counts=True)
  shares = counts / len(images)

  # Each row of weights makes one mean image of the decoded alternatives.
  equal = [np.full(num_values, 1 / num_values)] * len(used)
  weights = linalg.block_diag([1.0], *equal, shares)
  nlls = np.empty((len(images), len(weights)))
  for n, image in enumerate(images):
    alternatives = np.tile(latents[n], (weights.shape[1], 1))
    for u, j in enumerate(used):
      alternatives[weights[1 + u] > 0, j] = values[:, u]
    joint = np.full(len(alternatives), codes.categories[n])
    joint[-len(categories) :] = categories
    decoded = decode(alternatives, joint).reshape(len(alternatives), -1)
    nlls[n] = _nll(likelihood, image.ravel(), weights @ decoded)

  losses = nlls[:, 1:] - nlls[:, :1]
  names = [f"z{j + 1}" for j in used] + ["code"]
  rates = [*codes.kl[used], entr(shares).sum()]
  return [
    VariableWorth(name, float(rate), float(loss.mean()), float(stats.sem(loss)))
    for name, rate, loss in zip(names, rates, losses.T)
    if rate > 0
  ]


def _nll(likelihood: str, image: np.ndarray, means: np.ndarray) -> np.ndarray:
  """Returns -log p(image `[P]` | mean image), nats `[n]`, up to a constant.

  A Bernoulli probability is kept 1e-7 from 0 and 1, so that a wrong pixel costs
  at most 16 nats.

  Args:
    likelihood: "bernoulli" or "gaussian".
    image: `[P]`.
    means: `[n, P]`.
  """
  if likelihood == "gaussian":
    return (0.5 * (image - means) ** 2).sum(axis=1)
  p = np.clip(means, _MARGIN, 1 - _MARGIN)
  return -(image * np.log(p) + (1 - image) * np.log1p(-p)).sum(axis=1)
