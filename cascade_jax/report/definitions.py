"""The section of a report that says how each score is computed.

The texts are those of evaluation.json, so they are of the version of this
package that computed the scores.
"""

from collections.abc import Iterator

from cascade_jax.metrics import METRICS
from cascade_jax.report.html_parts import Link, escape, section
from cascade_jax.report.run import Run

_ABBREVIATIONS = {"ari", "dci", "elbo", "irs", "mig", "nmi", "sap"}
_PROTOCOLS = ("protocol", "metrics_protocol")


def metric_name(key: str) -> str:
  """Returns a metric's name in papers, such as robust MIG for robust_mig."""
  if key == "disentanglement_score_dlib":
    return "disentanglement score in disentanglement_lib's protocol"
  words = key.replace("beta_vae", "beta-VAE").split("_")
  return " ".join(w.upper() if w in _ABBREVIATIONS else w for w in words)


def metric_link(evaluation: dict, key: str) -> Link | str:
  """Returns a score's name, as a link to its definition if there is one."""
  owner = next((m for m in METRICS if key in METRICS[m].scores), key)
  defined = dict(_definitions(evaluation))
  for name in (key, owner):  # an entry may be of a metric with several scores
    if name in defined:
      return Link(f"#{_anchor(name)}", metric_name(key))
  return metric_name(key)


def definitions_section(run: Run) -> str:
  """Returns the section; nothing for a run without scores."""
  entries = "".join(
    f'<div><dt id="{escape(_anchor(key))}">{escape(metric_name(key))}</dt>'
    f"<dd>{escape(text)}</dd></div>"
    for key, text in _definitions(run.evaluation)
  )
  return section("Definitions", f"<dl>{entries}</dl>") if entries else ""


def _definitions(evaluation: dict) -> Iterator[tuple[str, str]]:
  """Yields the key of each score or metric, and how it is computed."""
  for group in _PROTOCOLS:
    yield from (evaluation.get(group) or {}).items()


def _anchor(key: str) -> str:
  return f"definition-{key.replace('_', '-')}"
