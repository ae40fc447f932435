"""Traversals as stills and as an animation."""

import io

import numpy as np
import pytest
from PIL import Image

from cascade_jax import plots
from cascade_jax.plots import plates
from cascade_jax.plots.style import dimension_color, to_array
from tests.helpers.figure_texts import texts

T, R, M, SIZE = 7, 3, 4, 16
CATEGORIES = np.arange(R)[:, None]


@pytest.fixture
def traversals():
  rng = np.random.default_rng(0)
  return rng.random((T, R, M, SIZE, SIZE, 1), np.float32)


@pytest.fixture
def values():
  return np.linspace(-1, 1, T, dtype=np.float32)


def test_traversal_grid_names_dimensions_and_categories(traversals, values):
  kl = [2.0, 1.0, 0.1, 0.0]
  shown = texts(plots.traversal_grid(traversals, values, kl, CATEGORIES))
  assert "z1   KL 2.00 nats" in shown
  assert "z3   KL 0.10 nats, unused" in shown
  assert shown.count("c3") == 2  # four dimensions are two lines of blocks
  assert shown.count("\N{MINUS SIGN}1") == M


def test_traversal_grid_has_every_pixel_of_its_frames(traversals, values):
  """Each frame is looked for at all places where its first pixel occurs."""
  figure = plots.traversal_grid(traversals, values)
  picture = to_array(figure)
  for frame, row in ((0, 0), (3, 1), (6, 2)):
    image = plates.to_pixels(traversals[frame, row, 1], target=112)
    h, w, _ = image.shape
    candidates = np.argwhere((picture[:-h, :-w] == image[0, 0]).all(-1))
    assert any(
      np.array_equal(picture[y : y + h, x : x + w], image)
      for y, x in candidates
    )


def test_without_a_code_there_are_no_row_names(traversals, values):
  for categories in (None, np.zeros((1, 0), int)):
    alone = traversals[:, :1]
    shown = texts(plots.traversal_grid(alone, values, None, categories))
    assert not any(text.startswith("c") for text in shown)


def test_joint_codes_are_named_by_each_variable(traversals, values):
  categories = np.array([[0, 0], [0, 1], [1, 0]])
  shown = texts(plots.traversal_grid(traversals, values, None, categories))
  assert shown.count("c1.2") == shown.count("c2.1") == 2


def test_gif_goes_there_and_back_for_ever(traversals, values):
  gif = Image.open(io.BytesIO(plots.traversal_gif(traversals, values)))
  assert gif.n_frames == 2 * T - 2
  assert gif.info["loop"] == 0
  frames = []
  for index in range(gif.n_frames):
    gif.seek(index)
    frames.append(np.asarray(gif.convert("RGB")).astype(int))
  assert np.abs(frames[1] - frames[-1]).max() == 0
  assert np.abs(frames[0] - frames[T - 1]).max() > 100
  width = M * 96 + (M - 1) * 12
  assert frames[0].shape[1] > width  # 16 pixels are shown as 96


def test_gif_of_dead_dimensions_still_has_all_frames(values):
  still = np.zeros((T, R, M, SIZE, SIZE, 1))
  gif = Image.open(io.BytesIO(plots.traversal_gif(still, values)))
  assert gif.n_frames == 2 * T - 2


def test_gif_keeps_the_dimensions_colours(traversals, values):
  gif = Image.open(io.BytesIO(plots.traversal_gif(traversals, values)))
  pixels = np.asarray(gif.convert("RGB")).reshape(-1, 3).astype(int)
  for j in range(M):
    color = [int(dimension_color(j)[i : i + 2], 16) for i in (1, 3, 5)]
    assert np.abs(pixels - color).max(axis=1).min() < 16


def test_color_images_and_nan_are_drawn(values):
  images = np.full((T, 1, M, 8, 8, 3), np.nan)
  images[..., 0] = 2.0
  pixels = plates.to_pixels(images, target=8)
  assert pixels[..., 0].min() == 255 and pixels[..., 1:].max() == 0
  plots.traversal_grid(images, values)


@pytest.mark.parametrize(
  ("change", "message"),
  [
    (lambda t, v: (t[0], v), "must be \\[frames"),
    (lambda t, v: (t, v[1:]), "values has 6 entries"),
    (lambda t, v: (t, v, [1.0]), "kl has 1 entries"),
    (lambda t, v: (np.repeat(t, 2, -1), v), "2 channels"),
    (lambda t, v: (t[:0], v[:0]), "must be \\[frames"),
  ],
)
def test_arrays_that_do_not_fit_are_named(traversals, values, change, message):
  with pytest.raises(ValueError, match=message):
    plots.traversal_grid(*change(traversals, values))
