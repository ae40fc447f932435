"""The page in a browser, used as its user would use it."""

import functools

import numpy as np
import pytest

from cascade_jax import explore
from tests.helpers import browser, decoded, explored
from tests.helpers.decoded import picture

TAB, ENTER, LEFT, UP, RIGHT, DOWN = 9, 13, 37, 38, 39, 40

FOCUSED = """
(() => {
  const { id, name, className, tagName } = document.activeElement;
  return id || name || className || tagName;
})()
"""

# As if a name had not been escaped.
PLANTED = (
  "<script>planted = 1</script>",
  "<img src=data:, onerror=planted=1>",
  "<img src=http://127.0.0.1:9/>",
  "<b style=color:red></b>",
)


@pytest.fixture(scope="module")
def tab(tmp_path_factory):
  with browser.opened(tmp_path_factory.mktemp("browser")) as tab:
    yield tab


@pytest.fixture(scope="module")
def small(tab, tmp_path_factory):
  """A model of 16 pixels, and its page."""
  evaluator, state = explored.model(explored.dataset())
  path = tmp_path_factory.mktemp("page") / "explore.html"
  explore.write_page(evaluator, state, path)
  return evaluator, state, path


@pytest.fixture
def page(tab, small):
  """The tab, with that page opened anew."""
  tab.view(1280, 900)
  tab.open(small[-1])
  return tab


def code(tab):
  """What the controls say: latents by dimension, and the category."""
  tab.next_frame()
  values = tab.run(
    "[...document.querySelectorAll('.slider')].map(each => "
    "[each.children[1].dataset.dimension, each.children[2].textContent])"
  )
  latents = {int(j): float(text.replace("\u2212", "-")) for j, text in values}
  category = tab.run("Number(document.querySelector(':checked').value)")
  return [latents[j] for j in sorted(latents)], category


def text(tab, element):
  return tab.run(f"document.getElementById('{element}').textContent")


@pytest.mark.parametrize("is_fast", [False, True])
@pytest.mark.parametrize(("size", "channels"), [(16, 3), (32, 1), (64, 1)])
def test_pictures_agree_with_jax(tab, tmp_path, size, channels, is_fast):
  evaluator, state = explored.model(
    explored.dataset(size, channels), fast_networks=is_fast
  )
  explore.write_page(evaluator, state, tmp_path / "explore.html")
  tab.open(tmp_path / "explore.html")
  decode = functools.partial(evaluator.decode, state.params)
  decoded.check_pictures(tab, decode, 4, evaluator.method.num_categories)


def test_pictures_of_two_variables_agree_with_jax(tab, tmp_path):
  evaluator, state = explored.model(
    explored.dataset(), "joint_vae", num_categories=(2, 3)
  )
  explore.write_page(evaluator, state, tmp_path / "explore.html")
  tab.open(tmp_path / "explore.html")
  assert tab.run("document.querySelectorAll('.choice').length") == 5
  decode = functools.partial(evaluator.decode, state.params)
  decoded.check_pictures(tab, decode, 4, evaluator.method.num_categories)


def test_a_slider_and_a_category_change_the_picture(page):
  before = picture(page, 16)
  page.run(
    "(() => { const slider = document.getElementById('z2');"
    "slider.value = slider.max; slider.dispatchEvent(new Event('input')) })()"
  )
  moved = picture(page, 16)
  assert (moved != before).any()
  assert text(page, "status").startswith("Changed from image ")
  category = code(page)[1]
  page.run(
    f"document.querySelectorAll('.choice')[{(category + 1) % 3}].click()"
  )
  assert code(page)[1] == (category + 1) % 3
  assert (picture(page, 16) != moved).any()


def test_all_controls_are_reached_by_the_keyboard_and_show_it(page, small):
  dimensions = explored.embedded(small[-1].read_text())["dimensions"]
  used = [f"z{each['column']}" for each in dimensions if each["kl"] > 0.1]
  unused = ["SUMMARY"] if len(used) < len(dimensions) else []
  expected = ["random", "origin", "variable0", *used, *unused, "thumb chosen"]
  reached = []
  for _ in expected:
    page.press("Tab", TAB)
    reached.append(page.run(FOCUSED))
    outline = page.run(
      "getComputedStyle(document.activeElement.name ? "
      "document.activeElement.nextElementSibling : document.activeElement)"
      ".outlineStyle"
    )
    assert outline == "solid", reached
  assert reached == expected


def test_arrows_move_a_slider_and_the_category(page):
  page.run("document.getElementById('z2').focus()")
  before, category = code(page)
  image = picture(page, 16)
  for _ in range(20):
    page.press("ArrowRight", RIGHT)
  after, _ = code(page)
  assert after[2] > before[2]
  assert after[:2] + after[3:] == before[:2] + before[3:]
  moved = picture(page, 16)
  assert (moved != image).any()
  page.run("document.querySelector(':checked').focus()")
  page.press("ArrowRight", RIGHT)
  assert code(page)[1] == (category + 1) % 3
  assert (picture(page, 16) != moved).any()


