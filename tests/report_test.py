import html.parser
import json
import re

import numpy as np
import pytest

from cascade_jax import config as config_lib
from cascade_jax import report

PICTURES = (
  "traversals.png",
  "traversals.gif",
  "reconstructions.png",
  "confusion.png",
  "curves.png",
)
PAPER = "https://arxiv.org/abs/1905.09432"
VOID = {"meta", "img", "br", "path", "use"}


class Page(html.parser.HTMLParser):
  """Checks that tags are balanced; gathers what a browser would load."""

  def __init__(self, text):
    super().__init__()
    self.open, self.tags, self.links, self.images = [], [], [], []
    self.text = ""
    self.feed(text)
    assert self.open == []

  def handle_starttag(self, tag, attrs):
    attrs = dict(attrs)
    self.tags.append(tag)
    self.links += [attrs[k] for k in ("href", "src", "srcset") if k in attrs]
    if tag == "img":
      assert attrs["alt"]
      self.images.append(attrs["src"].partition(";")[0])
    if tag not in VOID:
      self.open.append(tag)

  def handle_startendtag(self, tag, attrs):
    self.tags.append(tag)

  def handle_endtag(self, tag):
    if tag not in VOID:
      assert self.open.pop() == tag

  def handle_data(self, data):
    if self.open and self.open[-1] != "style":
      self.text += data


def record(step, discrete):
  return {
    "step": step,
    "phase": step // 2,
    "open_dimensions": min(step, 2),
    "discrete": discrete,
    "loss": 50.0 / step,
    "reconstruction": 40.0 / step,
    "weight_penalty": 1.0,
    "kl": [2.0, 0.05],
    "kl_weights": [1.0, 10.0],
    "counts": [3, 1] if discrete else [0, 0],
    "flow_differs": 0.25 if discrete else 0.0,
    "seconds_score": 0.0071 if discrete else 0.0,
    "seconds_solve": 0.0006 if discrete else 0.0,
    "seconds_update": 0.0129,
    "steps_per_second": 44.6,
    "elapsed": 3700.0,
  }


EVALUATION = {
  "step": 8,
  "seed": 5,
  "dataset": "dsprites",
  "num_images": 12345,
  "disentanglement_score": 0.8642,
  "classification_accuracy": 0.7531,
  "protocol": {
    "disentanglement_score": "So and so.",
    "classification_accuracy": "Thus.",
  },
  "votes": [[7, 1], [0, 0], [2, 6]],
  "vote_columns": ["z1", "z2", "code"],
  "vote_factors": ["scale", "shape"],
  "column_factors": ["scale", "scale", "shape"],
  "confusion": [[1, 30], [9, 0]],
  "class_names": ["square", "heart"],
  "relabelling": [1, 0],
  "kl": [2.0, 0.05],
  "reconstruction": 21.5,
  "seconds": 12.0,
}


@pytest.fixture
def folder(tmp_path):
  """A finished run of eight steps."""
  config = config_lib.default().to_dict()
  config |= {"num_steps": 8, "num_continuous": 6, "num_categories": [2]}
  write(tmp_path / "config.json", config)
  provenance = {
    "step": 0,
    "started": "2026-01-02T03:04:05+00:00",
    "device": "1 x tester (cpu)",
    "git_commit": "abcdef0",
    "versions": {"jax": "0.10.1"},
    "resumes": [{"step": 4}],
  }
  write(tmp_path / "run.json", provenance)
  lines = [json.dumps(record(s, s > 4)) for s in range(1, 9)]
  (tmp_path / "metrics.jsonl").write_text("\n".join(lines) + "\n")
  write(tmp_path / "evaluation.json", EVALUATION)
  rng = np.random.default_rng(0)
  np.savez(
    tmp_path / "evaluation.npz",
    traversals=rng.random((3, 2, 2, 8, 8, 1)),
    traversal_values=np.linspace(-1, 1, 3),
    originals=rng.random((4, 8, 8, 1)),
    reconstructions=rng.random((4, 8, 8, 1)),
    reconstruction_categories=np.array([[0], [1], [1], [0]]),
    traversal_categories=np.array([[0], [1]]),
  )
  return tmp_path


def write(path, content):
  path.write_text(json.dumps(content))


