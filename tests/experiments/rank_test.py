"""The command that ranks models without labels."""

import json

import numpy as np

from cascade_jax.metrics import (
  MetricInputs,
  codes_file,
  unsupervised_disentanglement_ranking,
)
from tests.helpers import scored_codes
from tests.helpers.launcher import call


def test_models_that_agree_come_first(tmp_path):
  means = [
    scored_codes.permuted(),
    scored_codes.noise(),
    scored_codes.perfect(),
  ]
  kl = np.ones(4)
  paths = [
    tmp_path / f"{name}.npz" for name in ("permuted", "noise", "perfect")
  ]
  for path, codes in zip(paths, means):
    codes_file.write(path, MetricInputs(scored_codes.grid(), codes, kl=kl))
  output = tmp_path / "ranking.json"
  result = call("rank", *paths, f"--output={output}")
  assert result.returncode == 0, result.stderr
  rows = result.stdout.splitlines()[2:]
  assert [row.split(".npz")[0].split("/")[-1] for row in rows] == [
    "permuted",
    "perfect",
    "noise",
  ]
  expected = unsupervised_disentanglement_ranking(means, [kl] * 3).scores
  assert f"| {expected[0]:.4f} | 4 |" in rows[0]
  content = json.loads(output.read_text())
  assert content["scores"] == dict(zip(map(str, paths), expected))
  assert len(content["pairs"]) == 6
  assert content["similarity"] == "spearman" and content["num_examples"] == 1440


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
  assert "two files of codes or more" in call("rank", first).stderr


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
  codes = [folder / f"seed_{seed}" / "codes.npz" for seed in (0, 1)]
  for path in codes:
    evaluation = json.loads((path.parent / "evaluation.json").read_text())
    assert evaluation["metrics"] == {}
    assert evaluation["elbo_at_mean"] < -evaluation["reconstruction"]
  ranked = call("rank", *codes)
  assert ranked.returncode == 0, ranked.stderr
  assert ranked.stdout.count("codes.npz") == 2
  assert "Two are no ranking" in ranked.stdout
  summary = evaluated.stdout
  assert "| seed | reconstruction (nats) | elbo at mean (nats) |" in summary
  nothing = call("score", codes[0])
  assert "nothing to score: codes (means, categories) are" in nothing.stderr
