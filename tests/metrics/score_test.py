"""All metrics at once, and those that are requested by name."""

import numpy as np
import pytest

from cascade_jax import metrics
from cascade_jax.errors import UndefinedMetricError, UserError
from cascade_jax.metrics import MetricInputs, intervals
from tests.helpers import scored_codes
from tests.helpers.scored_codes import trained_model


def small_model(**changes):
  """Returns 334 of the trained codes, with three of their six dimensions."""
  inputs = trained_model().take(np.arange(0, 2000, 6))
  columns = [0, 3, 5]
  return inputs._replace(
    means=inputs.means[:, columns], scales=inputs.scales[:, columns]
  )._replace(**changes)


@pytest.fixture
def faulty_mig(monkeypatch):
  """Makes `mig` fail with an error that is not about its inputs."""

  def fail(means, factors, categories):
    raise ValueError("a bug")

  mig = metrics.METRICS["mig"]._replace(function=fail)
  monkeypatch.setitem(metrics.METRICS, "mig", mig)


def test_every_score_equals_that_of_its_own_function():
  inputs = small_model()
  codes = (inputs.means, inputs.factors)
  scores = metrics.score(inputs, seed=3)
  with_categories = {"categories": inputs.categories}
  seeded = {**with_categories, "seed": 3}
  dci = metrics.dci(*codes, **seeded)
  agreement = metrics.category_agreement(inputs.categories, inputs.classes)
  assert scores == {
    "disentanglement_score": metrics.disentanglement_score(
      *codes, **seeded
    ).score,
    "disentanglement_score_dlib": metrics.disentanglement_score_dlib(
      *codes, seed=3
    ).score,
    "beta_vae_score": metrics.beta_vae_score(*codes, **seeded).score,
    "mig": metrics.mutual_information_gap(*codes, **with_categories).score,
    "robust_mig": metrics.robust_mutual_information_gap(
      *codes, scales=inputs.scales, **with_categories
    ).score,
    "dci_disentanglement": dci.disentanglement,
    "dci_completeness": dci.completeness,
    "dci_informativeness": dci.informativeness,
    "sap": metrics.sap(*codes, **seeded).score,
    "modularity": metrics.modularity(*codes, **with_categories).score,
    "explicitness": metrics.explicitness(*codes, **seeded).score,
    "irs": metrics.interventional_robustness(*codes).score,
    "classification_accuracy": metrics.classification_accuracy(
      inputs.categories, inputs.classes
    ).accuracy,
    "nmi": agreement.nmi,
    "ari": agreement.ari,
  }


def test_kl_drops_columns_and_the_most_accurate_variable_is_scored():
  inputs = small_model()
  noise = np.random.default_rng(0).integers(3, size=len(inputs.factors))
  two = np.stack([noise, inputs.categories], axis=1)
  names = ("classification_accuracy", "category_agreement")
  assert metrics.score(inputs._replace(categories=two), names) == metrics.score(
    inputs, names
  )
  name = ("disentanglement_score",)
  pruned = metrics.score(inputs._replace(kl=np.zeros(3)), name)
  alone = metrics.score(inputs._replace(means=None, scales=None), name)
  assert pruned == alone != metrics.score(inputs, name)


def test_metrics_without_their_inputs_are_left_out_or_named():
  inputs = small_model(means=None, scales=None, classes=None)
  assert "irs" not in metrics.attempt(inputs)[0]
  with pytest.raises(ValueError, match="'irs' needs means"):
    metrics.score(inputs, ("irs",))
  with pytest.raises(ValueError, match="needs categories and classes"):
    metrics.score(
      small_model(categories=None, classes=None),
      ["category_agreement"],
    )
  with pytest.raises(ValueError, match="needs means or categories"):
    metrics.score(inputs._replace(categories=None), ["mig"])
  with pytest.raises(
    ValueError, match="no metric 'migg' .do you mean mig?.*ari are"
  ):
    metrics.score(inputs, ["migg"])
  for names in ("mig", []):
    with pytest.raises(ValueError, match="names must be a list"):
      metrics.score(inputs, names)
  with pytest.raises(ValueError, match="'mig' needs factors"):
    metrics.score(inputs._replace(factors=None), ["mig"])
  categories_alone = small_model(factors=None, means=None, scales=None)
  names = metrics.score(categories_alone).keys()
  assert names == {"classification_accuracy", "nmi", "ari"}


