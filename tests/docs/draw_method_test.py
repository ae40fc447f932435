"""The pictures of docs/method.md are those that docs/draw_method.py draws."""

import importlib.util
import itertools
import pathlib
import re

import matplotlib
import numpy as np
import pytest

SPEC = importlib.util.spec_from_file_location(
  "draw_method", "docs/draw_method.py"
)
draw_method = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(draw_method)
PICTURES = ("schedule", "flow")


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
  """A folder with the pictures, drawn now."""
  folder = tmp_path_factory.mktemp("method")
  draw_method.save(draw_method.schedule(), folder / "schedule.svg")
  draw_method.save(draw_method.flow(draw_method.batch()), folder / "flow.svg")
  return folder


@pytest.mark.parametrize("name", PICTURES)
def test_committed_pictures_are_what_is_drawn(drawn, name):
  committed = (draw_method.FOLDER / f"{name}.svg").read_text()
  assert len(committed) < 150_000
  if f"Matplotlib v{matplotlib.__version__}," not in committed:
    pytest.skip("another matplotlib drew the committed picture")
  # Embedded images are compressed differently by different builds of zlib.
  image = re.compile(r"base64,[^\"]*")
  now = (drawn / f"{name}.svg").read_text()
  assert image.sub("", now) == image.sub("", committed)


def test_the_flow_is_the_cheapest_of_all():
  batch = draw_method.batch()
  weight = draw_method.PAIRWISE_WEIGHT
  every = np.array(list(itertools.product(range(3), repeat=8)))
  unary = batch.unary_costs[np.arange(8), every].sum(axis=1)
  pairs = [(every == k).sum(axis=1) for k in range(3)]
  cost = unary + weight * sum(n * (n - 1) // 2 for n in pairs)
  best = every[cost.argmin()]
  assert (np.sort(cost)[:2] @ [-1, 1]) > 0.01  # there is one optimum
  texts = chosen_texts(draw_method.flow(batch))
  expected = [f"{batch.unary_costs[i, k]:.1f}" for i, k in enumerate(best)]
  counts = np.bincount(best)
  expected += [f"{weight * c:g}" for n in counts for c in range(n)]
  assert sorted(texts) == sorted(expected)


def chosen_texts(figure):
  """The numbers that are highlighted."""
  return [
    text.get_text()
    for text in figure.axes[0].texts
    if text.get_color() == draw_method.CHOSEN
  ]


def test_the_page_tells_the_numbers_of_the_picture():
  costs = draw_method.batch().unary_costs
  page = pathlib.Path("docs/method.md").read_text()
  first, second = (", ".join(f"{x:.1f}" for x in costs[i]) for i in (0, 1))
  assert f"[[{first}], [{second}]]" in page
  assert f"costs {costs[0, 0]:.1f} nats" in page
  assert f"{costs[0, 1]:.1f} + 2 = {costs[0, 1] + 2:.1f}" in page
