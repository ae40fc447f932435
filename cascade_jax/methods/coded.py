"""What methods share that have an encoder, a decoder, and perhaps a code.

Letters: B batch, m continuous dimensions, D discrete variables, S categories of
all of them together, K joint codes, H W C image.
"""

import math

import jax
import jax.numpy as jnp
import optax

from cascade_jax import losses
from cascade_jax.networks import autoencoder
from cascade_jax.types import Method, Report, Representation, TrainState


class CodedModel:
  """The networks, their Adam, and what a trained model says about images.

  A derived class says how it is trained (`stage`, `score`, `update`), and by
  `posterior` what its encoder's outputs `[B, n]` mean.

  Args:
    config: a checked config (see `cascade_jax.config`).
    image_shape: H, W, C.
    num_categories: of each discrete variable that the decoder sees.
    num_outputs: how many numbers the encoder gives an image.
  """

  def __init__(
    self,
    config,
    image_shape: tuple[int, int, int],
    num_categories: tuple[int, ...],
    num_outputs: int,
  ):
    self.config = config
    self.num_categories = num_categories
    self.networks = autoencoder.Autoencoder(
      image_shape, num_outputs, config.likelihood
    )
    self.adam = optax.adam(config.learning_rate)

  def method(self) -> Method:
    """The functions, for the training loop."""
    return Method(
      self.stage,
      self.init,
      self.update,
      self.represent,
      self.decode,
      self.num_categories,
      self.score,
    )

  def init(self, seed) -> TrainState:
    """A fresh state."""
    params = self.networks.init(
      jax.random.key(seed), self.config.num_continuous, sum(self.num_categories)
    )
    return TrainState(
      jnp.int32(0), jnp.uint32(seed), params, self.adam.init(params)
    )

  def objective(
    self, params, nll, kl, regulariser=0.0, terms=None
  ) -> tuple[jax.Array, Report]:
    """The loss, nats per image, and its report.

    Args:
      params: of both networks, whose kernels the L2 penalty is of.
      nll: the reconstruction, averaged over the batch.
      kl: `[m]`, for the report; None without any.
      regulariser: what the method adds.
      terms: scalars for the log by name.
    """
    penalty = losses.weight_penalty(params, self.config.weight_penalty)
    loss = nll + regulariser + penalty
    return loss, Report(
      loss, nll, kl, {"weight_penalty": penalty, **(terms or {})}
    )

  def differentiate(self, params, function):
    """The gradient of (scalar, others) by both networks, and the others."""
    networks = {key: params[key] for key in ("encoder", "decoder")}
    return jax.grad(function, has_aux=True)(networks)

  def descend(self, params, gradients, moments):
    """Parameters and Adam's moments after a step; other networks stay."""
    networks = {key: params[key] for key in gradients}
    changes, moments = self.adam.update(gradients, moments)
    return params | optax.apply_updates(networks, changes), moments

  def represent(self, params, images, discrete: bool) -> Representation:
    """Each image at its posterior mean and its own likeliest joint code."""
    posterior = self.posterior(self.networks.encode(params, images))
    codes = self.codes(discrete)
    logits = self.networks.decode(
      params,
      jnp.tile(posterior.mean, (len(codes), 1)),
      jnp.repeat(codes, len(images), axis=0),
    )
    costs = self.networks.nll(jnp.tile(images, (len(codes), 1, 1, 1)), logits)
    costs = costs.reshape(len(codes), -1)  # [K, B]
    # As if all joint codes were equally likely before.
    joint = jax.nn.softmax(-costs, axis=0).T  # [B, K]
    probabilities = jnp.matmul(joint, codes, precision="highest")
    likeliest = costs.argmin(axis=0)
    return Representation(
      *posterior,
      self.each_variable(likeliest) if discrete else likeliest[:, None][:, :0],
      probabilities if discrete else probabilities[:, :0],
      costs.min(axis=0),
    )

  def decode(self, params, latents, categories) -> jax.Array:
    """The decoder's mean images, `[B, H, W, C]`."""
    logits = self.networks.decode(params, latents, self.one_hot(categories))
    return jax.nn.sigmoid(logits)

  def codes(self, discrete: bool) -> jax.Array:
    """The codes to score, `[K, S]`: all joint ones, or the zero code."""
    if not discrete:
      return jnp.zeros((1, sum(self.num_categories)))
    return self.one_hot(jnp.arange(math.prod(self.num_categories)))

  def one_hot(self, categories: jax.Array) -> jax.Array:
    """Joint codes `[B]` to rows `[B, S]`, a one for each variable; -1 to 0."""
    rows = [jnp.zeros((len(categories), 0))]
    for variable in reversed(self.num_categories):
      own = jnp.where(categories < 0, -1, categories % variable)
      rows.append(jax.nn.one_hot(own, variable))
      categories = categories // variable  # of -1: -1
    return jnp.concatenate(rows[::-1], axis=1)

  def each_variable(self, categories: jax.Array) -> jax.Array:
    """Joint codes `[B]` to the category of each variable, `[B, D]`."""
    each = jnp.unravel_index(categories, self.num_categories)
    return jnp.stack(each, axis=1).astype(jnp.int32)

  def key(self, state) -> jax.Array:
    """The key of the step's randomness."""
    # A function of the step alone: scoring and update see the same noise, and
    # a resumed run sees what the uninterrupted one would have seen.
    return jax.random.fold_in(jax.random.key(state.seed), state.step)

  def noise(self, state, batch_size: int) -> jax.Array:
    """The step's standard normals, `[B, m]`."""
    shape = (batch_size, self.config.num_continuous)
    return jax.random.normal(self.key(state), shape)
