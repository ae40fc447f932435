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
    ).score,
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
  alone = metrics.score(given._replace(means=None, scales=None), name)
  assert pruned == alone != metrics.score(given, name)


def test_what_isnt_given_is_left_out_or_named():
  given = trained(means=None, scales=None, classes=None)
  assert "irs" not in metrics.score(given)
  with pytest.raises(ValueError, match="'irs' needs means"):
    metrics.score(given, ("irs",))
  with pytest.raises(ValueError, match="needs categories and classes"):
    metrics.score(
      trained()._replace(categories=None, classes=None), ["category_agreement"]
    )
  with pytest.raises(ValueError, match="needs means or categories"):
    metrics.score(given._replace(categories=None), ["mig"])
  with pytest.raises(
    ValueError, match="no metric 'migg' .do you mean mig?.*ari are"
  ):
    metrics.score(given, ["migg"])
  for names in ("mig", []):
    with pytest.raises(ValueError, match="names must be a list"):
      metrics.score(given, names)
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
    value, low, high = intervals(given, [name], resamples=4)[0][name]
    np.testing.assert_allclose(high - value, value - low)
    covered.append(low <= 0.7 <= high)
  assert 0.92 <= np.mean(covered) <= 0.98


def test_intervals_depend_on_the_seed_alone_and_keep_the_score():
  given = trained(kl=np.ones(6))
  found, refusals = intervals(given, QUICK, resamples=3)
  assert not refusals
  assert found == intervals(given, QUICK, resamples=3)[0]
  assert found != intervals(given, QUICK, resamples=3, seed=1)[0]
  whole = metrics.score(given, QUICK)
  assert {name: ends[0] for name, ends in found.items()} == whole


def test_scores_stay_where_halves_are_too_few_for_an_interval():
  pairs = np.repeat(np.arange(20), 2)[:, None]  # two examples a value
  given = Scored(pairs, pairs + 0.5)
  found, refusals = intervals(given, ["sap", "mig"], resamples=2)
  assert found["sap"].score == metrics.score(given, ["sap"])["sap"]
  assert np.isnan(found["sap"].low) and np.isfinite(found["mig"].low)
  assert list(refusals) == ["sap"]
  assert "no interval, half of the examples: factors must" in refusals["sap"]
  with pytest.raises(ValueError, match="resamples must be an integer of at le"):
    intervals(given, ["mig"], resamples=1)


def test_halves_without_one_of_the_factors_give_no_interval():
  factors = np.stack([np.arange(40) % 4, np.arange(40) == 0], axis=1)
  found, refusals = intervals(Scored(factors, factors + 0.1), ["mig"])
  assert np.isnan(found["mig"].low)
  assert "factor 1 (from 0) has one value there" in refusals["mig"]


def test_arrays_that_are_off_are_named_once_and_before_any_work():
  given = trained()
  for changes, message in (
    ({"means": given.means[:-1]}, r"same examples; got .*means \[1999, 6\]"),
    ({"classes": given.classes[:-1]}, r"classes \[1999\]"),
    ({"means": np.float64(3)}, r"means must have shape \[N, m\], got \[\]"),
    ({"factors": np.int64(3)}, r"factors must have shape \[N, F\], got \[\]"),
    ({"categories": np.zeros((2000, 1, 1), int)}, r"\[N\] or \[N, D\], got"),
    ({"scales": given.scales[:, :2]}, "scales must have the shape of means"),
    ({"means": given.means * np.nan}, "NaN"),
    ({"kl": np.ones(3)}, "kl must have one entry for each of 6"),
    (
      {"means": given.means.astype(np.float64) * 1e150},
      "squares would overflow",
    ),
    ({"factors": given.means}, "factors must be integers"),
    (dict.fromkeys(Scored._fields), "nothing to score"),
    ({"means": None, "categories": None, "scales": None}, "nothing to score"),
  ):
    for compute in (metrics.score, intervals):
      with pytest.raises(ValueError, match=message):
        compute(given._replace(**changes))
  empty = Scored(np.zeros((0, 2), int), np.zeros((0, 2)))
  with pytest.raises(ValueError, match="a row for each"):
    metrics.score(empty)


def test_a_score_can_be_asked_for_by_its_own_name():
  given = trained()
  everything = metrics.score(given, ["dci", "category_agreement"])
  assert metrics.score(given, ["nmi", "dci_completeness"]) == {
    name: everything[name] for name in ("nmi", "dci_completeness")
  }
  both = metrics.score(given, ["ari", "nmi", "category_agreement"])
  assert list(both) == ["ari", "nmi"]
  with pytest.raises(ValueError, match="'DCI'.*mean dci?"):
    metrics.score(given, ["DCI"])


