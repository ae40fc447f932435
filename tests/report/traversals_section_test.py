"""The traversals on the page: what moves, what is still, and how large."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from cascade_jax.plots import mosaics
from cascade_jax.report.run import read_run
from cascade_jax.report.traversals import traversals_section
from tests.helpers.reported_run import change, write_arrays, write_run


@pytest.fixture
def folder(tmp_path):
  return write_run(tmp_path, has_log=False, has_arrays=False)


def section_of(folder, traversals, categories):
  frames = len(traversals)
  write_arrays(
    folder,
    traversals=traversals,
    traversal_values=np.linspace(-1, 1, frames),
    traversal_categories=categories,
  )
  change(folder / "evaluation.json", kl=[2.0] * traversals.shape[2])
  return traversals_section(read_run(folder))


def pictures(html):
  """The pixels of each image; the moving one is the first."""
  found = re.findall('src="data:image/webp;base64,([^"]*)"', html)
  files = [io.BytesIO(base64.b64decode(each)) for each in found]
  return [np.asarray(Image.open(file)).astype(int) for file in files]


def test_moving_picture_holds_each_frame_below_the_one_before(folder):
  levels = np.linspace(0, 1, 5 * 2 * 3).reshape(5, 2, 3, 1, 1, 1)
  traversals = np.broadcast_to(levels, (5, 2, 3, 16, 16, 1))
  html = section_of(folder, traversals, np.arange(2)[:, None])
  moving, *stills = pictures(html)
  expected = np.concatenate([mosaics.mosaic(frame) for frame in traversals])
  assert moving.shape == expected.shape
  assert np.abs(moving - expected).mean() < 4
  assert "--rows:2;--columns:3;--frames:5" in html
  for dimension, still in enumerate(stills):
    expected = mosaics.mosaic(traversals[:, :, dimension].swapaxes(0, 1))
    assert still.shape == expected.shape
    assert np.abs(still - expected).mean() < 4
  assert len(stills) == 3 and html.count("--frames:1") == 3


def test_names_are_text_of_the_page(folder):
  html = section_of(folder, np.zeros((3, 2, 2, 16, 16, 1)), [[0], [1]])
  assert re.findall(">(z[0-9])</b><small>", html) == ["z1", "z2"]
  assert re.findall("<span>(c[0-9])</span>", html) == ["c1", "c2"] * 3
  assert '<label class="pause"><input type="checkbox">' in html


def test_only_small_images_are_enlarged_with_sharp_edges(folder):
  for size, is_sharp in ((16, True), (64, False)):
    traversals = np.zeros((3, 1, 2, size, size, 1))
    html = section_of(folder, traversals, np.zeros((1, 0), int))
    assert ('class="frame sharp' in html) == is_sharp


def test_many_combinations_fit_into_a_file(folder):
  """Of 36 rows 20 are shown, in as many frames as the format has room for."""
  traversals = np.zeros((21, 36, 1, 64, 64, 1), np.float32)
  categories = np.stack(np.unravel_index(range(36), (6, 6)), axis=1)
  html = section_of(folder, traversals, categories)
  assert "of 36 the first 20 are shown" in html
  moving = pictures(html)[0]
  frames = int(re.findall("--frames:([0-9]+)", html)[0])
  assert len(moving) == frames * 20 * 66 <= 16_383 < (frames + 1) * 20 * 66


def test_ten_categories_of_64_pixels_stay_small(folder):
  y, x = np.mgrid[:64, :64] / 64
  phase = np.linspace(0, 2, 21 * 10 * 6).reshape(21, 10, 6, 1, 1)
  waves = 0.5 + 0.5 * np.sin(9 * x + 7 * y * phase)
  html = section_of(folder, waves[..., None], np.arange(10)[:, None])
  assert len(html) < 1_300_000
