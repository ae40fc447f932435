"""The page of a run: what came out, in words and in two numbers, on top."""

import importlib.resources

import numpy as np

from cascade_jax.plots.style import UNUSED_KL
from cascade_jax.report import sections
from cascade_jax.report.html_parts import (
  NOT_THERE,
  TIMES,
  command,
  escape,
  integer,
  is_number,
  section,
)
from cascade_jax.report.run import Run

# Jeong & Song 2019, dSprites, percent: mean and standard deviation over seeds,
# disentanglement score and accuracy, by method and number of dimensions.
_PAPER_SCORES = {
  "cascade_vae": {
    6: ("90.49 ± 5.28", "78.84 ± 15.65"),
    4: ("91.34 ± 7.36", "76.00 ± 22.16"),
  },
  "beta_vae": {5: ("70.11 ± 7.54",), 10: ("74.41 ± 7.68",)},
  "factor_vae": {5: ("81.09 ± 2.63",), 10: ("82.15 ± 0.88",)},
  "joint_vae": {
    6: ("74.51 ± 5.17", "44.79 ± 3.88"),
    4: ("73.06 ± 2.18", "43.99 ± 3.94"),
  },
}
_CARDS = ("disentanglement_score", "classification_accuracy")
_PAPER_STEPS = 300_000
_PAPER_SIZE = 64
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
{_header(run)}{_scores(run)}{sections.all_sections(run)}</main>
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
  if _is_annealed(run):
    name = "beta-VAE with annealed capacity"
  return f"{name} on {dataset}"


def _is_annealed(run: Run) -> bool:
  """Whether it is the beta-VAE of Burgess et al. 2018."""
  options = run.config.get("beta_vae") or {}
  is_beta_vae = run.setting("method") == "beta_vae"
  return is_beta_vae and bool(options.get("capacity"))


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
  taken = set(votes.argmax(axis=1)[votes.sum(axis=1) > 0])
  names = enumerate(evaluation["vote_factors"])
  missing = [str(name) for factor, name in names if factor not in taken]
  if missing:
    return f"no column stands for {' or '.join(missing)}"
  return "every factor has a column that stands for it"


def _scores(run: Run) -> str:
  evaluation = run.evaluation
  if not evaluation:
    text = "This run has no scores: evaluation.json is missing. Make it with"
    return section("Scores", f"<p>{text}</p>{command(run.evaluate_command)}")
  body = (
    '<div class="cards">'
    + "".join(_card(run, key) for key in _CARDS)
    + f'</div><p class="facts">{escape(_scored_on(evaluation))}</p>'
  )
  if run.last_step > evaluation.get("step", 0):
    text = f"Training went on to step {integer(run.last_step)}. Score it with"
    body += f"<p>{text}</p>{command(run.evaluate_command)}"
  return section("Scores", body)


def _card(run: Run, key: str) -> str:
  value = run.evaluation.get(key)
  protocol = str(run.evaluation.get("protocol", {}).get(key, ""))
  big, bar = f'<span class="soft">{NOT_THERE}</span>', ""
  if is_number(value):
    big = f'{100 * value:.1f}<span class="soft unit">%</span>'
    width = 100 * min(max(value, 0), 1)
    bar = f'<div class="bar"><i style="width:{width:.1f}%"></i></div>'
  else:
    protocol = f"Not known for this run. {protocol}"
  return f"""<article class="card">
<h3>{escape(key.replace("_", " ").capitalize())}</h3>
<p class="big">{big}</p>{bar}
<p class="protocol">{escape(protocol)}</p>
{_paper(run, key)}</article>
"""


def _paper(run: Run, key: str) -> str:
  """The paper's number, and whether this run may be held against it."""
  by_size = _PAPER_SCORES.get(str(run.setting("method")), {})
  m = run.setting("num_continuous")
  numbers = dict(zip(_CARDS, by_size.get(m, ())))  # no accuracy without a code
  sizes = run.setting("num_categories")
  is_other = _is_annealed(run) or (isinstance(sizes, list) and len(sizes) > 1)
  is_dsprites = "dsprites" in _title(run).lower()
  if key not in numbers or is_other or not is_dsprites:
    return ""
  size = f"{_PAPER_SIZE}{TIMES}{_PAPER_SIZE}"
  steps = run.evaluation.get("step", 0)
  orientations = run.setting("num_orientations")
  is_smaller = steps < _PAPER_STEPS or run.size != size
  is_part = orientations is not None and orientations < 40
  note = ""
  if is_smaller or is_part:
    part = f" and {orientations} of 40 orientations" if is_part else ""
    note = (
      f" This run, with {integer(steps)} steps at {run.size}{part}, is not "
      "comparable."
    )
  return (
    f'<p class="paper">Paper, m = {m}: <b>{numbers[key]}</b>, mean '
    f"and standard deviation over seeds, {integer(_PAPER_STEPS)} steps at "
    f"{size}.{escape(note)}</p>"
  )


def _scored_on(evaluation: dict) -> str:
  facts = [
    f"Scored on {integer(evaluation.get('num_images'))} images at step "
    f"{integer(evaluation.get('step'))}"
  ]
  if is_number(evaluation.get("disentanglement_score_dlib")):
    score = 100 * evaluation["disentanglement_score_dlib"]
    facts.append(
      f"disentanglement score in disentanglement_lib's protocol {score:.1f} %"
    )
  if is_number(evaluation.get("reconstruction")):
    nats = evaluation["reconstruction"]
    facts.append(f"reconstruction {nats:.1f} nats per image")
  if evaluation.get("kl"):
    facts.append(f"KL {sum(evaluation['kl']):.1f} nats in all")
  return f"{'; '.join(facts)}."
