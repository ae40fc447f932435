"""The command that ranks runs without labels."""

import json
import shutil

import numpy as np
import pytest
from scipy import stats

from cascade_jax.evaluation import evaluation_file
from cascade_jax.metrics import (
  MetricInputs,
  codes_file,
  model_centrality,
  unsupervised_disentanglement_ranking,
)
from cascade_jax.runs import json_file
from tests.helpers import scored_codes
from tests.helpers.launcher import call


def make_run(folder, means, accuracy, number, **changes):
  """Writes what the evaluation of a run writes, and returns the folder."""
  folder.mkdir(parents=True)
  inputs = MetricInputs(scored_codes.grid(), means, kl=np.ones(means.shape[1]))
  codes_file.write(folder / "codes.npz", inputs)
  evaluation = {
    "seed": number,
    "step": 9,
    "dataset": "sprites",
    "num_images": 1440,
    "kl": None,
    "elbo_at_mean": -30.0 - number,
    "reconstruction": 10.0 + number,
    "information": {},
    "protocol": {"classification_accuracy": "The best relabelling."},
    "disentanglement_score": None,
    "classification_accuracy": accuracy,
    "merits": {
      "category_balance": 0.9,
      "unary_gap": 5.0 - number**2,
      "code_stability": None,
    },
  }
  path = folder / evaluation_file.NAME
  json_file.write(path, evaluation_file.KIND, evaluation | changes)
  return folder


@pytest.fixture
def runs(tmp_path):
  """Four runs, of which the second is the most accurate."""
  perfect = scored_codes.perfect()
  return [
    make_run(tmp_path / "a" / "seed_0", perfect, 0.7, 2),
    make_run(tmp_path / "a" / "seed_1", 2 * perfect, 0.9, 0),
    make_run(tmp_path / "b" / "seed_0", scored_codes.noise(), 0.4, 3),
    make_run(tmp_path / "b" / "seed_1", scored_codes.permuted(), 0.6, 1),
  ]


def test_runs_are_ranked_by_any_merit_and_compared_with_their_scores(
  runs, tmp_path
):
  output = tmp_path / "merits.json"
  result = call("rank", *runs, "--merit=unary_gap", f"--output={output}")
  assert result.returncode == 0, result.stderr
  first, best, second = result.stdout.strip().split("\n\n")
  header, _, *rows = first.splitlines()
  assert header == (
    "| run | ELBO at mean, nats | reconstruction, nats | category balance | "
    "gap of unary costs, nats | UDR | ModelCentrality | "
    "classification accuracy, % |"
  )
  names = ["a/seed_1", "b/seed_1", "a/seed_0", "b/seed_0"]
  assert [row.split(" | ")[0][2:] for row in rows] == names
  assert rows[0].startswith("| a/seed_1 | -30.00 | 10.00 | 0.900 | 5.00 | ")
  assert best == f"Best by gap of unary costs: {runs[1]}"
  table = {row.split(" | ")[0][2:]: row for row in second.splitlines()[2:]}
  numbers = [2, 0, 3, 1]
  accuracy = [0.7, 0.9, 0.4, 0.6]
  rho = -stats.spearmanr(numbers, accuracy).statistic
  assert f"| reconstruction | less | {rho:.2f} [" in table["reconstruction"]
  assert f"| more | {rho:.2f} [" in table["ELBO at mean"]
  assert table["ELBO at mean"].endswith("] | 90.00 |")
  assert table["category balance"] == "| category balance | more |  | 70.00 |"
  assert table["mean of the runs"] == "| mean of the runs |  |  | 65.00 |"
  assert table["best of the runs"] == "| best of the runs |  |  | 90.00 |"

  content = json.loads(output.read_text())
  assert list(content["runs"]) == names
  entry = content["runs"]["b/seed_1"]
  assert entry["seed"] == 1 and entry["scores"] == {
    "classification_accuracy": 0.6
  }
  assert entry["merits"]["unary_gap"] == 4
  assert set(content["protocol"]) == {
    *entry["merits"],
    *entry["scores"],
    "correlations",
  }
  assert content["signs"]["reconstruction"] == -1
  assert content["choices"]["unary_gap"] == "a/seed_1"
  found = content["correlations"]["reconstruction"]["classification_accuracy"]
  assert found["rho"] == pytest.approx(rho) and found["num_runs"] == 4
  constant = content["correlations"]["category_balance"]
  assert constant["classification_accuracy"]["rho"] is None
  assert content["dataset"] == "sprites" and "git_commit" in content


