"""The page in a browser: what moves, what stops it, and what overflows."""

import numpy as np
import pytest

from cascade_jax import data
from cascade_jax.report import page
from cascade_jax.report.run import read_run
from cascade_jax.runs import dataset_record
from tests.helpers import browser
from tests.helpers.explored import HOSTILE
from tests.helpers.reported_run import change, write_arrays, write_run

FRAMES = 5
# How many heights of a frame the moving picture is shifted up.
SHIFT = """(time => {
  const image = document.querySelector('.motion img');
  const animation = image.getAnimations()[0];
  animation.pause();
  animation.currentTime = time;
  const [inner, outer] = [image, image.parentElement].map(
    element => element.getBoundingClientRect());
  return (outer.top - inner.top) / outer.height;
})"""


@pytest.fixture(scope="module")
def tab(tmp_path_factory):
  """A page of ten categories and ten dimensions, opened."""
  folder = write_run(tmp_path_factory.mktemp("run"), has_log=False)
  write_arrays(
    folder,
    traversals=np.zeros((FRAMES, 10, 10, 16, 16, 1)),
    traversal_values=np.linspace(-1, 1, FRAMES),
    traversal_categories=np.arange(10)[:, None],
  )
  change(folder / "evaluation.json", kl=[12.3] * 10)
  (folder / "reconstructions.png").write_bytes(b"")  # not looked at here
  path = folder / "report.html"
  path.write_text(page.page(read_run(folder)), encoding="utf-8")
  with browser.opened(tmp_path_factory.mktemp("browser")) as tab:
    tab.open(path)
    yield tab


def test_picture_moves_by_whole_frames_there_and_back(tab):
  tab.view(1280, 900)
  middles = (np.arange(2 * FRAMES) + 0.5) * 1600 / FRAMES
  shifts = [tab.run(f"{SHIFT}({time})") for time in middles]
  there = np.arange(FRAMES)
  np.testing.assert_allclose(shifts, [*there, *there[::-1]], atol=1e-3)


def test_box_holds_the_picture_still(tab):
  tab.view(1280, 900)
  state = "getComputedStyle(document.querySelector('.motion img'))"
  state += ".animationPlayState"
  click = "document.querySelector('.pause input').click()"
  assert tab.run(state) == "running"
  tab.run(click)
  assert tab.run(state) == "paused"
  tab.run(click)


@pytest.mark.parametrize("width", [320, 500, 1280])
def test_nothing_is_wider_than_the_window(tab, width):
  tab.view(width, 900)
  assert tab.run("document.documentElement.scrollWidth") <= width
  heads = "[...document.querySelectorAll('.motion .heads > span')]"
  wide = f"{heads}.filter(head => head.scrollWidth > head.clientWidth + 1)"
  assert width < 500 or tab.run(f"{wide}.length") == 0


def test_colours_and_shares_are_those_of_the_elements(tab):
  style = "getComputedStyle(document.querySelector('%s')).%s"
  chip = tab.run(style % (".stills .chip", "backgroundColor"))
  bar = tab.run(style % (".heads b", "borderTopColor"))
  assert chip == bar == "rgb(0, 114, 178)"
  cells = "[...document.querySelectorAll('.matrix tbody td')].map(cell => "
  shares = tab.run(
    f"{cells}getComputedStyle(cell).getPropertyValue('--share').trim())"
  )
  assert shares[:4] == ["0.778", "0.143", "0.000", "0.000"]
  assert tab.run(style % (".bar i", "width")) != "0px"


def test_names_run_nothing_and_the_policy_has_nothing_to_refuse(tab, tmp_path):
  folder = tmp_path / HOSTILE.replace("/", "")
  folder.mkdir()
  write_run(folder)
  change(
    folder / "evaluation.json",
    dataset=HOSTILE,
    protocol={"disentanglement_score": HOSTILE, HOSTILE: HOSTILE},
    vote_columns=[HOSTILE, "z2", "code"],
    vote_factors=[HOSTILE, "shape"],
    class_names=[HOSTILE, "heart"],
    metrics={HOSTILE: 0.5},
    metrics_images=10,
    metrics_cautions={HOSTILE: HOSTILE},
    metrics_left_out={HOSTILE: HOSTILE},
  )
  change(folder / "config.json", method=HOSTILE, **{HOSTILE: HOSTILE})
  change(folder / "run.json", device=HOSTILE, **{HOSTILE: HOSTILE})
  dataset = data.from_arrays(HOSTILE, np.zeros((2, 16, 16), np.uint8))
  dataset_record.record_dataset(
    [folder], dataset._replace(class_factor=HOSTILE)
  )
  (folder / "reconstructions.png").write_bytes(b"")  # not looked at here
  path = folder / "report.html"
  path.write_text(page.page(read_run(folder)), encoding="utf-8")
  tab.open(path)
  assert tab.complaints() == []
  assert tab.run("typeof planted") == "undefined"
  assert tab.run("document.querySelectorAll('[style], [onerror]').length") == 0
  shown = tab.run("document.body.innerText")
  assert shown.count(HOSTILE) >= 12
  assert tab.run("document.querySelectorAll('.charts svg').length") == 4
