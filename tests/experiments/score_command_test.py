"""The command that scores anyone's codes, and the file that it reads."""

import re

import numpy as np
import pytest

from cascade_jax import metrics
from cascade_jax.evaluation import file_scores
from cascade_jax.metrics import MetricInputs, codes_file
from cascade_jax.runs import json_file
from tests.helpers.launcher import call
from tests.helpers.scored_codes import trained_model


def test_the_command_scores_a_file_and_warns_of_few_examples(tmp_path):
  inputs = trained_model().take(np.arange(0, 2000, 10))
  codes_file.write(tmp_path / "codes.npz", inputs)
  result = call(
    "score",
    tmp_path / "codes.npz",
    "--metrics=mig,irs",
    "--resamples=2",
    f"--output={tmp_path / 'scores.json'}",
  )
  assert result.returncode == 0, result.stderr
  assert "factors: factor 3 (from 0) has a value with only 1 example" in (
    result.stdout
  )
  for name in ("mig", "irs"):  # the table on stdout is for other programs too
    assert re.search(rf"\] {name}: \d+\.\d s\n", result.stderr)
    assert re.search(rf"\] {name}, interval: \d+\.\d s\n", result.stderr)
  assert " s\n" not in result.stdout
  content = json_file.read(tmp_path / "scores.json", file_scores.KIND)
  assert content["shapes"] == inputs.shapes()
  assert content["shapes"]["means"] == [200, 6]
  assert content["left_out"] == {}
  assert content["no_interval"] == {}
  assert content["cautions"].keys() == {"factors"}
  assert content["examples_in_file"] == 200
  assert content["protocol"].keys() == {"mig", "irs"}
  assert len(content["sha256"]) == 64
  assert content["versions"]["scikit-learn"]
  for name, value in metrics.score(inputs, ("mig", "irs")).items():
    entry = content["scores"][name]
    assert entry["score"] == value
    assert entry["low"] <= value <= entry["high"]
    assert f"| {name} | {value:.4f} | " in result.stdout


def test_a_large_file_is_sampled_and_the_output_says_so(tmp_path):
  codes = trained_model(kl=np.ones(6))
  path, output = tmp_path / "codes.npz", tmp_path / "scores.json"
  codes_file.write(path, codes)
  found = {}
  for count in (500, 500, 2000, 0):
    result = call(
      "score",
      path,
      "--metrics=mig,robust_mig,disentanglement_score",
      "--resamples=0",
      f"--max_examples={count}",
      f"--output={output}",
    )
    assert result.returncode == 0, result.stderr
    content = json_file.read(output, file_scores.KIND)
    found.setdefault(count, []).append(content["scores"])
    is_sample = count == 500
    assert content["examples_in_file"] == 2000
    assert content["shapes"]["means"] == [500 if is_sample else 2000, 6]
    assert content["shapes"]["kl"] == [6]
    assert (
      "Scored on 500 of 2000 examples, drawn at random; --max_examples=0"
      in result.stdout
    ) == is_sample
    assert "robust_mig: the posteriors of dimension" in result.stdout
  assert found[500][0] == found[500][1] != found[0][0] == found[2000][0]
  assert file_scores.MAX_EXAMPLES == 50_000


def test_the_command_without_intervals_and_with_bad_input(tmp_path):
  path = tmp_path / "codes.npz"
  codes_file.write(path, trained_model())
  result = call("score", path, "--metrics=mig", "--resamples=0")
  assert result.stdout.endswith(" | none |\n")
  before = path.read_bytes()
  for arguments, message in (
    ([path, "--metrics=migg"], "no metric 'migg' (do you mean mig?)"),
    ([path, "--seed=99999999999"], "an integer in the range [0, 2147483647]"),
    ([path, "--resamples=1"], "--resamples is 1; it must be 2 or more, or 0"),
    ([path, f"--output={path}"], "codes.npz can't be written: name a .json"),
    ([path, f"--output={tmp_path / 'no' / 'a.json'}"], "there is no /"),
    ([], "name one file"),
  ):
    result = call("score", *arguments)
    assert message in result.stderr
    assert result.returncode and "Traceback" not in result.stderr
  assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


def test_the_command_names_the_metrics_that_it_leaves_out(tmp_path):
  lone = np.arange(61) // 3  # value 20 has a single example
  factors = np.stack([lone, np.arange(61) % 3], axis=1)
  codes_file.write(tmp_path / "codes.npz", MetricInputs(factors, factors + 0.5))
  output = tmp_path / "scores.json"
  result = call(
    "score", tmp_path / "codes.npz", "--resamples=2", f"--output={output}"
  )
  assert result.returncode == 0, result.stderr
  assert "\nsap: factors must have at least 2" in result.stdout
  content = json_file.read(output, file_scores.KIND)
  assert content["left_out"].keys() >= {"sap", "explicitness"}
  assert content["left_out"]["category_agreement"] == (
    "needs categories and classes"
  )
  assert content["no_interval"].keys().isdisjoint(content["left_out"])
  assert content["protocol"].keys().isdisjoint(content["left_out"])
  assert "sap" not in content["scores"]


def test_codes_come_back_from_their_file(tmp_path):
  written = trained_model(kl=np.arange(6.0), classes=None)
  codes_file.write(tmp_path / "codes.npz", written)
  inputs = codes_file.read(tmp_path / "codes.npz")
  assert inputs.classes is None
  for name in ("factors", "means", "categories", "scales", "kl"):
    np.testing.assert_array_equal(getattr(inputs, name), getattr(written, name))


def test_unusable_files_are_named(tmp_path):
  path = tmp_path / "codes.npz"
  with pytest.raises(ValueError, match="can't be read"):
    codes_file.read(path)
  np.save(tmp_path / "one.npy", np.zeros(3))
  for content in (b"no arrays", b"", (tmp_path / "one.npy").read_bytes()):
    path.write_bytes(content)
    with pytest.raises(ValueError, match="codes.npz .*not a whole .npz file"):
      codes_file.read(path)
  np.savez(path, means=np.array([{}]))
  with pytest.raises(ValueError, match="means: .*no pickle is read"):
    codes_file.read(path)
  np.savez(path, factors=np.eye(4, 2, dtype=int), categories=np.eye(4))
  with pytest.raises(ValueError, match=r"categories \[4, 4\] are one-hot"):
    codes_file.read(path)
  np.savez(path, factors=np.zeros((3, 2), int), means=np.zeros((2, 2)))
  with pytest.raises(ValueError, match="codes.npz: arrays must have a row"):
    codes_file.read(path)
  np.savez(path, factors=np.zeros((3, 2), int))
  with pytest.raises(ValueError, match="no codes: neither means nor cat"):
    codes_file.read(path)
  np.savez(path, factors=np.zeros((3, 2), int), codes=np.zeros((3, 2)))
  with pytest.raises(
    ValueError, match="an array named 'codes'; the names are factors"
  ):
    codes_file.read(path)
