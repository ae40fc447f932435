import json

import pytest

from cascade_jax.evaluation import summary


def make_run(folder, seed, score, accuracy, **config):
  folder.mkdir()
  content = {
    "config.json": {"seed": seed, "beta_low": 1.0, **config},
    "run.json": {
      "device": "1 x cpu",
      "python": "3.11",
      "versions": {},
      "git_commit": "abc",
      "started": "2026",
    },
    "evaluation.json": {
      "disentanglement_score": score,
      "disentanglement_score_dlib": None,
      "classification_accuracy": accuracy,
      "num_images": 100,
      "step": 9,
      "kl": [1.0],
      "column_factors": ["x"],
      "dataset": "sprites",
      "protocol": "the paper's",
    },
  }
  for name, value in content.items():
    (folder / name).write_text(json.dumps(value))
  return folder


def test_every_seed_is_in_the_table(tmp_path):
  scores = {4: (0.8, 0.5), 3: (0.9, 0.7), 5: (0.7, 0.9)}
  folders = [
    make_run(tmp_path / str(seed), seed, *pair) for seed, pair in scores.items()
  ]
  content = summary.summarise(folders)
  assert [run["seed"] for run in content["runs"]] == [3, 4, 5]
  assert "seed" not in content["config"]
  assert summary.to_markdown(content).splitlines()[2:] == [
    "| 3 | 90.00 | 70.00 |",
    "| 4 | 80.00 | 50.00 |",
    "| 5 | 70.00 | 90.00 |",
    "| median | 80.00 | 70.00 |",
    "| mean (std) | 80.00 (10.00) | 70.00 (20.00) |",
  ]


def test_a_score_of_zero_is_shown_and_an_unknown_one_is_not(tmp_path):
  folder = make_run(tmp_path / "run", 0, 0.0, None)
  table = summary.to_markdown(summary.summarise([folder]))
  assert "| 0 | 0.00 |" in table
  assert "accuracy" not in table  # unknown in every run


def test_a_score_that_one_run_lacks_is_not_in_the_table(tmp_path):
  accuracies = (0.5, None)
  runs = [
    make_run(tmp_path / str(seed), seed, 0.25, accuracy)
    for seed, accuracy in enumerate(accuracies)
  ]
  content = summary.summarise(runs)
  assert "accuracy" not in summary.to_markdown(content)
  assert [r["classification_accuracy"] for r in content["runs"]] == [0.5, None]


def test_seeds_are_added_to_a_file(tmp_path):
  folders = [make_run(tmp_path / str(k), k, k / 10, 0.5) for k in (7, 3, 5)]
  path = tmp_path / "earlier.json"
  path.write_text(json.dumps(summary.summarise(folders[:2])))
  assert summary.summarise([path]) == summary.summarise(folders[:2])
  together = summary.summarise([path, folders[2]])
  assert together == summary.summarise(folders)
  assert [run["seed"] for run in together["runs"]] == [3, 5, 7]


def test_a_seed_that_comes_twice_is_named_with_both_places(tmp_path):
  folders = [make_run(tmp_path / name, 7, 0.9, 0.9) for name in "ab"]
  with pytest.raises(ValueError, match="seed 7 comes twice, in .*a and in .*b"):
    summary.summarise(folders)


def test_runs_of_different_configs_are_refused(tmp_path):
  folders = [
    make_run(tmp_path / "a", 0, 0.9, 0.9),
    make_run(tmp_path / "b", 1, 0.9, 0.9, beta_low=2.0),
  ]
  with pytest.raises(ValueError, match="b ran another config"):
    summary.summarise(folders)


def test_runs_from_before_a_setting_had_its_default(tmp_path):
  folders = [
    make_run(tmp_path / "a", 0, 0.9, 0.9, data={"name": "dsprites"}),
    make_run(tmp_path / "b", 1, 0.9, 0.9, data={"name": "dsprites", "fit": ""}),
    make_run(tmp_path / "c", 2, 0.9, 0.9, data={"fit": "pad"}),
  ]
  assert len(summary.summarise(folders[:2])["runs"]) == 2
  with pytest.raises(ValueError, match="data differ"):
    summary.summarise(folders)


def test_missing_evaluation_is_named_with_the_command(tmp_path):
  (tmp_path / "run").mkdir()
  with pytest.raises(ValueError, match="experiments.evaluate"):
    summary.summarise([tmp_path / "run"])