def test_the_merits_of_files_are_those_that_compare_models(tmp_path):
  means = [
    scored_codes.permuted(),
    scored_codes.noise(),
    scored_codes.perfect(),
  ]
  kl = np.ones(4)
  inputs = [MetricInputs(scored_codes.grid(), codes, kl=kl) for codes in means]
  paths = [
    tmp_path / f"{name}.npz" for name in ("permuted", "noise", "perfect")
  ]
  for path, codes in zip(paths, inputs):
    codes_file.write(path, codes)
  output = tmp_path / "ranking.json"
  result = call("rank", *paths, f"--output={output}")
  assert result.returncode == 0, result.stderr
  udr = unsupervised_disentanglement_ranking(means, [kl] * 3)
  centrality = model_centrality(inputs)
  assert result.stdout.strip().splitlines() == [
    "| run | UDR | ModelCentrality |",
    "|---|---|---|",
    *(
      f"| {paths[k].name} | {udr.scores[k]:.3f} | {centrality.scores[k]:.3f} |"
      for k in (0, 2, 1)
    ),
    "",
    f"Best by UDR: {paths[0]}",
  ]
  content = json.loads(output.read_text())
  assert content["correlations"] == {"udr": {}, "model_centrality": {}}
  assert content["runs"]["noise.npz"]["merits"] == {
    "udr": udr.scores[1],
    "model_centrality": centrality.scores[1],
  }
  assert content["runs"]["noise.npz"]["num_informative"] == 4
  pairs = content["pairs"]
  assert len(pairs["udr"]) == 6
  cross = centrality.cross_scores
  assert pairs["model_centrality"]["noise.npz with perfect.npz"] == cross[1, 2]
  assert content["similarity"] == "spearman" and content["num_examples"] == 1440
  refused = call("rank", *paths, "--merit=unary_gap").stderr
  assert "no run has the merit unary_gap; the merits of these are" in refused


def test_codes_of_other_examples_are_refused(tmp_path):
  first, second, bare = (tmp_path / f"{name}.npz" for name in "abc")
  grid, means = scored_codes.grid(), scored_codes.perfect()
  codes_file.write(first, MetricInputs(grid, means, kl=np.ones(4)))
  codes_file.write(second, MetricInputs(grid[::-1], means, kl=np.ones(4)))
  codes_file.write(bare, MetricInputs(grid, categories=grid[:, 0]))
  assert "codes of other examples" in call("rank", first, second).stderr
  codes_file.write(second, MetricInputs(None, means[1:], kl=np.ones(4)))
  assert "b.npz is of 1439 examples" in call("rank", first, second).stderr
  assert "c.npz must hold means" in call("rank", first, bare).stderr
  assert "a.npz is named twice" in call("rank", first, first).stderr
  assert "or more, not 1" in call("rank", first).stderr


def test_runs_that_do_not_go_together_are_refused(runs, tmp_path):
  again = call("rank", *runs, runs[0] / ".." / "seed_0")
  assert "seed_0 is named twice" in again.stderr
  perfect = scored_codes.perfect()
  other = make_run(tmp_path / "other", perfect, 0.5, 1, num_images=9)
  result = call("rank", runs[0], other)
  assert "other was evaluated on 9 images of 'sprites'" in result.stderr
  assert "seed_0 on 1440 of 'sprites'" in result.stderr
  bare = tmp_path / "bare"
  bare.mkdir()
  message = f"{bare} has no evaluation with merits and codes; make it with"
  assert message in call("rank", runs[0], bare).stderr
  shutil.copy(runs[0] / "evaluation.json", bare)
  assert message in call("rank", runs[0], bare).stderr
  shutil.copy(runs[0] / "codes.npz", bare)
  path = bare / evaluation_file.NAME
  content = json_file.read(path, evaluation_file.KIND)
  del content["merits"]
  json_file.write(path, evaluation_file.KIND, content)
  assert message in call("rank", runs[0], bare).stderr


def test_runs_on_images_without_labels_can_be_ranked(tmp_path):
  images = np.random.default_rng(0).random((600, 32, 32)) < 0.1
  np.savez(tmp_path / "images.npz", images=images)
  folder = tmp_path / "run"
  trained = call(
    "train",
    "--config=experiments/configs/smoke.py",
    f"--workdir={folder}",
    "--config.num_replicas=2",
    "--config.data.name=arrays",
    f"--config.data.path={tmp_path / 'images.npz'}",
  )
  assert trained.returncode == 0, trained.stderr
  evaluated = call("evaluate", f"--workdir={folder}")
  assert evaluated.returncode == 0, evaluated.stderr
  seeds = [folder / f"seed_{seed}" for seed in (0, 1)]
  for path in seeds:
    evaluation = json.loads((path / "evaluation.json").read_text())
    assert evaluation["metrics"] == {}
    assert evaluation["elbo_at_mean"] < -evaluation["reconstruction"]
    assert set(evaluation["merits"]) == set(evaluation["merits_protocol"])
    assert 0 <= evaluation["merits"]["code_stability"] <= 1
  ranked = call("rank", *seeds, "--merit=elbo_at_mean")
  assert ranked.returncode == 0, ranked.stderr
  assert "| stability of codes |" in ranked.stdout
  assert "rho" not in ranked.stdout
  assert "Best by ELBO at mean: " in ranked.stdout
  assert "Two are no ranking" in ranked.stdout
  whole = call("rank", folder, seeds[0])
  assert f"{folder} has no evaluation with merits" in whole.stderr
  assert "rank its folders seed_..." in whole.stderr
  summary = evaluated.stdout
  assert "| seed | reconstruction (nats) | elbo at mean (nats) |" in summary
  nothing = call("score", seeds[0] / "codes.npz")
  assert "nothing to score: codes (means, categories) are" in nothing.stderr