def change(path, **entries):
  write(path, json.loads(path.read_text()) | entries)


def page_of(folder):
  return report.write_report(folder).read_text(encoding="utf-8")


def test_page_is_one_file_that_shows_everything(folder):
  text = page_of(folder)
  page = Page(text)
  for name in PICTURES:
    assert (folder / name).stat().st_size > 0
  assert re.findall(r"https?://[^\s\"<]*", text) == [PAPER]
  outside = [x for x in page.links if not x.startswith(("data:", "#", PAPER))]
  assert outside == []
  assert "script" not in page.tags and "@import" not in text
  assert page.images.count("data:image/gif") == 1
  assert page.images.count("data:image/png") == 2 + 1  # m stills, one more
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


def test_every_config_key_is_there(folder):
  text = Page(page_of(folder)).text
  config = config_lib.default().to_dict()
  groups = {k: v for k, v in config.items() if isinstance(v, dict)}
  keys = [k for k in config if k not in groups]
  keys += [f"{group}.{k}" for group, v in groups.items() for k in v]
  assert [key for key in keys if key not in text] == []


def test_verdict_says_what_came_out(folder):
  text = Page(page_of(folder)).text
  assert "Trained for 8 steps: 1 of 2 dimensions are in use" in text
  assert "75.3% of the images, where one category for all would name 75.0%" in (
    text
  )
  assert "every factor has a column" in text
  change(folder / "evaluation.json", votes=[[7, 1], [0, 0], [6, 2]])
  assert "no column stands clearly for shape" in Page(page_of(folder)).text


def test_full_size_run_may_be_compared(folder):
  change(folder / "evaluation.json", step=300_000)
  arrays = dict(np.load(folder / "evaluation.npz"))
  for name in ("originals", "reconstructions"):
    arrays[name] = np.zeros((4, 64, 64, 1))
  np.savez(folder / "evaluation.npz", **arrays)
  text = Page(page_of(folder)).text
  assert "90.49 ± 5.28" in text and "not comparable" not in text


def test_m4_is_held_against_m4(folder):
  config = json.loads((folder / "config.json").read_text())
  change(folder / "config.json", **config | {"num_continuous": 4})
  text = Page(page_of(folder)).text
  assert "91.34 ± 7.36" in text and "90.49" not in text


@pytest.mark.parametrize(
  ("changes", "shown"),
  [
    ({"num_continuous": 5}, None),  # not in the paper's table
    ({"num_categories": [3, 4]}, None),
    ({"method": "factor_vae", "num_continuous": 10}, "82.15 ± 0.88"),
    ({"method": "beta_vae", "num_continuous": 10}, "74.41 ± 7.68"),
    (
      {
        "method": "beta_vae",
        "num_continuous": 10,
        "beta_vae": {"capacity": 25.0},
      },
      None,
    ),
    ({"method": "my_vae"}, None),
  ],
)
def test_each_method_is_held_against_its_own_numbers(folder, changes, shown):
  config = json.loads((folder / "config.json").read_text())
  change(folder / "config.json", **config | changes)
  text = Page(page_of(folder)).text
  assert ("Paper, m" in text) == (shown is not None)
  assert shown is None or shown in text


def test_another_data_set_is_not_held_against_the_paper(folder):
  change(folder / "evaluation.json", dataset="mine")
  assert "Paper" not in Page(page_of(folder)).text


def test_what_the_latents_know_is_shown_with_the_number_of_images(folder):
  assert "z knows" not in Page(page_of(folder)).text
  change(
    folder / "evaluation.json",
    information={
      "index_code_information": 8.25,
      "aggregate_total_correlation": 0.5,
    },
  )
  text = Page(page_of(folder)).text
  assert "over 12,345 images, z knows 8.2 of at most 9.4 nats of which" in text
  assert "total correlation 0.50 nats" in text


def test_chart_of_the_information_says_of_how_many_images(folder):
  known = {
    "scored_images": 2345,
    "index_code_information": 1.5,
    "aggregate_total_correlation": 0.5,
    "dimension_information": [1.0, 1.0],
    "information_with_earlier": [0.0, 0.5],
  }
  lines = [json.dumps(record(s, False) | known) for s in range(1, 9)]
  (folder / "metrics.jsonl").write_text("\n".join(lines) + "\n")
  text = Page(page_of(folder)).text
  assert "measured on 2,345 images: I(x; z_j)" in text
  assert "Total correlation on 2,345 images" in text


