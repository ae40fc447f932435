"""Training, killing, resuming, evaluating: the commands as a user runs them."""

import json
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest

from cascade_jax import methods, metrics
from cascade_jax.evaluation import scores
from cascade_jax.metrics import codes_file
from tests.helpers.launcher import call, launch
from tests.helpers.started import with_small_files

SMOKE = "--config=experiments/configs/smoke.py"

KILLED_AT_STEP_8 = """
import os, signal
from cascade_jax import data
from cascade_jax.training import loop
from cascade_jax.configs import smoke
batch_indices = data.batch_indices
def killing(*args):
  if args[-1] == 8:
    os.kill(os.getpid(), signal.SIGKILL)
  return batch_indices(*args)
data.batch_indices = killing
loop.train(smoke.get_config(), {folder!r})
"""


def weights(folder):
  """Returns the newest step, and the digests of the arrays saved there."""
  steps = (folder / "checkpoints").iterdir()
  newest = max(int(p.name) for p in steps if p.name.isdigit())
  digests = folder / "checkpoints" / str(newest) / "digests" / "metadata"
  return newest, digests.read_text()


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
  folder = tmp_path_factory.mktemp("runs") / "whole"
  result = launch("train", SMOKE, f"--workdir={folder}")
  assert result.returncode == 0, result.stderr
  return folder, result


def test_one_command_trains_scores_and_reports(whole):
  folder, result = whole
  assert "disentanglement score" in result.stdout
  assert "classification accuracy" in result.stdout
  assert "step 12 of 12" in result.stderr  # plain lines off a terminal
  for line in (
    "importing jax",
    "loading the data set 'dsprites'",
    "compiling and drawing the first weights",
    "compiling the step\n",
    "scoring a sample of 500 images",
    "compiling the step with the discrete code",
    "restoring the newest checkpoint",
    "encoding 516 images",
    "estimating the information",
    "500 examples, 12 metrics",
    "computing the merits",
    "decoding traversals",
    "writing explore.html",
    "drawing the pictures and the report",
  ):
    assert line in result.stderr
  evaluation = json.loads((folder / "evaluation.json").read_text())
  assert 0 <= evaluation["disentanglement_score"] <= 1
  assert 1 / 3 <= evaluation["classification_accuracy"] <= 1
  assert evaluation["num_images"] == 500
  assert np.sum(evaluation["confusion"]) == 500
  page = (folder / "report.html").read_text()
  assert f"{100 * evaluation['disentanglement_score']:.1f}"[:3] in page
  assert '<a href="explore.html">' in page
  assert "<title>CascadeVAE on " in (folder / "explore.html").read_text()
  for name in (
    "traversals.png",
    "traversals.gif",
    "reconstructions.png",
    "confusion.png",
    "curves.png",
  ):
    assert (folder / name).stat().st_size > 0


def test_a_killed_run_resumes_to_the_same_weights(whole, tmp_path):
  folder = tmp_path / "killed"
  script = KILLED_AT_STEP_8.format(folder=str(folder))
  killed = subprocess.run([sys.executable, "-c", script], capture_output=True)
  assert killed.returncode == -signal.SIGKILL, killed.stderr
  result = call("train", SMOKE, f"--workdir={folder}")
  assert result.returncode == 0, result.stderr
  assert "training from step 5" in result.stderr
  assert weights(folder) == weights(whole[0])
  steps = [
    json.loads(line)["step"]
    for line in (folder / "metrics.jsonl").read_text().splitlines()
  ]
  assert steps == [2, 4, 6, 8, 10, 12]


def test_a_full_disk_is_one_line_and_the_run_resumes(whole, tmp_path):
  """The system limits files to less than a checkpoint, as a quota does."""
  folder = tmp_path / "full"
  code, lines = with_small_files(
    1_000_000, "train", SMOKE, f"--workdir={folder}"
  )
  assert code == 1
  (line,) = lines  # none of other libraries' threads
  assert line == (
    f"UserError: {folder}/checkpoints/5 can't be written: File too large\n"
  )
  result = call("train", SMOKE, f"--workdir={folder}")
  assert result.returncode == 0, result.stderr
  assert weights(folder) == weights(whole[0])
  names = {path.name for path in (folder / "checkpoints").iterdir()}
  assert names == {"10", "12"}