def test_malformed_arrays_are_named_before_any_metric_runs():
  inputs = trained_model()
  for changes, message in (
    ({"means": inputs.means[:-1]}, r"same examples; got .*means \[1999, 6\]"),
    ({"classes": inputs.classes[:-1]}, r"classes \[1999\]"),
    ({"means": np.float64(3)}, r"means must have shape \[N, m\], got \[\]"),
    ({"factors": np.int64(3)}, r"factors must have shape \[N, F\], got \[\]"),
    ({"categories": np.zeros((2000, 1, 1), int)}, r"\[N\] or \[N, D\], got"),
    ({"scales": inputs.scales[:, :2]}, "scales must have the shape of means"),
    ({"means": inputs.means * np.nan}, "NaN"),
    ({"scales": 0 * inputs.scales}, "scales must be positive"),
    ({"classes": inputs.classes - 1}, "classes must be integers counted from"),
    ({"factors": None, "categories": inputs.classes - 1}, "counted from 0"),
    ({"kl": np.ones(3)}, "kl must have one entry for each of 6"),
    (
      {"means": inputs.means.astype(np.float64) * 1e150},
      "squares would overflow",
    ),
    ({"factors": inputs.means}, "factors must be integers"),
    (dict.fromkeys(MetricInputs._fields), "nothing to score"),
    ({"means": None, "categories": None, "scales": None}, "nothing to score"),
  ):
    for compute in (metrics.score, intervals):
      with pytest.raises(UserError, match=message):
        compute(inputs._replace(**changes))
  empty = MetricInputs(np.zeros((0, 2), int), np.zeros((0, 2)))
  with pytest.raises(ValueError, match="a row for each"):
    metrics.score(empty)


def test_a_score_can_be_requested_by_its_own_name():
  inputs = small_model()
  everything = metrics.score(inputs, ["dci", "category_agreement"])
  assert metrics.score(inputs, ["nmi", "dci_completeness"]) == {
    name: everything[name] for name in ("nmi", "dci_completeness")
  }
  both = metrics.score(inputs, ["ari", "nmi", "category_agreement"])
  assert list(both) == ["ari", "nmi"]
  with pytest.raises(ValueError, match="'DCI'.*mean dci?"):
    metrics.score(inputs, ["DCI"])


def test_each_metric_declares_its_arguments_and_scores():
  inputs = small_model(kl=np.ones(3))
  for name, metric in metrics.METRICS.items():
    assert set(metric.takes) <= {*MetricInputs._fields, "seed"}
    assert metric.protocol.endswith(".")
    assert list(metrics.score(inputs, [name])) == list(metric.scores)


