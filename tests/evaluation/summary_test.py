import pathlib
import random
import re

import pytest

from cascade_jax import config as config_lib
from cascade_jax.errors import UserError
from cascade_jax.evaluation import evaluation_file, summary
from cascade_jax.runs import json_file, log_file, workdir
from tests.helpers.launcher import call

KINDS = {
  "config.json": workdir.CONFIG,
  "run.json": workdir.RUN,
  "evaluation.json": evaluation_file.KIND,
}


def make_run(folder, seed, score, accuracy, **config):
  folder.mkdir()
  content = {
    "config.json": {"method": "mine", "seed": seed, "num_continuous": 1}
    | {"beta_low": 1.0, **config},
    "run.json": {
      "step": 0,
      "command": "train.py",
      "device": "1 x cpu",
      "python": "3.11",
      "versions": {},
      "git_commit": "abc",
      "started": "2026",
      "resumes": [],
    },
    "evaluation.json": {
      "disentanglement_score": score,
      "disentanglement_score_dlib": None,
      "classification_accuracy": accuracy,
      "num_images": 100,
      "step": 9,
      "seed": seed,
      "kl": [1.0],
      "column_factors": ["x"],
      "dataset": "sprites",
      "protocol": {"disentanglement_score": "the paper's"},
    },
  }
  for name, value in content.items():
    json_file.write(folder / name, KINDS[name], value)
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


def test_a_summary_has_the_time_and_the_scores_on_the_way(tmp_path):
  folder = make_run(tmp_path / "run", 3, 0.9, 0.7)
  entry = {"steps_per_second": 2.0, "loss": 1.0}
  scored = {"disentanglement_score": 0.5, "nmi": None, "scored_images": 10}
  log_file.write(
    folder / log_file.NAME,
    [
      {"step": 2, "elapsed": 3.5, **entry},
      {"step": 4, "elapsed": 4.0, **entry, **scored},
      {"step": 9, "elapsed": 8.5, **entry},
    ],
  )
  (run,) = summary.summarise([folder])["runs"]
  assert run["seconds"] == 8.5
  (scores,) = run["curve"]
  assert scores["step"] == 4 and scores["disentanglement_score"] == 0.5
  assert scores["nmi"] is None and "loss" not in scores


def test_what_only_shows_or_keeps_a_run_may_differ(tmp_path):
  pairs = {"log_every": 1, "keep_checkpoints": 20}
  folders = [
    make_run(tmp_path / "a", 3, 0.9, 0.7),
    make_run(tmp_path / "b", 4, 0.9, 0.7, **pairs),
    make_run(tmp_path / "c", 5, 0.9, 0.7, num_steps=7),
  ]
  assert len(summary.summarise(folders[:2])["runs"]) == 2
  with pytest.raises(UserError, match="another config than .*a: num_steps"):
    summary.summarise(folders)


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
  json_file.write(path, summary.KIND, summary.summarise(folders[:2]))
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


def test_committed_results_take_runs_with_other_trackers(tmp_path):
  """The config of the committed file has `tensorboard`, a removed key."""
  committed = pathlib.Path("docs/results/methods/factor_vae.json")
  old = json_file.read(committed, summary.KIND)
  assert old["config"].keys() & config_lib.REMOVED_KEYS
  config = workdir.completed(old["config"]) | {
    "trackers": ["wandb"],
    "profile_steps": "5-9",
  }
  del config["seed"]
  run = make_run(tmp_path / "run", 1000, 0.5, 0.5, **config)
  for sources in ([committed, run], [run, committed]):
    mixed = summary.summarise(sources)
    assert len(mixed["runs"]) == len(old["runs"]) + 1
  config["beta_low"] = 0.5
  other = make_run(tmp_path / "other", 1001, 0.5, 0.5, **config)
  with pytest.raises(UserError, match="another config than .*: beta_low diff"):
    summary.summarise([committed, other])


def test_missing_evaluation_is_named_with_the_command(tmp_path):
  (tmp_path / "run").mkdir()
  with pytest.raises(ValueError, match="experiments.evaluate"):
    summary.summarise([tmp_path / "run"])


@pytest.mark.parametrize(
  ("name", "message"),
  [
    ("evaluation.json", "of the kind 'evaluation 1', not 'summary 1'"),
    ("config.json", "of the kind 'config 1', not 'summary 1'"),
    ("codes.json", "no valid summary file: dataset is missing"),
    ("list.json", "holds a list"),
    ("none.json", "can't be read"),
  ],
)
def test_files_of_other_kinds_are_named(tmp_path, name, message):
  folder = make_run(tmp_path / "run", 0, 0.9, 0.9)
  (folder / "codes.json").write_text("{}")
  (folder / "list.json").write_text("[]")
  for command in ("summarise", "compare"):
    result = call(command, folder / name)
    assert re.search(f"run/{name} .*{message}.*summarise", result.stderr)
    assert result.returncode == 1 and not result.stdout


def test_a_summary_without_runs_is_refused(tmp_path):
  content = summary.summarise([make_run(tmp_path / "run", 0, 0.9, 0.9)])
  json_file.write(tmp_path / "x.json", summary.KIND, content | {"runs": []})
  with pytest.raises(UserError, match="x.json has no runs"):
    summary.summarise([tmp_path / "x.json"])


@pytest.mark.parametrize("name", ["config.json", "run.json", "evaluation.json"])
def test_damaged_files_of_a_run_are_named(tmp_path, name):
  folder = make_run(tmp_path / "run", 0, 0.9, 0.9)
  path = folder / name
  path.write_bytes(path.read_bytes().replace(b"9", b"8").replace(b"1.", b"3."))
  with pytest.raises(UserError, match=f"{name} is damaged"):
    summary.summarise([folder])
  path.write_text("{}")
  with pytest.raises(UserError, match=f"{name} is no valid .* is missing"):
    summary.summarise([folder])


def test_no_flipped_bit_of_a_summary_changes_a_score_unnoticed(tmp_path):
  runs = [make_run(tmp_path / str(k), k, k / 7, 0.5) for k in range(3)]
  path, whole = tmp_path / "x.json", summary.summarise(runs)
  json_file.write(path, summary.KIND, whole)
  content = path.read_bytes()
  for bit in random.Random(0).sample(range(8 * len(content)), 300):
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    path.write_bytes(changed)
    try:
      assert summary.read(path) == whole
    except UserError as error:
      assert str(path) in str(error)


def test_the_committed_results_are_read_without_a_warning(caplog):
  for folder in ("methods", "dependable"):
    for path in pathlib.Path("docs/results", folder).glob("*.json"):
      assert summary.read(path)["runs"]
  assert "earlier version" not in caplog.text
