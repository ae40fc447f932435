"""What methods with a Gaussian posterior share: a whole VAE but its objective.

A method of this kind derives from `GaussianVAE` and says how it regularises.

Letters: B batch, m continuous dimensions, H W C image.
"""

import jax
import jax.numpy as jnp
import numpy as np

from cascade_jax import losses
from cascade_jax.methods.coded import CodedModel
from cascade_jax.networks import autoencoder, models
from cascade_jax.types import (
  Batch,
  Posterior,
  Report,
  Scores,
  Stage,
  TrainState,
)


class GaussianVAE(CodedModel):
  """A VAE under KL weights; by itself the beta-VAE of its `kl_weight`.

  The objective is mean_B(reconstruction) + `regulariser` + L2 penalty, in nats
  per image, reconstruction summed over pixels.

  Args:
    config: a checked config (see `cascade_jax.config`).
    image_shape: H, W, C.
    num_categories: of each discrete variable that the decoder sees.
    num_logits: what the encoder gives besides the posterior's 2 m numbers.
  """

  kl_weight = 1.0
  posterior = staticmethod(models.posterior)

  def __init__(
    self,
    config,
    image_shape: tuple[int, int, int],
    num_categories: tuple[int, ...] = (),
    num_logits: int = 0,
  ):
    num_outputs = 2 * config.num_continuous + num_logits
    super().__init__(config, image_shape, num_categories, num_outputs)

  def stage(self, step: int) -> Stage:
    """All dimensions under one weight, from the first step on."""
    del step
    m = self.config.num_continuous
    return Stage(0, m, False, np.full(m, self.kl_weight, np.float32))

  def regulariser(
    self,
    state: TrainState,
    posterior: Posterior,
    latents: jax.Array,
    kl_weights: jax.Array,
  ) -> tuple[jax.Array, dict[str, jax.Array]]:
    """What is added to the reconstruction, nats per image, and its parts.

    Args:
      state: before the update; not to be differentiated by.
      posterior: of the batch.
      latents: `[B, m]`, one sample of it an image.
      kl_weights: `[m]`, of the stage.

    Returns:
      A scalar, and scalars for the log by name.
    """
    del state, latents
    kl = losses.kl_per_dimension(posterior).mean(axis=0)
    return (kl_weights * kl).sum(), {}

  def score(self, state, batch: Batch, discrete: bool) -> Scores:
    """Encodes, and decodes one sample at every code, or at the zero code."""
    outputs, encoded = self.networks.encode_and_remember(
      state.params, batch.images
    )
    latents = models.sample(
      models.posterior(outputs), self.noise(state, len(batch.images))
    )
    codes = self.codes(discrete)[:, None]
    costs, decoded = self.networks.score(
      state.params,
      batch.images,
      latents,
      jnp.broadcast_to(codes, (len(codes), len(latents), codes.shape[-1])),
    )
    return Scores(costs, (encoded, decoded))

  def update(self, state, batch: Batch, kl_weights, scores, categories=None):
    """One step of Adam."""
    gradients, report, _ = self.gradients(
      state, batch, kl_weights, scores, categories
    )
    params, moments = self.descend(state.params, gradients, state.optimizer)
    return TrainState(state.step + 1, state.seed, params, moments), report

  def gradients(
    self, state, batch: Batch, kl_weights, scores, categories=None
  ) -> tuple[dict, Report, jax.Array]:
    """By the two networks' parameters; the report; the latents `[B, m]`.

    Args:
      state: before the update.
      batch: that was scored.
      kl_weights: `[m]`.
      scores: of the batch.
      categories: `[B]` joint codes, those to decode; None for zero codes.
    """
    images, noise = batch.images, self.noise(state, len(batch.images))
    encoded, decoded = scores.memory
    if categories is None:
      categories = jnp.full(len(images), -1)
    index = jnp.maximum(categories, 0)  # the zero code is the only one, if -1
    nlls = jnp.take_along_axis(scores.costs, index[:, None], axis=1)[:, 0]
    decoded = autoencoder.chosen(decoded, index, scores.costs.shape[1])
    codes = self.one_hot(categories)

    def of_networks(params):
      outputs = self.networks.encode(params, images, encoded)
      posterior = models.posterior(outputs)
      latents = models.sample(posterior, noise)
      nll = self.networks.reconstruct(
        params, images, latents, codes, decoded, nlls
      ).mean()
      regulariser, terms = self.regulariser(
        state, posterior, latents, kl_weights
      )
      kl = losses.kl_per_dimension(posterior).mean(axis=0)
      loss, report = self.objective(params, nll, kl, regulariser, terms)
      return loss, (report, latents)

    gradients, others = self.differentiate(state.params, of_networks)
    return gradients, *others