def test_an_undefined_metric_is_left_out_unless_it_is_requested():
  rows = np.arange(61)[:, None]
  factors = np.concatenate([rows // 3, rows % 3], axis=1)  # 20 occurs once
  inputs = MetricInputs(factors, rows * [0.01, 0.02])
  with pytest.warns(UserWarning) as caught:
    scores = metrics.score(inputs)
  left_out = [str(warning.message).split(":")[0] for warning in caught]
  assert left_out == ["sap is left out", "explicitness is left out"]
  assert (
    "mig" in scores and "sap" not in scores and "dci_completeness" in scores
  )
  with pytest.raises(UndefinedMetricError, match="sap: .*at least 2 exa"):
    metrics.score(inputs, ["sap"])


def test_what_a_single_factor_leaves_gives_noise_no_high_score():
  factors = scored_codes.grid()
  classes = factors[:, 0]
  inputs = MetricInputs(
    classes[:, None],
    scored_codes.noise(),
    np.random.default_rng(2).integers(3, size=len(classes)),
    classes=classes,
  )
  scores, left_out = metrics.attempt(inputs)
  assert set(left_out) == {
    "disentanglement_score",
    "disentanglement_score_dlib",
    "beta_vae_score",
    "dci_disentanglement",
    "modularity",
  }
  assert "two factors that vary" in left_out["dci_disentanglement"]
  # Chance is a half, a third and a third.
  above_chance = {"explicitness": 0.5, "classification_accuracy": 1 / 3}
  above_chance |= {"dci_informativeness": 1 / 3}
  irs = scores.pop("irs")
  for name, value in scores.items():
    assert value - above_chance.get(name, 0) < 0.05, name
  several = metrics.score(inputs._replace(factors=factors), ["irs"])["irs"]
  assert irs < several + 0.05 < 0.35  # as documented for noise


def test_an_undefined_score_is_left_out_of_its_metric_unless_it_is_named():
  factors = scored_codes.grid()[:, :1]
  inputs = MetricInputs(factors, scored_codes.noise())
  names = ["dci_completeness", "dci_informativeness"]
  scores, left_out = metrics.attempt(inputs, ["dci"])
  assert list(scores) == names and list(left_out) == ["dci_disentanglement"]
  assert metrics.attempt(inputs, names) == (scores, {})
  with_ends, reasons = metrics.intervals(inputs, ["dci"], resamples=2)
  assert list(with_ends) == names and reasons == left_out
  with pytest.raises(UndefinedMetricError, match="dci: disentanglement needs"):
    metrics.score(inputs, ["dci_disentanglement", "dci_informativeness"])


def test_metrics_of_unusual_but_valid_inputs_are_left_out():
  factors = np.arange(60)[:, None] % [3, 4]
  means = factors + 100.0
  for changes, name, reason in (
    ({}, "robust_mig", "most means of dimension 0"),
    ({"factors": factors[:, :1]}, "beta_vae_score", "two that vary"),
    ({"factors": np.arange(60)[:, None]}, "irs", "a value that 2 examples"),
    ({"classes": np.zeros(60, int)}, "category_agreement", "classes are all 0"),
    ({"classes": factors[:, 0] + 10**4}, "classification_accuracy", "go up to"),
    ({"categories": np.zeros((60, 0), int)}, "category_agreement", "no discr"),
  ):
    inputs = MetricInputs(
      factors, means, categories=factors[:, 1], classes=factors[:, 0]
    )._replace(**changes)
    with pytest.raises(UndefinedMetricError, match=f"{name}: .*{reason}"):
      metrics.score(inputs, [name])
  constant = MetricInputs(np.zeros((60, 1), int), means)
  with pytest.raises(
    UserError, match="nothing to score.*nothing to tell apart"
  ):
    metrics.attempt(constant)


@pytest.mark.parametrize("names", [None, ["mig"]])
@pytest.mark.parametrize("compute", [metrics.attempt, metrics.intervals])
def test_an_error_inside_a_metric_is_raised_as_it_is(
  faulty_mig, compute, names
):
  """Only UndefinedMetricError leaves a metric out; a bug must surface."""
  inputs = small_model(classes=None)
  with pytest.raises(ValueError, match="^a bug$") as error:
    compute(inputs, names)
  assert error.type is ValueError


def test_an_error_in_a_half_of_the_examples_is_raised_as_it_is(monkeypatch):
  def fail_on_halves(means, factors, categories):
    if len(factors) < 334:
      raise ValueError("a bug")
    return metrics.mutual_information_gap(means, factors, categories=categories)

  mig = metrics.METRICS["mig"]._replace(function=fail_on_halves)
  monkeypatch.setitem(metrics.METRICS, "mig", mig)
  with pytest.raises(ValueError, match="^a bug$") as error:
    metrics.intervals(small_model(), ["mig"])
  assert error.type is ValueError