def test_enter_chooses_an_image_and_arrows_a_point(page):
  page.run("document.querySelectorAll('#thumbs button')[5].focus()")
  page.press("Enter", ENTER, "\r")
  assert "chosen" in page.run("document.activeElement.className")
  page.run("document.getElementById('scatter').focus()")
  for key, number, menu in (
    ("ArrowLeft", LEFT, "horizontal"),
    ("ArrowRight", RIGHT, "horizontal"),
    ("ArrowDown", DOWN, "vertical"),
    ("ArrowUp", UP, "vertical"),
  ):
    dimension = int(page.run(f"document.getElementById('{menu}').value"))
    before, chosen = code(page)[0][dimension], text(page, "status")
    page.press(key, number)
    after = code(page)[0][dimension]
    is_forward = key in ("ArrowRight", "ArrowUp")
    assert after >= before if is_forward else after <= before
    assert text(page, "status") != chosen
    assert text(page, "status").startswith("Image ")


def test_an_image_sets_its_code(page, small):
  evaluator, state, path = small
  images = explored.embedded(path.read_text())["images"]
  page.run("document.querySelectorAll('#thumbs button')[7].click()")
  index = images["indices"][7]
  inferred = evaluator.infer(state, np.array([index]), True)
  latents, category = code(page)
  np.testing.assert_allclose(latents, inferred.mean[0], atol=0.006)
  assert category == inferred.categories[0, 0]
  assert text(page, "status").startswith(f"Image {index}: shape ")
  expected = evaluator.decode(
    state.params, inferred.mean, inferred.categories[:, 0]
  )[0]
  shown = picture(page, 16)[..., :1]
  assert np.abs(shown / 255 - np.asarray(expected)).max() < 1 / 255


def test_a_click_on_a_point_chooses_it_and_a_random_code_is_no_image(page):
  page.run("document.getElementById('scatter').scrollIntoView()")
  x, y = page.run(
    "(() => { const box = document.querySelectorAll('#scatter circle')[3]"
    ".getBoundingClientRect(); return [box.x + 4, box.y + 4] })()"
  )
  for kind in ("mousePressed", "mouseReleased"):
    page.send(
      "Input.dispatchMouseEvent",
      type=kind,
      x=x,
      y=y,
      button="left",
      clickCount=1,
    )
  chosen = page.run(
    "document.querySelectorAll('#scatter circle title')[3].textContent"
  )
  assert text(page, "status") == chosen
  page.run("document.getElementById('random').click()")
  assert "prior" in text(page, "status")
  assert page.run("document.querySelectorAll('.thumb.chosen').length") == 0
  page.run("document.getElementById('origin').click()")
  assert code(page)[0] == [0, 0, 0, 0]


def test_points_are_coloured_by_what_the_menu_names(page):
  for value, entries in (("category 0", 3), ("factor 1", 3), ("", 0)):
    page.run(
      "(() => { const menu = document.getElementById('color');"
      f"menu.value = '{value}'; menu.dispatchEvent(new Event('change')) }})()"
    )
    count = "document.querySelectorAll('#legend .chip').length"
    assert page.run(count) == entries
  assert text(page, "legend") == ""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone_and_both_schemes(page, scheme):
  page.view(360, 740, scheme)
  assert page.run("document.documentElement.scrollWidth") == 360
  background = page.run("getComputedStyle(document.body).backgroundColor")
  brightness = np.mean([int(x) for x in background[4:-1].split(",")])
  assert brightness > 200 if scheme == "light" else brightness < 50


def test_nothing_is_requested_and_nothing_fails(page, small):
  urls = [
    params["request"]["url"]
    for method, params in page.events
    if method == "Network.requestWillBeSent"
  ]
  assert small[-1].resolve().as_uri() in urls
  assert all(url.startswith(("data:", "file:")) for url in urls)
  assert page.complaints() == []  # nor did the policy refuse anything
  assert page.run("typeof planted") == "undefined"


@pytest.mark.parametrize("planted", PLANTED)
def test_what_is_planted_in_the_page_is_refused(small, tmp_path, planted):
  text = small[-1].read_text()
  (tmp_path / "page.html").write_text(text.replace("</h1>", f"{planted}</h1>"))
  (tmp_path / "browser").mkdir()
  with browser.opened(tmp_path / "browser") as tab:
    tab.open(tmp_path / "page.html")
    assert "Content Security Policy" in " ".join(tab.complaints())
    assert tab.run("typeof planted") == "undefined"
    assert picture(tab, 16).any()  # its own script ran
