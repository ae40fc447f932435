"""What the page shows of a trained model: plain arrays, without any HTML.

Shapes: M images of a sample, K of them on the page, m continuous dimensions, D
discrete variables, S categories of one of them, H W C image.
"""

from typing import NamedTuple

import numpy as np

from cascade_jax import data, methods
from cascade_jax.errors import UserError
from cascade_jax.evaluation import scores
from cascade_jax.evaluation.evaluate import Evaluator
from cascade_jax.explore.decoder import Layer, decoder_layers
from cascade_jax.plots.style import UNUSED_KL
from cascade_jax.types import Representation, TrainState

NUM_EXTREMES = 6  # best and worst reconstructions, of each
_SAMPLE = 2_000
_PERCENTILES = (0.5, 99.5)
_DRAWS = 16  # of the posterior of each image, for the percentiles
# A page of 64x64 grey images shows 400; larger images are fewer.
_MOST_SHOWN, _LEAST_SHOWN, _MOST_PIXELS = 400, 48, 400 * 64 * 64


class Dimension(NamedTuple):
  """A continuous dimension and the range of its slider."""

  column: int  # of the latents, from 0
  kl: float | None  # mean, nats; None for a deterministic encoder
  low: float
  high: float

  @property
  def is_used(self) -> bool:
    """Whether the model encodes anything in it, as far as the KL tells."""
    return self.kl is None or self.kl > UNUSED_KL


class Majority(NamedTuple):
  """The most frequent true class of a category's images, and its share."""

  class_name: str
  share: float


class Factor(NamedTuple):
  """A factor by which points are coloured."""

  name: str
  values: np.ndarray  # [K] integers from 0
  size: int
  names: tuple[str, ...]  # of its values; () if they are steps of a scale


class Images(NamedTuple):
  """Images and their codes: the random ones, the worst, and the best."""

  indices: np.ndarray  # [K] in the data set
  pixels: np.ndarray  # [K, H, W, C] uint8
  means: np.ndarray  # [K, m] float32
  categories: np.ndarray  # [K, D]
  nats: np.ndarray  # [K], of the reconstruction
  num_random: int  # K without the worst and the best


class Contents(NamedTuple):
  """All of the page."""

  title: str
  seed: int
  step: int  # 0 if it is not known, and so is the seed then
  sample_size: int  # M
  image_shape: tuple[int, int, int]
  dimensions: list[Dimension]  # the most informative first
  # Of each category of each variable in use; None without images or classes.
  majorities: list[list[Majority | None]]
  num_unused_codes: int  # entries of the code that the decoder sees as zeros
  images: Images
  factors: list[Factor]
  layers: list[Layer]


def of_state(evaluator: Evaluator, state: TrainState) -> Contents:
  """Returns what the page shows of one state.

  Raises:
    UserError: the state's decoder is not the one that the page computes, or
      the encoder's outputs are not finite.
  """
  method, dataset = evaluator.method, evaluator.dataset
  layers = decoder_layers(evaluator, state)
  discrete = evaluator.stage(state).discrete
  sizes = method.num_categories if discrete else ()
  sample = scores.sample(len(dataset.images), _SAMPLE)
  inferred = evaluator.infer(state, sample, discrete)
  if not np.isfinite(inferred.mean).all():
    raise UserError(
      f"at step {int(state.step)} the model maps images to latents that are "
      "not finite; there is nothing to explore"
    )
  about = methods.about(evaluator.config.to_dict())
  # A method of one's own is named by its module.
  name = about.title if about else evaluator.config.method.rpartition(".")[-1]
  images = shown_images(dataset, sample, inferred)
  return Contents(
    title=f"{name} on {dataset.name.replace('dsprites', 'dSprites')}",
    seed=int(state.seed),
    step=int(state.step),
    sample_size=len(sample),
    image_shape=dataset.image_shape,
    dimensions=dimensions(inferred),
    majorities=majorities(inferred.categories, sizes, dataset, sample),
    num_unused_codes=0 if discrete else sum(method.num_categories),
    images=images,
    factors=_factors(dataset, images.indices),
    layers=layers,
  )


def dimensions(representation: Representation[np.ndarray]) -> list[Dimension]:
  """Returns the dimensions by descending KL, with the ranges of their sliders.

  A range is the central 99 % of the aggregate posterior, which is the mean of
  q(z|x) over the images. Without a KL the dimensions keep their order.

  Args:
    representation: of M images.
  """
  kl = scores.mean_kl(representation)
  mean, scale = representation.mean, representation.scale
  noise = np.random.default_rng(0).standard_normal((_DRAWS, *mean.shape))
  draws = (mean + scale * noise).reshape(-1, mean.shape[1])
  ranges = np.percentile(draws, _PERCENTILES, axis=0).T
  order = range(len(ranges)) if kl is None else np.argsort(-kl, kind="stable")
  return [
    Dimension(
      column=int(j),
      kl=None if kl is None else float(kl[j]),
      low=float(ranges[j, 0]),
      high=float(ranges[j, 1]),
    )
    for j in order
  ]


def majorities(
  categories: np.ndarray,
  sizes: tuple[int, ...],
  dataset: data.Dataset,
  sample: np.ndarray,
) -> list[list[Majority | None]]:
  """Returns the majority of each category of each variable.

  Args:
    categories: `[M, D]` of the sample.
    sizes: S of each variable in use.
    dataset: whose classes are looked up, if it has any.
    sample: `[M]`, the images' indices.
  """
  if dataset.classes is None:
    return [[None] * size for size in sizes]
  classes = dataset.classes[sample]

  def majority(members: np.ndarray) -> Majority | None:
    if not len(members):
      return None
    counts = np.bincount(members)
    most = int(counts.argmax())
    share = float(counts[most] / len(members))
    return Majority(dataset.class_names[most], share)

  return [
    [majority(classes[column == k]) for k in range(size)]
    for column, size in zip(categories.T, sizes)
  ]


def shown_images(
  dataset: data.Dataset,
  sample: np.ndarray,
  representation: Representation[np.ndarray],
) -> Images:
  """Returns the images of the page: random ones, the worst and the best."""
  pixels = int(np.prod(dataset.image_shape))
  most = int(np.clip(_MOST_PIXELS // pixels, _LEAST_SHOWN, _MOST_SHOWN))
  order = np.random.default_rng(0).permutation(len(sample))[:most]
  by_nats = np.argsort(-representation.reconstruction, kind="stable")
  worst, best = by_nats[:NUM_EXTREMES], by_nats[::-1][:NUM_EXTREMES]
  shown = np.concatenate([order, worst, best])
  indices = sample[shown]
  unpacked = data.unpack(
    dataset.images[indices], dataset.image_shape, dataset.bits
  )
  return Images(
    indices=indices,
    pixels=np.rint(255 * np.asarray(unpacked)).astype(np.uint8),
    means=representation.mean[shown],
    categories=representation.categories[shown],
    nats=representation.reconstruction[shown],
    num_random=len(order),
  )


def _factors(dataset: data.Dataset, indices: np.ndarray) -> list[Factor]:
  """Returns the factors that vary; the values of the class have names."""
  if dataset.factors is None:
    return []
  is_class = [name == dataset.class_factor for name in dataset.factor_names]
  return [
    Factor(
      name,
      dataset.factors[indices, column],
      size,
      dataset.class_names if is_class[column] else (),
    )
    for column, (name, size) in enumerate(
      zip(dataset.factor_names, dataset.factor_sizes)
    )
    if size > 1
  ]
