"""A trained model, as functions of plain arrays.

Shapes: N images or rows, m continuous dimensions, D discrete variables,
H W C image, T frames of a traversal, R joint categories.
"""

import functools
import os
from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import numpy as np

from cascade_jax import data, methods
from cascade_jax.backend import backend
from cascade_jax.evaluation import pictures
from cascade_jax.model import card, explore, export, hub, inputs, pretrained
from cascade_jax.model.batches import map_batches
from cascade_jax.model.contents import Contents
from cascade_jax.runs import workdir
from cascade_jax.types import Representation


class Traversals(NamedTuple):
  """Images along each dimension: the arguments of `plots.traversal_grid`."""

  images: np.ndarray  # [T, R, m, H, W, C] in [0, 1]
  values: np.ndarray  # [T]
  kl: list[float] | None  # [m] nats; None if the run was not scored
  categories: np.ndarray  # [R, D]


class Model:
  """A trained encoder and decoder; `cascade_jax.load` returns one.

  Args:
    contents: of a run's folder or of a file.

  Attributes:
    contents: weights, config, scores and provenance.
    num_continuous: m.
    num_categories: S of each discrete variable in use; () without a code, or
      before its start.
  """

  def __init__(self, contents: Contents) -> None:
    config = workdir.config_of(contents.config, "the model's config")
    method = methods.build(config, contents.image_shape)
    discrete = method.schedule(max(contents.step - 1, 0)).discrete
    self.contents = contents
    self.num_continuous: int = config.num_continuous
    self.num_categories = method.num_categories if discrete else ()
    self._fit: str = config.data.fit
    self._represent = functools.partial(
      jax.jit(method.represent, static_argnames="discrete"), discrete=discrete
    )
    self._decode = jax.jit(method.decode)

  def __repr__(self) -> str:
    """Says the method, the data and how far the model was trained."""
    contents = self.contents
    about = methods.about(contents.config)
    title = about.title if about else contents.config["method"]
    shape = "x".join(map(str, contents.image_shape))
    return (
      f"<Model: {title} of {contents.dataset!r}, images {shape}, "
      f"m = {self.num_continuous}, S = {self.num_categories or 'none'}, "
      f"seed {contents.seed}, step {contents.step:,}>"
    )

  @property
  def scores(self) -> Mapping[str, Any]:
    """What `evaluation.json` says of the model; empty if it was not scored."""
    return self.contents.evaluation

  def represent(self, images: np.ndarray) -> Representation[np.ndarray]:
    """Infers the codes of images.

    Args:
      images: `[N, H, W, C]`, or `[N, H, W]` for one channel: bool, uint8 (0 to
        255, or 0 and 1) or float in [0, 1]. Images of another size are fitted
        if the run's `data.fit` says how.

    Returns:
      Posterior means and standard deviations `[N, m]`, the most likely
      categories `[N, D]`, and the reconstruction error `[N]`, nats per image.

    Raises:
      UserError: images of another shape, type or range.
    """
    rows = inputs.host_images(images, self.contents.image_shape, self._fit)

    def of_batch(indices: np.ndarray) -> Representation[jax.Array]:
      batch = rows[indices].astype(np.float32, copy=False)
      return self._represent(self.contents.params, batch)

    return map_batches(of_batch, len(rows), backend().representation_batch)

  def decode(
    self, latents: np.ndarray, categories: np.ndarray | int | None = None
  ) -> np.ndarray:
    """Generates mean images `[N, H, W, C]` in [0, 1] from codes.

    Args:
      latents: `[N, m]`.
      categories: of each row, `[N, D]`, or `[N]` for one discrete variable; or
        one category for all rows. None for a model without a discrete code.

    Raises:
      UserError: codes that the model does not have.
    """
    z = inputs.latents(latents, self.num_continuous)
    joint = inputs.joint_categories(categories, self.num_categories, len(z))

    def of_batch(rows: np.ndarray) -> jax.Array:
      return self._decode(self.contents.params, z[rows], joint[rows])

    return map_batches(of_batch, len(z), backend().representation_batch)

  def reconstruct(self, images: np.ndarray) -> np.ndarray:
    """Decodes the codes that are inferred from images, which see `represent`.

    Returns:
      Mean images `[N, H, W, C]` in [0, 1].
    """
    codes = self.represent(images)
    return self.decode(codes.mean, codes.categories)

  def traverse(
    self,
    start: np.ndarray | None = None,
    low: float = -1.0,
    high: float = 1.0,
    num_frames: int = 21,
  ) -> Traversals:
    """Moves one dimension at a time, under each joint category.

    `plots.traversal_grid(*model.traverse())` draws the result.

    Args:
      start: `[m]`, where the other dimensions stay; the prior's mean, 0, by
        default.
      low: the first value of the dimension that moves.
      high: its last value.
      num_frames: T.

    Raises:
      UserError: a start of another shape.
    """
    if start is None:
      start = np.zeros(self.num_continuous, np.float32)
    (start,) = inputs.latents(np.asarray(start)[None], self.num_continuous)
    arrays = pictures.traversals(
      functools.partial(self._decode, self.contents.params),
      self.num_categories,
      start,
      np.linspace(low, high, num_frames, dtype=np.float32),
    )
    return Traversals(
      arrays["traversals"],
      arrays["traversal_values"],
      self.contents.evaluation.get("kl"),
      arrays["traversal_categories"],
    )

  def explore(
    self, path: str | os.PathLike, images: np.ndarray | data.Dataset
  ) -> None:
    """Writes the page in which one explores the model in a browser.

    Args:
      path: of an .html file.
      images: to show, as `represent` takes them; or a data set, whose factors
        then colour points and name categories.

    Raises:
      UserError: another suffix, other images, or a decoder that the page can't
        compute.
    """
    explore.write_page(self.contents, images, path)

  def card(self) -> str:
    """Returns the model card, in Markdown."""
    return card.model_card(self.contents)

  def save(self, path: str | os.PathLike) -> None:
    """Writes weights, config and scores into one file, to keep and to share.

    Args:
      path: of a .safetensors file. `cascade_jax.load` reads it. It holds
        arrays and JSON only, no code.

    Raises:
      UserError: the path has another suffix, or can't be written.
    """
    pretrained.write(path, self.contents)

  def upload(self, repo_id: str, private: bool = False) -> str:
    """Uploads the model and its card to the Hugging Face Hub.

    Log in before, with `hf auth login`.

    Args:
      repo_id: "user/name"; the repository is made where it does not exist.
      private: whether a new repository is seen by its owner only.

    Returns:
      What `cascade_jax.load` loads it by: "hf://user/name".

    Raises:
      UserError: huggingface_hub is not installed.
    """
    return hub.upload(self.contents, repo_id, private)

  def export(self, folder: str | os.PathLike, to: str = "jax") -> list[str]:
    """Writes encoder and decoder for use without this package.

    See `cascade_jax.model.export` for the files and their arguments.

    Args:
      folder: made where it does not exist.
      to: "jax" for StableHLO that `jax.export` reads, or "onnx".

    Returns:
      The paths of the files.

    Raises:
      UserError: another format, or a package that it needs is missing.
    """
    return export.export(self.contents, folder, to)
