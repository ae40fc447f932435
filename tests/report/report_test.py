"""The page of a run: its parts, and text from files."""

import re

import numpy as np
import pytest

from cascade_jax.runs import dataset_record
from tests.helpers import tiny_run
from tests.helpers.reported_run import (
  EVALUATION,
  Page,
  change,
  log_entry,
  read,
  write,
  write_arrays,
  write_log,
  write_page,
  write_run,
)

PICTURES = (
  "traversals.png",
  "traversals.gif",
  "reconstructions.png",
  "confusion.png",
  "curves.png",
)
PAPER = "https://arxiv.org/abs/1905.09432"


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
  """A run with all its files and its report; not to be changed."""
  folder = write_run(tmp_path_factory.mktemp("whole"))
  write_page(folder)
  return folder


@pytest.fixture
def scored(tmp_path):
  """A run without log and arrays, which are slow to draw."""
  return write_run(tmp_path, has_log=False, has_arrays=False)


def test_page_is_one_file_that_shows_everything(whole):
  text = (whole / "report.html").read_text(encoding="utf-8")
  page = Page(text)
  for name in PICTURES:
    assert (whole / name).stat().st_size > 0
  assert re.findall(r"https?://[^\s\"<]*", text) == [PAPER]
  beside = [x for x in page.links if not x.startswith(("data:", "#", PAPER))]
  assert all((whole / name).is_file() for name in beside)
  assert {*PICTURES, "config.json", "evaluation.npz"} <= set(beside)
  assert "script" not in page.tags and "@import" not in text
  assert page.images.count("data:image/webp") == 1 + 2  # moving, m stills
  assert page.images.count("data:image/png") == 1
  assert page.tags.count("svg") == 4
  assert page.tags.index("h1") < page.tags.index("h2") < page.tags.index("h3")
  for shown in ("86.4%", "75.3%", "So and so.", "Thus.", "12,345 images"):
    assert shown in page.text
  for shown in ("90.49 ± 5.28", "78.84 ± 15.65", "not comparable"):
    assert shown in page.text
  for shown in ("7.1", "0.6", "12.9", "20.6", "44.6", "1:01:40"):
    assert shown in page.text
  for shown in ("1 x tester (cpu)", "abcdef0", "0.10.1", "versions.jax"):
    assert shown in page.text


def test_contents_lead_to_every_section(whole):
  text = (whole / "report.html").read_text(encoding="utf-8")
  names = re.findall(r'<section id="([^"]*)"', text)
  contents = re.findall("<nav.*?</nav>", text)[0]
  assert re.findall(r'href="#([^"]*)"', contents) == names
  assert len(names) == len(set(names)) == 9


def test_files_are_listed_if_they_are_there(scored):
  page = Page(write_page(scored))
  assert "evaluation.json" in page.links and "confusion.png" in page.links
  assert "metrics.jsonl" not in page.links
  assert "explore.html" not in page.links
  (scored / "explore.html").write_text("x" * 1_234_567)
  page = Page(write_page(scored))
  assert page.links.count("explore.html") == 2 and "1.2\xa0MB" in page.text


@pytest.mark.parametrize(
  ("changes", "shown", "hidden"),
  [
    ({}, "beta_high solver data.image_size cascade_vae.taught_phases",
     "aae. data.tfds data.path data.num_images"),
    ({"method": "factor_vae"}, "factor_vae.gamma num_continuous batch_size",
     "beta_high solver num_categories pairwise_weight"),
    ({"method": "aae_s"}, "num_categories aae.", "solver beta_high"),
    ({"data": {"name": "digits"}}, "data.name beta_high", "data.image_size"),
    ({"data": {"name": "tfds"}}, "data.tfds data.fit", "data.num_images"),
    ({"data": {"name": "mine"}}, "data.tfds data.num_images", "aae."),
    ({"method": "my_vae"}, "aae. solver data.image_size", "data.path"),
    ({"num_continuous": "six"}, "aae. solver", "data.path"),
  ],
)  # fmt: skip
def test_settings_that_nothing_reads_are_left_out(
  scored, changes, shown, hidden
):
  config = read(scored / "config.json")
  data = config["data"] | changes.get("data", {})
  change(scored / "config.json", **config | changes | {"data": data})
  table = re.findall("<caption>Config.*?</table>", write_page(scored))[0]
  names = re.findall('<th scope="row">([^<]*)', table)
  for part in shown.split():
    assert [name for name in names if name.startswith(part)], part
  for part in hidden.split():
    assert not [name for name in names if name.startswith(part)], part
  assert {"seed", "num_steps", "method", "data.name"} <= set(names)


