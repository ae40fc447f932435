"""The lines that `experiments.train` and `experiments.evaluate` end with."""

from cascade_jax.evaluation import listing

EVALUATION = {
  "metrics": {"mig": 0.25},
  "merits": {"udr": None},
  "metrics_images": 60,
  "metrics_left_out": {"modularity": "only one factor"},
  "metrics_cautions": {"robust_mig": "the posteriors are narrow."},
  "disentanglement_score": 0.5,
  "disentanglement_score_dlib": 0.75,
  "classification_accuracy": 0.875,
  "nmi": 0.625,
  "ari": 0.5625,
  "reconstruction": 21.5,
  "elbo_at_mean": None,
}


def names(**changes):
  """The names in the lines on all images, in order."""
  text = listing.to_text(EVALUATION | changes)
  return [line[:27].rstrip() for line in text.split("\n\n")[1].splitlines()]


def test_one_factor_leads_with_accuracy_and_nmi():
  assert names()[:3] == [
    "disentanglement score",
    "disentanglement score dlib",
    "classification accuracy",
  ]
  none = dict.fromkeys(
    ("disentanglement_score", "disentanglement_score_dlib"), None
  )
  assert names(**none) == [
    "classification accuracy",
    "nmi",
    "ari",
    "reconstruction",
  ]


def test_what_is_left_out_or_to_be_minded_stands_below_the_metrics():
  first = listing.to_text(EVALUATION).split("\n\n")[0].splitlines()
  assert [" ".join(line.split()) for line in first] == [
    "mig 0.2500",
    "on 60 images",
    "modularity left out: only one factor",
    "robust mig the posteriors are narrow.",
  ]