def test_a_run_is_evaluated_again_on_another_sample(whole):
  folder, _ = whole
  result = call("evaluate", f"--workdir={folder}", "--num_images=300")
  assert result.returncode == 0, result.stderr
  evaluation = json.loads((folder / "evaluation.json").read_text())
  assert evaluation["num_images"] == 300
  again = metrics.score(codes_file.read(folder / "codes.npz"))
  for name in scores.NAMES:  # computed on all images that were evaluated
    del again[name]
  assert evaluation["metrics"] == pytest.approx(again, abs=1e-12)
  merits = evaluation["merits"]
  assert set(merits) == set(evaluation["merits_protocol"])
  assert 0 <= merits["category_balance"] <= 1 and merits["unary_gap"] >= 0
  assert f"code stability              {merits['code_stability']:.4f}" in (
    result.stdout
  )
  assert "dci completeness" in result.stdout
  assert "DCI completeness" in (folder / "report.html").read_text()


def test_the_worth_of_its_dimensions_is_printed(whole, tmp_path):
  folder, _ = whole
  output = tmp_path / "worth.json"
  result = call(
    "worth", f"--workdir={folder}", "--num_images=40", f"--output={output}"
  )
  assert result.returncode == 0, result.stderr
  assert "|  | KL weight | rate, nats | loss, nats | worth |" in result.stdout
  content = json.loads(output.read_text())
  assert content["step"] == 12 and content["num_images"] == 40
  last = (folder / "metrics.jsonl").read_text().splitlines()[-1]
  weights = json.loads(last)["kl_weights"]
  *dimensions, code = content["variables"]
  assert dimensions and code == "code"
  for name in dimensions:
    entry = content["variables"][name]
    assert entry["kl_weight"] == weights[int(name[1:]) - 1]
    assert entry["worth"] == entry["loss"] / entry["rate"]


def test_the_explorer_of_a_run_goes_to_the_file_that_is_named(whole, tmp_path):
  folder, _ = whole
  output = tmp_path / "mine.html"
  result = call("explore", f"--workdir={folder}", f"--output={output}")
  assert result.returncode == 0, result.stderr
  assert result.stdout == f"{output}\n"
  assert output.read_text() == (folder / "explore.html").read_text()
  for wrong, message in (
    (f"--output={tmp_path / 'mine.txt'}", "name a .html file"),
    (f"--workdir={tmp_path / 'mistyped'}", "holds no run"),
  ):
    refused = call("explore", f"--workdir={folder}", wrong)
    assert refused.returncode == 1 and message in refused.stderr
  assert list(tmp_path.iterdir()) == [output]


def test_a_decoder_that_no_page_can_compute_is_evaluated_all_the_same(
  whole, monkeypatch
):
  folder, _ = whole
  (folder / "explore.html").unlink()
  build = methods.build

  def inverted(*arguments):
    method = build(*arguments)
    return method._replace(decode=lambda *code: 1 - method.decode(*code))

  monkeypatch.setattr(methods, "build", inverted)
  result = call("evaluate", f"--workdir={folder}", "--num_images=300")
  assert result.returncode == 0, result.stderr
  assert "there will be no explore.html: method 'cascade_vae' decodes" in (
    result.stderr
  )
  assert not (folder / "explore.html").exists()
  assert "explore.html" not in (folder / "report.html").read_text()


def test_several_seeds_are_scored_and_summarised(whole, tmp_path):
  folder = tmp_path / "seeds"
  result = call(
    "train", SMOKE, f"--workdir={folder}", "--config.num_replicas=2"
  )
  assert result.returncode == 0, result.stderr
  assert "step 12 of 12: 2 seeds, of the first: phase 2" in result.stderr
  assert "| 1 |" in result.stdout and "mean (std)" in result.stdout
  table = json.loads((folder / "summary.json").read_text())
  assert [run["seed"] for run in table["runs"]] == [0, 1]
  for seed in (0, 1):
    assert (folder / f"seed_{seed}" / "report.html").stat().st_size > 0
    assert (folder / f"seed_{seed}" / "explore.html").stat().st_size > 0
  assert weights(folder / "seed_0") == weights(whole[0])
  again = call("evaluate", f"--workdir={folder}", "--num_images=300")
  assert again.returncode == 0, again.stderr
  table = json.loads((folder / "summary.json").read_text())
  assert [run["num_images"] for run in table["runs"]] == [300, 300]


