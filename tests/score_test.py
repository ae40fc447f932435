"""All metrics at once, their intervals, and the command for anyone's codes."""

import numpy as np
import pytest

from cascade_jax import json_file, metrics
from cascade_jax.metrics import Scored, codes_file, intervals
from tests import scored_codes
from tests.launcher import launch

QUICK = ("mig", "sap", "irs")


def trained(**changes):
  arrays = scored_codes.trained()
  return Scored(
    arrays["factors"],
    arrays["means"],
    arrays["categories"],
    arrays["scales"],
    classes=arrays["factors"][:, 0],
  )._replace(**changes)


def test_every_metric_is_that_of_its_own_function():
  given = trained()
  codes = (given.means, given.factors)
  found = metrics.score(given, seed=3)
  with_categories = {"categories": given.categories}
  seeded = {**with_categories, "seed": 3}
  dci = metrics.dci(*codes, **seeded)
  agreement = metrics.category_agreement(given.categories, given.classes)
  assert found == {
    "disentanglement_score": metrics.disentanglement_score(
      *codes, **seeded
    ).score,
    "disentanglement_score_dlib": metrics.disentanglement_score_dlib(
      *codes, seed=3
    ),
    "beta_vae_score": metrics.beta_vae_score(*codes, **seeded).score,
    "mig": metrics.mutual_information_gap(*codes, **with_categories).score,
    "robust_mig": metrics.robust_mutual_information_gap(
      *codes, scales=given.scales, **with_categories
    ).score,
    "dci_disentanglement": dci.disentanglement,
    "dci_completeness": dci.completeness,
    "dci_informativeness": dci.informativeness,
    "sap": metrics.sap(*codes, **seeded).score,
    "modularity": metrics.modularity(*codes, **with_categories).score,
    "explicitness": metrics.explicitness(*codes, **seeded).score,
    "irs": metrics.interventional_robustness(*codes).score,
    "classification_accuracy": metrics.classification_accuracy(
      given.categories, given.classes
    ).accuracy,
    "nmi": agreement.nmi,
    "ari": agreement.ari,
  }


def test_kl_prunes_and_the_best_variable_is_compared_with_the_classes():
  given = trained()
  noise = np.random.default_rng(0).integers(3, size=len(given.factors))
  two = np.stack([noise, given.categories], axis=1)
  names = ("classification_accuracy", "category_agreement")
  assert metrics.score(given._replace(categories=two), names) == metrics.score(
    given, names
  )
  name = ("disentanglement_score",)
  pruned = metrics.score(given._replace(kl=np.zeros(6)), name)
  alone = metrics.score(given._replace(means=None), name)
  assert pruned == alone != metrics.score(given, name)


def test_what_isnt_given_is_left_out_or_named():
  given = trained(means=None, classes=None)
  names = metrics.score(given, ("mig", "modularity")).keys()
  assert names == {"mig", "modularity"}
  with pytest.raises(ValueError, match="'irs' needs means"):
    metrics.score(given, ("irs",))
  with pytest.raises(ValueError, match="needs categories and classes"):
    metrics.score(
      trained()._replace(categories=None, classes=None), ["category_agreement"]
    )
  with pytest.raises(ValueError, match="needs means or categories"):
    metrics.score(given._replace(categories=None), ["mig"])
  with pytest.raises(ValueError, match="no metric 'migg'; disent.* are"):
    metrics.score(given, ["migg"])
  with pytest.raises(ValueError, match="'mig' needs factors"):
    metrics.score(given._replace(factors=None), ["mig"])
  categories_alone = trained(factors=None, means=None, scales=None)
  names = metrics.score(categories_alone).keys()
  assert names == {"classification_accuracy", "nmi", "ari"}


def test_intervals_cover_the_truth_as_often_as_they_say():
  """An accuracy of 0.7, known beforehand, from many data sets."""
  rng = np.random.default_rng(0)
  covered = []
  for _ in range(400):
    classes = rng.integers(3, size=300)
    right = rng.random(300) < 0.7
    categories = np.where(right, classes, (classes + 1) % 3)
    given = Scored(classes[:, None], categories=categories, classes=classes)
    name = "classification_accuracy"
    # With so few halves 1.96 standard errors would cover 0.86.
    value, low, high = intervals(given, [name], resamples=4)[name]
    np.testing.assert_allclose(high - value, value - low)
    covered.append(low <= 0.7 <= high)
  assert 0.92 <= np.mean(covered) <= 0.98


