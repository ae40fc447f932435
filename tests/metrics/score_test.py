"""All metrics at once, and those that are asked for by name."""

import numpy as np
import pytest

from cascade_jax import metrics
from cascade_jax.metrics import MetricInputs, intervals
from tests.helpers.scored_codes import trained_model


def test_every_metric_is_that_of_its_own_function():
  given = trained_model()
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
  given = trained_model()
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
  given = trained_model(means=None, scales=None, classes=None)
  assert "irs" not in metrics.score(given)
  with pytest.raises(ValueError, match="'irs' needs means"):
    metrics.score(given, ("irs",))
  with pytest.raises(ValueError, match="needs categories and classes"):
    metrics.score(
      trained_model()._replace(categories=None, classes=None),
      ["category_agreement"],
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
  categories_alone = trained_model(factors=None, means=None, scales=None)
  names = metrics.score(categories_alone).keys()
  assert names == {"classification_accuracy", "nmi", "ari"}


def test_arrays_that_are_off_are_named_once_and_before_any_work():
  given = trained_model()
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
    (dict.fromkeys(MetricInputs._fields), "nothing to score"),
    ({"means": None, "categories": None, "scales": None}, "nothing to score"),
  ):
    for compute in (metrics.score, intervals):
      with pytest.raises(ValueError, match=message):
        compute(given._replace(**changes))
  empty = MetricInputs(np.zeros((0, 2), int), np.zeros((0, 2)))
  with pytest.raises(ValueError, match="a row for each"):
    metrics.score(empty)


def test_a_score_can_be_asked_for_by_its_own_name():
  given = trained_model()
  everything = metrics.score(given, ["dci", "category_agreement"])
  assert metrics.score(given, ["nmi", "dci_completeness"]) == {
    name: everything[name] for name in ("nmi", "dci_completeness")
  }
  both = metrics.score(given, ["ari", "nmi", "category_agreement"])
  assert list(both) == ["ari", "nmi"]
  with pytest.raises(ValueError, match="'DCI'.*mean dci?"):
    metrics.score(given, ["DCI"])


def test_each_metric_says_what_it_takes_and_gives():
  given = trained_model(kl=np.ones(6))
  for name, metric in metrics.METRICS.items():
    assert set(metric.takes) <= {*MetricInputs._fields, "seed"}
    assert metric.protocol.endswith(".")
    assert list(metrics.score(given, [name])) == list(metric.scores)


def test_one_that_refuses_is_left_out_unless_it_was_asked_for():
  rows = np.arange(61)[:, None]
  factors = np.concatenate([rows // 3, rows % 3], axis=1)  # a lone value: 20
  given = MetricInputs(factors, rows * [0.01, 0.02])
  with pytest.warns(UserWarning) as seen:
    found = metrics.score(given)
  left_out = [str(one.message).split(":")[0] for one in seen]
  assert left_out == ["sap is left out", "explicitness is left out"]
  assert "mig" in found and "sap" not in found and "dci_completeness" in found
  with pytest.raises(ValueError, match="sap: .*at least 2 examples"):
    metrics.score(given, ["sap"])
