import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from cascade_jax.explore import contents, embed
from cascade_jax.explore.page import page
from tests.helpers import explored
from tests.helpers.reported_run import Page


@pytest.fixture(scope="module")
def of_model():
  evaluator, state = explored.model(explored.dataset())
  found = contents.of_state(evaluator, state)
  return found, page(found)


def decoded(text, shape):
  return np.frombuffer(base64.b64decode(text), "<f4").reshape(shape)


def test_names_can_not_break_the_page(of_model):
  found, _ = of_model
  majorities = [[contents.Majority(explored.HOSTILE, 0.9)]]
  text = page(found._replace(title=explored.HOSTILE, majorities=majorities))
  parsed = Page(text)  # its tags are balanced
  assert text.count("</script>") == 2 and "<img" not in text
  assert explored.embedded(text)["factors"][1]["name"] == explored.HOSTILE
  assert f"mostly {explored.HOSTILE}, 90%" in parsed.text
  assert '<option value="factor 1">x&lt;/script&gt;&lt;img' in text


def test_the_page_needs_no_network(of_model):
  _, text = of_model
  assert all(link.startswith("data:") for link in Page(text).links)
  addresses = set(re.findall(r"\w+://[\w./]+", text))
  assert addresses == {"http://www.w3.org/2000/svg"}  # a name of SVG itself
  assert "default-src 'none'" in text and "unsafe" not in text
  assert "import(" not in text and "fetch(" not in text


def test_weights_and_codes_are_embedded_bit_for_bit(of_model):
  found, text = of_model
  data = explored.embedded(text)
  for layer, embedded in zip(found.layers, data["layers"], strict=True):
    kernel = decoded(embedded["kernel"], layer.kernel.shape)
    np.testing.assert_array_equal(kernel, layer.kernel)
    bias = decoded(embedded["bias"], layer.bias.shape)
    np.testing.assert_array_equal(bias, layer.bias)
  means = decoded(data["images"]["means"], found.images.means.shape)
  np.testing.assert_array_equal(means, found.images.means)


def test_sliders_have_labels_ranges_and_order(of_model):
  found, text = of_model
  sliders = re.findall(
    r'<label for="z(\d+)">z(\d+)<small>KL ([\d.]+) nats.*?min="(\S+)" '
    r'max="(\S+)"',
    text,
    flags=re.DOTALL,
  )
  assert [int(each[0]) for each in sliders] == [
    dimension.column for dimension in found.dimensions
  ]
  for dimension, (index, name, kl, low, high) in zip(found.dimensions, sliders):
    assert int(name) == int(index) + 1
    assert float(kl) == pytest.approx(dimension.kl, abs=0.006)
    assert float(low) == pytest.approx(dimension.low, rel=1e-5)
    assert float(high) == pytest.approx(dimension.high, rel=1e-5)


def test_unused_dimensions_are_folded_away(of_model):
  found, _ = of_model
  low = [each._replace(kl=0.05) for each in found.dimensions]
  half = found._replace(dimensions=found.dimensions[:2] + low[2:])
  before, after = page(half).split("<details>")
  slider = '<input type="range"'
  assert before.count(slider) == 2 and after.count(slider) == 2
  assert "2 unused (KL at most 0.1 nats)" in after
  without = page(found._replace(dimensions=low))
  assert "The model uses none of its dimensions." in without
  unknown = [each._replace(kl=None) for each in found.dimensions]
  assert (
    "KL"
    not in Page(page(found._replace(dimensions=unknown))).text.split(
      "Two dimensions"
    )[0]
  )


def test_a_category_is_said_to_be_mostly_a_class_if_it_is(of_model):
  found, _ = of_model
  majorities = [
    [contents.Majority("heart", 0.97), None],
    [contents.Majority("ellipse", 0.4)],
  ]
  text = Page(page(found._replace(majorities=majorities))).text
  assert "c1mostly heart, 97%c2" in text and "c1most often ellipse, 40%" in text
  assert "Category of variable 2" in text
  none = Page(page(found._replace(majorities=[], num_unused_codes=3))).text
  assert "The discrete code was not in use yet at this step" in none
  assert "c1" not in none.split("Two dimensions")[0]


@pytest.mark.parametrize("channels", [1, 3])
def test_the_sheet_holds_the_images_row_by_row(channels):
  rng = np.random.default_rng(0)
  pixels = rng.integers(0, 256, (23, 4, 4, channels), dtype=np.uint8)
  picture = np.asarray(Image.open(io.BytesIO(embed.sheet(pixels))))
  assert picture.shape[:2] == (8, 80)
  picture = picture.reshape(8, 80, channels)
  for k, image in enumerate(pixels):
    row, column = divmod(k, embed.SHEET_COLUMNS)
    cell = picture[4 * row : 4 * row + 4, 4 * column : 4 * column + 4]
    np.testing.assert_array_equal(cell, image)