def test_all_metrics_are_shown_by_their_names(folder):
  names = ("mig", "robust_mig", "dci_completeness", "beta_vae_score", "nmi")
  values = dict.fromkeys(names, 0.12345)
  change(
    folder / "evaluation.json",
    metrics=values,
    metrics_images=1234,
    metrics_left_out={"sap": "two < many"},
  )
  text = page_of(folder)
  assert "On 1,234 images" in text
  assert "SAP is left out: two &lt; many." in text
  shown = re.findall(r'<th scope="row">([^<]*)</th><td><span>0.1235', text)
  assert shown == [
    "MIG",
    "robust MIG",
    "DCI completeness",
    "beta-VAE score",
    "NMI",
  ]
  # The first header stands above names, which are on the left.
  assert ".numbers thead th:not(:first-child) { text-align: right; }" in text


def test_each_score_has_one_value(folder):
  again = {"disentanglement_score": 0.4321, "classification_accuracy": 0.4321}
  for metrics, is_there in ((again | {"mig": 0.5}, True), (again, False)):
    change(folder / "evaluation.json", metrics=metrics, metrics_images=1234)
    text = Page(page_of(folder)).text
    assert "0.4321" not in text
    assert ("On 1,234 images" in text) == is_there


@pytest.mark.parametrize("suffix", ["", "-dirty"])
def test_commits_are_short_and_flags_whole(folder, suffix):
  command = "train.py --config=a-b.py --config.seed=3"
  commit = f"{'0123456789' * 4}{suffix}"
  change(folder / "run.json", command=command, git_commit=commit)
  (folder / "evaluation.json").unlink()
  text = page_of(folder)
  assert f"<span>012345678901{suffix}</span>" in text
  assert "<span>--config=a-b.py</span> <span>--config.seed=3</span>" in text
  assert f"<span>--workdir={folder}</span></pre>" in text
  assert "td > span, pre > span { display: inline-block;" in text
  assert command in Page(text).text


def test_column_of_few_or_divided_votes_stands_for_nothing(folder):
  for votes in ([[40, 40], [0, 0], [80, 0]], [[0, 3], [0, 0], [80, 0]]):
    change(folder / "evaluation.json", votes=votes)
    assert "stands clearly for shape" in Page(page_of(folder)).text


def test_text_from_files_is_escaped(folder):
  bad = "<script>alert('&\"')</script>"
  change(
    folder / "evaluation.json",
    dataset=bad,
    protocol={"disentanglement_score": bad},
    vote_columns=[bad, "z2", "code"],
    vote_factors=[bad, "shape"],
    class_names=[bad, "$x"],
  )
  change(folder / "config.json", method=bad, **{bad: bad})
  change(folder / "run.json", device=bad, started=bad, **{bad: bad})
  page = Page(page_of(folder))
  assert "script" not in page.tags
  assert page.text.count(bad) >= 8


def test_without_an_evaluation_it_says_how_to_make_one(folder):
  for name in ("evaluation.json", "evaluation.npz", "run.json"):
    (folder / name).unlink()
  page = Page(page_of(folder))
  assert "Trained for 8 steps: not scored yet." in page.text
  command = f"python -m experiments.evaluate --workdir={folder}"
  assert "evaluation.json is missing" in page.text and command in page.text
  assert "run.json is missing" in page.text
  assert page.images == [] and page.tags.count("svg") == 4


def test_scores_without_arrays(folder):
  (folder / "evaluation.npz").unlink()
  text = Page(page_of(folder)).text
  assert "86.4%" in text and "evaluation.npz is missing" in text


def test_evaluation_without_metrics(folder):
  (folder / "metrics.jsonl").unlink()
  text = Page(page_of(folder)).text
  assert "86.4%" in text and "metrics.jsonl is missing" in text


