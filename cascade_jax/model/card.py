"""The model card: what a shared model is, and what it is not for."""

import json
import math

from cascade_jax import methods
from cascade_jax.evaluation.tables import markdown_table
from cascade_jax.model.contents import Contents

_SCORES = (
  "disentanglement_score",
  "disentanglement_score_dlib",
  "classification_accuracy",
  "elbo_at_mean",
  "reconstruction",
)
# What the Hugging Face Hub reads of a card.
_FRONT_MATTER = """---
library_name: cascade_jax
tags: [disentanglement, representation-learning, vae, jax, flax]
---"""
_INTENDED_USE = (
  "For research on disentangled representations: to look at what the "
  "dimensions and categories encode, to compare representations, to repeat "
  "and to extend the run. It was trained without labels on one data set of "
  "small images, and says nothing reliable about images of other kinds. "
  "Categories are numbered at random; that one agrees with a class is a "
  "finding, not a guarantee."
)


def model_card(contents: Contents, path: str = "FILE") -> str:
  """Returns data, scores, settings and origin of a model, in Markdown.

  Args:
    contents: of the model.
    path: by which `cascade_jax.load` finds it.
  """
  about = methods.about(contents.config)
  name = about.title if about else str(contents.config.get("method"))
  origin = f", after [{about.authors}]({about.url})" if about else ""
  shape = "x".join(map(str, contents.image_shape))
  parts = [
    _FRONT_MATTER,
    f"# {name} of {contents.dataset}",
    f"A model of cascade_jax{origin}: images {shape}, seed {contents.seed}, "
    f"step {contents.step:,}.",
    "## Intended use",
    _INTENDED_USE,
    "## Scores",
    _scores(contents.evaluation),
    "## Training",
    f"Data set: {contents.dataset}. Settings:",
    _json({k: v for k, v in contents.config.items() if v is not None}),
    "Versions, device and commit of the run's start:",
    _json(contents.provenance),
    "## Use",
    f'```python\nimport cascade_jax\n\nmodel = cascade_jax.load("{path}")\n'
    "codes = model.represent(images)\n```",
  ]
  return "\n\n".join(parts) + "\n"


def _scores(evaluation: dict) -> str:
  """Returns the table of all scores, and how each of them is computed."""
  if not evaluation:
    return "This model was not scored."
  values = {name: evaluation.get(name) for name in _SCORES}
  values |= evaluation.get("metrics", {})
  rows = [
    (name, f"{value:.4f}")
    for name, value in values.items()
    if value is not None and math.isfinite(value)
  ]
  protocols = evaluation.get("protocol", {}) | evaluation.get(
    "metrics_protocol", {}
  )
  # A metric may have several scores, "dci_disentanglement" and so on.
  lines = [
    f"- {name}: {text}"
    for name, text in protocols.items()
    if name == "categories" or any(row.startswith(name) for row, _ in rows)
  ]
  return (
    f"On {evaluation['num_images']:,} images of {evaluation['dataset']}.\n\n"
    + markdown_table(("score", "value"), rows)
    + "\n\n"
    + "\n".join(lines)
  )


def _json(content: dict) -> str:
  return f"```json\n{json.dumps(content, indent=2)}\n```"