def test_the_code_is_a_category_and_classes_have_their_factor(scored):
  text = write_page(scored)
  assert '<th scope="row">category</th>' in text
  assert "each category and class, and percentage" in Page(text).text
  change(scored / "evaluation.json", vote_columns=["z1", "code 1", "code 2"])
  dataset_record.record_dataset([scored], tiny_run.tiny_dataset())
  text = write_page(scored)
  assert '<th scope="row">category 2</th>' in text
  assert "each category and class of shape, and percentage" in Page(text).text


def test_chart_of_the_information_names_the_number_of_images(scored):
  information = {
    "scored_images": 2345,
    "index_code_information": 1.5,
    "aggregate_total_correlation": 0.5,
    "dimension_information": [1.0, 1.0],
    "information_with_earlier": [0.0, 0.5],
  }
  write_log(scored, [log_entry(s, False) | information for s in range(1, 9)])
  text = Page(write_page(scored)).text
  assert "measured on 2,345 images. I(x; z_j)" in text
  assert "Total correlation on 2,345 images" in text


@pytest.mark.parametrize("suffix", ["", "-dirty"])
def test_commits_are_short_and_flags_whole(scored, suffix):
  command = "train.py --config=a-b.py --config.seed=3"
  commit = f"{'0123456789' * 4}{suffix}"
  change(scored / "run.json", command=command, git_commit=commit)
  text = write_page(scored)
  assert f"<span>012345678901{suffix}</span>" in text
  assert "<span>--config=a-b.py</span> <span>--config.seed=3</span>" in text
  assert f"<span>--workdir={scored}</span></pre>" in text
  assert "td > span, pre > span { display: inline-block;" in text
  assert command in Page(text).text


def test_text_from_files_is_escaped(scored):
  bad = "<script>alert('&\"')</script>"
  change(
    scored / "evaluation.json",
    dataset=bad,
    protocol={"disentanglement_score": bad},
    vote_columns=[bad, "z2", "code"],
    vote_factors=[bad, "shape"],
    class_names=[bad, "$x"],
  )
  change(scored / "config.json", method=bad, **{bad: bad})
  change(scored / "run.json", device=bad, started=bad, **{bad: bad})
  page = Page(write_page(scored))
  assert "script" not in page.tags
  assert page.text.count(bad) >= 8


def test_run_without_a_discrete_code(scored):
  evaluation = dict(EVALUATION, classification_accuracy=None)
  for key in ("confusion", "class_names", "relabelling"):
    del evaluation[key]
  write(scored / "evaluation.json", evaluation)
  write_arrays(
    scored,
    traversals=np.zeros((3, 1, 2, 8, 8, 1)),
    reconstruction_categories=np.zeros((4, 0), int),
    traversal_categories=np.zeros((1, 0), int),
  )
  write_log(scored, [log_entry(step, discrete=False) for step in range(1, 9)])
  page = Page(write_page(scored))
  assert "Not available for this run. Thus." in page.text
  assert page.tags.count("svg") == 2
  assert "without the discrete code" in page.text
  assert "with the discrete code" not in page.text


def test_commands_quote_the_folder(scored, tmp_path_factory):
  odd = tmp_path_factory.mktemp("with space") / "a run;x"
  scored.rename(odd)
  assert f"--workdir='{odd}'" in Page(write_page(odd)).text