def test_run_without_a_discrete_code(folder):
  evaluation = dict(EVALUATION, classification_accuracy=None)
  for key in ("confusion", "class_names", "relabelling"):
    del evaluation[key]
  write(folder / "evaluation.json", evaluation)
  arrays = dict(np.load(folder / "evaluation.npz"))
  arrays["traversals"] = arrays["traversals"][:, :1]
  arrays["reconstruction_categories"] = np.zeros((4, 0), int)
  arrays["traversal_categories"] = np.zeros((1, 0), int)
  np.savez(folder / "evaluation.npz", **arrays)
  lines = [json.dumps(record(s, False)) for s in range(1, 9)]
  (folder / "metrics.jsonl").write_text("\n".join(lines))
  page = Page(page_of(folder))
  assert "Not known for this run. Thus." in page.text
  assert page.tags.count("svg") == 2 and "with the code" not in page.text


def test_data_without_factors_has_no_scores(folder):
  keys = ("step", "dataset", "num_images", "kl", "reconstruction")
  write(folder / "evaluation.json", {key: EVALUATION[key] for key in keys})
  change(folder / "evaluation.json", disentanglement_score=None)
  assert Page(page_of(folder)).text.count("Not known for this run.") == 2


def test_stopped_run_with_a_cut_off_line(folder):
  lines = (folder / "metrics.jsonl").read_text().splitlines()[:3]
  (folder / "metrics.jsonl").write_text("\n".join(lines) + '\n{"step": 4, "ph')
  change(folder / "evaluation.json", step=2)
  text = Page(page_of(folder)).text
  assert "Stopped at step 3 of 8" in text
  assert "Training went on to step 3" in text


def test_one_line_of_metrics(folder):
  line = (folder / "metrics.jsonl").read_text().splitlines()[0]
  (folder / "metrics.jsonl").write_text(line)
  assert Page(page_of(folder)).tags.count("svg") == 2


def test_nan_is_no_number(folder):
  nan = float("nan")
  change(folder / "evaluation.json", disentanglement_score=nan)
  lines = [record(s, s > 4) | {"loss": nan} for s in range(1, 9)]
  (folder / "metrics.jsonl").write_text("\n".join(map(json.dumps, lines)))
  text = Page(page_of(folder)).text
  assert "nan%" not in text.lower() and "Not known for this run." in text


@pytest.mark.parametrize(
  ("name", "content", "message"),
  [
    ("config.json", None, "holds no run .*experiments.train"),
    ("config.json", b'{"method":', "config.json is not valid JSON"),
    ("evaluation.json", b'{"step": 8,', "evaluation.json is .*evaluate --work"),
    ("evaluation.json", b"[1]", "holds a list.*experiments.evaluate"),
    ("evaluation.npz", b"", "evaluation.npz can't be .*experiments.evaluate"),
    ("evaluation.npz", b"PK\x03\x04", "evaluation.npz can't be read"),
  ],
)
def test_files_that_cannot_be_read_are_named(folder, name, content, message):
  (folder / name).unlink()
  if content is not None:
    (folder / name).write_bytes(content)
  with pytest.raises(ValueError, match=f"(?s){message}"):
    report.write_report(folder)


def test_cut_off_arrays_pickles_and_missing_arrays_are_refused(folder):
  path = folder / "evaluation.npz"
  whole, arrays = path.read_bytes(), dict(np.load(path))
  path.write_bytes(whole[: len(whole) // 2])
  with pytest.raises(ValueError, match="experiments.evaluate"):
    report.write_report(folder)
  np.savez(path, **arrays | {"originals": np.array([{}], object)})
  with pytest.raises(ValueError, match="experiments.evaluate"):
    report.write_report(folder)
  del arrays["originals"]
  np.savez(path, **arrays)
  with pytest.raises(ValueError, match="originals.*experiments.evaluate"):
    report.write_report(folder)


def test_nothing_to_report_yet(folder):
  for name in ("metrics.jsonl", "evaluation.json", "evaluation.npz"):
    (folder / name).unlink()
  with pytest.raises(ValueError, match="nothing to report yet"):
    report.write_report(folder)


def test_commands_quote_the_folder(folder, tmp_path_factory):
  odd = tmp_path_factory.mktemp("with space") / "a run;x"
  folder.rename(odd)
  (odd / "evaluation.json").unlink()
  assert f"--workdir='{odd}'" in Page(page_of(odd)).text