def test_intervals_depend_on_the_seed_alone_and_keep_the_score():
  given = trained(kl=np.ones(6))
  found = intervals(given, QUICK, resamples=3)
  assert found == intervals(given, QUICK, resamples=3)
  assert found != intervals(given, QUICK, resamples=3, seed=1)
  whole = metrics.score(given, QUICK)
  assert {name: ends[0] for name, ends in found.items()} == whole


def test_halves_that_are_too_few_are_named():
  pairs = np.repeat(np.arange(20), 2)[:, None]  # two examples a value
  given = Scored(pairs, pairs + 0.5)
  assert metrics.score(given, ["sap"])
  with pytest.raises(ValueError, match="half of the 40 examples are too few"):
    intervals(given, ["sap"])
  with pytest.raises(ValueError, match="resamples must be 2 or more, got 1"):
    intervals(given, ["mig"], resamples=1)


def test_one_that_refuses_is_left_out_unless_it_was_asked_for():
  rows = np.arange(61)[:, None]
  factors = np.concatenate([rows // 3, rows % 3], axis=1)  # a lone value: 20
  given = Scored(factors, rows * [1.0, 2.0])
  with pytest.warns(UserWarning) as seen:
    found = metrics.score(given)
  left_out = [str(one.message).split(":")[0] for one in seen]
  assert left_out == ["sap is left out", "explicitness is left out"]
  assert "mig" in found and "sap" not in found and "dci_completeness" in found
  with pytest.raises(ValueError, match="at least 2 examples"):
    metrics.score(given, ["sap"])


def test_command_scores_a_file_and_says_where_examples_are_few(tmp_path):
  given = trained().take(np.arange(200))
  codes_file.write(tmp_path / "codes.npz", given)
  result = launch(
    "score",
    tmp_path / "codes.npz",
    "--metrics=mig,irs",
    "--resamples=2",
    f"--output={tmp_path / 'scores.json'}",
  )
  assert result.returncode == 0, result.stderr
  assert "Factor 3 (from 0) has a value with only 1 example" in result.stdout
  content = json_file.read(tmp_path / "scores.json")
  assert content["num_examples"] == 200
  assert content["fewest_examples_of_a_value"] == 1
  assert content["given"] == [
    name for name, x in given._asdict().items() if x is not None
  ]
  for name, value in metrics.score(given, ("mig", "irs")).items():
    of_one = content["scores"][name]
    assert of_one["score"] == value
    assert of_one["low"] <= value <= of_one["high"]
    assert f"| {name} | {value:.4f} | " in result.stdout


def test_command_without_intervals_or_with_a_bad_name(tmp_path):
  codes_file.write(tmp_path / "codes.npz", trained())
  result = launch(
    "score", tmp_path / "codes.npz", "--metrics=mig", "--resamples=0"
  )
  assert result.stdout.endswith(" |  |\n") and "Below 20" not in result.stdout
  result = launch("score", tmp_path / "codes.npz", "--metrics=migg")
  assert "no metric 'migg'" in result.stderr
  assert "Traceback" not in result.stderr
  assert "name one file" in launch("score").stderr


def test_codes_come_back_from_their_file(tmp_path):
  given = trained(kl=np.arange(6.0), classes=None)
  codes_file.write(tmp_path / "codes.npz", given)
  found = codes_file.read(tmp_path / "codes.npz")
  assert found.classes is None
  for name in ("factors", "means", "categories", "scales", "kl"):
    np.testing.assert_array_equal(getattr(found, name), getattr(given, name))


def test_files_that_will_not_do_are_named(tmp_path):
  path = tmp_path / "codes.npz"
  with pytest.raises(ValueError, match="can't be read"):
    codes_file.read(path)
  path.write_text("no arrays")
  with pytest.raises(ValueError, match="can't be read"):
    codes_file.read(path)
  np.save(tmp_path / "one.npy", np.zeros(3))
  with pytest.raises(ValueError, match="can't be read"):
    codes_file.read(tmp_path / "one.npy")
  np.savez(path, means=np.array([{}]))
  with pytest.raises(ValueError, match="can't be read"):  # nothing is unpickled
    codes_file.read(path)
  np.savez(path, factors=np.zeros((3, 2), int))
  with pytest.raises(ValueError, match="no codes: neither means nor cat"):
    codes_file.read(path)
  np.savez(path, factors=np.zeros((3, 2), int), codes=np.zeros((3, 2)))
  with pytest.raises(
    ValueError, match="holds codes; arrays are called factors"
  ):
    codes_file.read(path)
