"""The page of a run: what came out, in words and in two numbers, on top."""

import importlib.resources

import numpy as np

from cascade_jax.plots.style import UNUSED_KL
from cascade_jax.report import sections
from cascade_jax.report.html_parts import (
  escape,
  integer,
  is_number,
)
from cascade_jax.report.run import Run
from cascade_jax.report.scores import is_annealed, scores_section

_CASCADE = "Jeong & Song 2019", "https://arxiv.org/abs/1905.09432"
_AAE = "Makhzani et al. 2015", "https://arxiv.org/abs/1511.05644"
# Name, authors and page of each method; one of your own is in none.
_METHODS = {
  "aae": ("AAE", *_AAE),
  "aae_s": ("AAE-S (supervised)", *_AAE),
  "beta_tcvae": (
    "beta-TCVAE",
    "Chen et al. 2018",
    "https://arxiv.org/abs/1802.04942",
  ),
  "beta_vae": (
    "beta-VAE",
    "Higgins et al. 2017",
    "https://openreview.net/forum?id=Sy2fzU9gl",
  ),
  "cascade_vae": ("CascadeVAE", *_CASCADE),
  "cascade_vae_c": ("CascadeVAE-C", *_CASCADE),
  "factor_vae": (
    "FactorVAE",
    "Kim & Mnih 2018",
    "https://arxiv.org/abs/1802.05983",
  ),
  "joint_vae": (
    "JointVAE",
    "Dupont 2018",
    "https://arxiv.org/abs/1804.00104",
  ),
}


def page(run: Run) -> str:
  """The whole page; the pictures must be in the run's folder."""
  style = importlib.resources.files("cascade_jax.report").joinpath("page.css")
  return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(_title(run))}</title>
<style>
{style.read_text(encoding="utf-8")}</style>
</head>
<body>
<main>
{_header(run)}{scores_section(run)}{sections.all_sections(run)}</main>
<footer>{_source(run)}Drawn by cascade_jax.</footer>
</body>
</html>
"""


def _header(run: Run) -> str:
  seed, started = run.setting("seed"), run.provenance.get("started", "")
  facts = [
    "" if seed is None else f"seed {seed}",
    f"{integer(run.last_step)} steps",
    run.size,
    str(started)[:10],
  ]
  return f"""<header><p class="over">Run report</p>
<h1>{escape(_title(run))}</h1>
<p class="verdict">{escape(_verdict(run))}</p>
<p class="facts">{escape(" · ".join(fact for fact in facts if fact))}</p>
</header>
"""


def _title(run: Run) -> str:
  method = str(run.setting("method"))
  dataset = run.evaluation.get("dataset") or run.setting("name")
  dataset = str(dataset).replace("dsprites", "dSprites")
  name, *_ = _METHODS.get(method, (method,))
  if is_annealed(run):
    name = "beta-VAE with annealed capacity"
  return f"{name} on {dataset}"


def _source(run: Run) -> str:
  """Whose method it is; nothing for one of your own."""
  if run.setting("method") not in _METHODS:
    return ""
  name, authors, url = _METHODS[run.setting("method")]
  return f'{escape(name)}: <a href="{url}">{escape(authors)}</a>. '


def _verdict(run: Run) -> str:
  """What came out, in a line or two of plain words."""
  planned = run.setting("num_steps")
  done = f"Trained for {integer(run.last_step)} steps"
  if planned and run.last_step < planned:
    done = f"Stopped at step {integer(run.last_step)} of {integer(planned)}"
  parts = [_dimensions_in_use, _classes_named, _factors_found]
  found = [text for part in parts if (text := part(run.evaluation))]
  text = "; ".join(found) if run.evaluation else "not scored yet"
  return f"{done}{': ' if text else ''}{text}."


def _dimensions_in_use(evaluation: dict) -> str:
  kl = evaluation.get("kl")
  if not kl:
    return ""
  return f"{sum(x > UNUSED_KL for x in kl)} of {len(kl)} dimensions are in use"


def _classes_named(evaluation: dict) -> str:
  accuracy = evaluation.get("classification_accuracy")
  if not (is_number(accuracy) and evaluation.get("confusion")):
    return ""
  sizes = np.sum(evaluation["confusion"], axis=0)
  constant = sizes.max() / max(sizes.sum(), 1)
  return (
    f"the discrete code names the class of {accuracy:.1%} of the images, where "
    f"one category for all would name {constant:.1%}"
  )


def _factors_found(evaluation: dict) -> str:
  if not evaluation.get("votes"):
    return ""
  votes = np.asarray(evaluation["votes"])
  # Most of a column's votes, and not a handful: few of either tell nothing.
  of_column = votes.sum(axis=1)
  clear = (votes.max(axis=1) > of_column / 2) & (of_column > votes.sum() / 20)
  taken = set(votes.argmax(axis=1)[clear])
  names = enumerate(evaluation["vote_factors"])
  missing = [str(name) for factor, name in names if factor not in taken]
  if missing:
    return f"no column stands clearly for {' or '.join(missing)}"
  return "every factor has a column that stands for it"
