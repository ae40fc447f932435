"""A run of eight steps to report, and its parsed page."""

import html.parser

import numpy as np

from cascade_jax import config as config_lib
from cascade_jax import report
from cascade_jax.evaluation import evaluation_file
from cascade_jax.report import page
from cascade_jax.report.run import read_run
from cascade_jax.runs import dataset_record, json_file, log_file, workdir

KINDS = {
  "config": workdir.CONFIG,
  "run": workdir.RUN,
  "dataset": dataset_record.DATASET,
  "evaluation": evaluation_file.KIND,
}
VOID = {"meta", "link", "img", "input", "br", "path", "use"}


class Page(html.parser.HTMLParser):
  """Checks that tags are balanced; collects text, tags, links and images."""

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


def log_entry(step, discrete=None):
  """A line of metrics.jsonl; the discrete code starts after step 4."""
  discrete = step > 4 if discrete is None else discrete
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
  "class_variable": 1,
  "class_names": ["square", "heart"],
  "relabelling": [1, 0],
  "kl": [2.0, 0.05],
  "reconstruction": 21.5,
  "seconds": 12.0,
}


def write_run(folder, has_log=True, has_arrays=True):
  """Writes a finished run of eight steps; drawing its log or arrays is slow."""
  config = config_lib.default().to_dict()
  config |= {"num_steps": 8, "num_continuous": 6, "num_categories": [2]}
  write(folder / "config.json", config)
  provenance = {
    "step": 0,
    "command": "train.py",
    "python": "3.11.7",
    "started": "2026-01-02T03:04:05+00:00",
    "device": "1 x tester (cpu)",
    "git_commit": "abcdef0",
    "versions": {"jax": "0.10.1"},
    "resumes": [{"step": 4}],
  }
  write(folder / "run.json", provenance)
  write(folder / "evaluation.json", EVALUATION)
  if has_log:
    write_log(folder, [log_entry(step) for step in range(1, 9)])
  if has_arrays:
    write_arrays(folder)
  return folder


def write_log(folder, log_entries):
  log_file.write(folder / log_file.NAME, log_entries)


def write_arrays(folder, **changes):
  rng = np.random.default_rng(0)
  arrays = {
    "traversals": rng.random((3, 2, 2, 8, 8, 1)),
    "traversal_values": np.linspace(-1, 1, 3),
    "originals": rng.random((4, 8, 8, 1)),
    "reconstructions": rng.random((4, 8, 8, 1)),
    "reconstruction_categories": np.array([[0], [1], [1], [0]]),
    "traversal_categories": np.array([[0], [1]]),
  }
  np.savez(folder / "evaluation.npz", **arrays | changes)


def write(path, content):
  json_file.write(path, KINDS[path.stem], content)


def read(path):
  return json_file.read(path, KINDS[path.stem])


def change(path, **entries):
  write(path, read(path) | entries)


def write_page(folder):
  """Writes the report; returns its page."""
  return report.write_report(folder).read_text(encoding="utf-8")


def page_text(folder):
  """The text of the page of a run without arrays, drawing no other picture."""
  return Page(page.page(read_run(folder))).text