def test_each_metric_says_what_it_takes_and_gives():
  given = trained(kl=np.ones(6))
  for name, metric in metrics.METRICS.items():
    assert set(metric.takes) <= {*Scored._fields, "seed"}
    assert metric.protocol.endswith(".")
    assert list(metrics.score(given, [name])) == list(metric.scores)


def test_one_that_refuses_is_left_out_unless_it_was_asked_for():
  rows = np.arange(61)[:, None]
  factors = np.concatenate([rows // 3, rows % 3], axis=1)  # a lone value: 20
  given = Scored(factors, rows * [0.01, 0.02])
  with pytest.warns(UserWarning) as seen:
    found = metrics.score(given)
  left_out = [str(one.message).split(":")[0] for one in seen]
  assert left_out == ["sap is left out", "explicitness is left out"]
  assert "mig" in found and "sap" not in found and "dci_completeness" in found
  with pytest.raises(ValueError, match="sap: .*at least 2 examples"):
    metrics.score(given, ["sap"])


def test_command_scores_a_file_and_says_where_examples_are_few(tmp_path):
  given = trained().take(np.arange(0, 2000, 10))
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
  assert content["shapes"] == given.shapes()
  assert content["shapes"]["means"] == [200, 6]
  assert content["left_out"] == {}
  assert content["no_interval"] == {}
  assert content["protocol"].keys() == {"mig", "irs"}
  assert len(content["sha256"]) == 64
  assert content["versions"]["scikit-learn"]
  for name, value in metrics.score(given, ("mig", "irs")).items():
    of_one = content["scores"][name]
    assert of_one["score"] == value
    assert of_one["low"] <= value <= of_one["high"]
    assert f"| {name} | {value:.4f} | " in result.stdout


def test_command_without_intervals_or_with_bad_input(tmp_path):
  path = tmp_path / "codes.npz"
  codes_file.write(path, trained())
  result = launch("score", path, "--metrics=mig", "--resamples=0")
  assert result.stdout.endswith(" | none |\n")
  before = path.read_bytes()
  for arguments, message in (
    ([path, "--metrics=migg"], "no metric 'migg' (do you mean mig?)"),
    ([path, "--resamples=1"], "--resamples is 1; it must be 2 or more, or 0"),
    ([path, f"--output={path}"], "codes.npz can't be written: name a .json"),
    ([path, f"--output={tmp_path / 'no' / 'a.json'}"], "there is no /"),
    ([], "name one file"),
  ):
    result = launch("score", *arguments)
    assert message in result.stderr
    assert result.returncode and "Traceback" not in result.stderr
  assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


def test_command_says_what_it_leaves_out(tmp_path):
  lone = np.arange(61) // 3  # a single example of value 20
  factors = np.stack([lone, np.arange(61) % 3], axis=1)
  codes_file.write(tmp_path / "codes.npz", Scored(factors, factors + 0.5))
  output = tmp_path / "scores.json"
  result = launch(
    "score", tmp_path / "codes.npz", "--resamples=2", f"--output={output}"
  )
  assert result.returncode == 0, result.stderr
  assert "\nsap: factors must have at least 2" in result.stdout
  content = json_file.read(output)
  assert content["left_out"].keys() >= {"sap", "explicitness"}
  assert content["left_out"]["category_agreement"] == (
    "needs categories and classes"
  )
  assert content["no_interval"].keys().isdisjoint(content["left_out"])
  assert content["protocol"].keys().isdisjoint(content["left_out"])
  assert "sap" not in content["scores"]


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
  np.save(tmp_path / "one.npy", np.zeros(3))
  for content in (b"no arrays", b"", (tmp_path / "one.npy").read_bytes()):
    path.write_bytes(content)
    with pytest.raises(ValueError, match="codes.npz is not an .npz file"):
      codes_file.read(path)
  np.savez(path, means=np.array([{}]))
  with pytest.raises(ValueError, match="can't be read"):  # nothing is unpickled
    codes_file.read(path)
  np.savez(path, factors=np.zeros((3, 2), int), means=np.zeros((2, 2)))
  with pytest.raises(ValueError, match="codes.npz: arrays must have a row"):
    codes_file.read(path)
  np.savez(path, factors=np.zeros((3, 2), int))
  with pytest.raises(ValueError, match="no codes: neither means nor cat"):
    codes_file.read(path)
  np.savez(path, factors=np.zeros((3, 2), int), codes=np.zeros((3, 2)))
  with pytest.raises(
    ValueError, match="holds codes; arrays are called factors"
  ):
    codes_file.read(path)