@pytest.mark.parametrize(
  ("flag", "message"),
  [
    (
      "--config.beta_hihg=4",
      'beta_hihg Did you mean "beta_high"',
    ),
    (
      "--config.aae.discriminator_units=4",
      "'cascade_vae' does not read it",
    ),
    (
      "--config=experiments/configs/compact.py:vae",
      "variant 'vae' of the",
    ),
    ("--config.batch_size=many", "batch_size"),
    ("--config.of_mine.strength=3", "of_mine (flags change what the config"),
    ("--config.num_continuous=0", "config.num_continuous is 0"),
    ("--config.num_categories=1", "config.num_categories is (1,)"),
    ("--config.solver=gpu", "config.solver is 'gpu'"),
    ("--config.trackers=tensorbord", "config.trackers is ('tensorbord',)"),
    ("--config.trackers=wandb,mlflow", "\"('tensorboard','wandb')\""),
    ("--config.profile_steps=9-5", "config.profile_steps is '9-5'"),
    ("--config.tensorboard=True", "unknown --config.KEY"),
    ("--config.batch_size=100000", "config.batch_size is 100000"),
    ("--config.data.name=mnist", "mnist"),
    ("--config.data.name=dsprites_file", "there is no file"),
    ("--workdir=/proc/nowhere", "can't be written to"),
    ("--workdir=", "workdir is empty"),
    ("config.seed=5", "'config.seed=5' is no flag"),
    ("--config.data.path=mine.npz", "data set 'dsprites' does not read it"),
    ("--config.method=", "config.method is ''"),
    ("--config.pairwise_weight=1e300", "config.pairwise_weight is 1e+300"),
    ("--config.pairwise_weight=1e15", "it must be at most"),
    ("--config.learning_rate=1e300", "config.learning_rate is 1e+300"),
    ("--config.data.num_orientations=0", "num_orientations is 0"),
    ("--num_images=99999999", "config.evaluation_images is 99999999"),
  ],
)
def test_bad_input_is_named_before_any_work(tmp_path, flag, message):
  result = call("train", SMOKE, f"--workdir={tmp_path / 'run'}", flag)
  assert result.returncode != 0
  assert message in result.stderr
  assert "step 2" not in result.stderr
  assert "Traceback" not in result.stderr
  assert not list(tmp_path.iterdir())


def test_fewer_steps_than_the_run_has_are_refused(whole):
  folder, _ = whole
  before = (folder / "config.json").read_bytes()
  result = call("train", SMOKE, f"--workdir={folder}", "--config.num_steps=5")
  assert result.returncode == 1
  assert "config.num_steps is 5, but the run" in result.stderr
  assert "has taken 12 steps" in result.stderr
  assert (folder / "config.json").read_bytes() == before


def test_a_run_of_an_earlier_version_goes_on_with_what_nothing_reads(
  whole, tmp_path
):
  folder = tmp_path / "run"
  shutil.copytree(whole[0], folder)
  config = json.loads((folder / "config.json").read_text())
  del config["cascade_jax"], config["digest"]  # earlier versions had neither
  config["data"]["path"] = "mine.npz"
  (folder / "config.json").write_text(json.dumps(config))
  result = call(
    "train", SMOKE, f"--workdir={folder}", "--config.data.path=mine.npz"
  )
  assert result.returncode == 0, result.stderr


def test_evaluating_nothing_says_what_to_do(tmp_path):
  result = launch("evaluate", f"--workdir={tmp_path / 'mistyped'}")
  assert not (tmp_path / "mistyped").exists()
  assert result.returncode != 0
  assert "holds no run" in result.stderr
  assert "Traceback" not in result.stderr
