"""One page a run: report.html, self-contained, and its pictures as files.

Reads what training and evaluation left in the run's folder; runs no model.
"""

import base64
import html
import importlib.resources
import io
import os
import pathlib
import re

import numpy as np

from cascade_jax import plots
from cascade_jax.run_log import read_metrics
from cascade_jax.workdir import read_json

_PAPER = "https://arxiv.org/abs/1905.09432"
_PAPER_SCORES = {
  "disentanglement_score": "90.49 (5.28)",
  "classification_accuracy": "78.84 (15.65)",
}


def write_report(workdir: str | os.PathLike) -> pathlib.Path:
  """Writes the pictures and report.html of an evaluated run.

  Args:
    workdir: the run's folder.

  Returns:
    The path of report.html.

  Raises:
    ValueError: a file is missing; says which, and the command that makes it.
  """
  folder = pathlib.Path(workdir).expanduser().resolve()
  run = {
    name: _read(folder, f"{name}.json")
    for name in ("config", "run", "evaluation")
  }
  records = read_metrics(folder)
  with np.load(folder / "evaluation.npz", allow_pickle=False) as file:
    arrays = dict(file)
  svgs = _draw(folder, run["evaluation"], records, arrays)
  page = "\n".join(
    [
      _heading(run),
      _scores(run["evaluation"]),
      _traversals(folder, svgs, run["evaluation"]),
      _what_the_code_found(svgs, run["evaluation"]),
      _section("Reconstructions", _figure(svgs["reconstructions"], "")),
      _curves(svgs),
      _timings(records),
      _settings(run),
    ]
  )
  path = folder / "report.html"
  partial = path.with_suffix(".partial")
  partial.write_text(_document(run, page))
  partial.replace(path)
  return path


def _read(folder: pathlib.Path, name: str) -> dict:
  path = folder / name
  if not path.exists():
    command = "evaluate" if name == "evaluation.json" else "train"
    raise ValueError(
      f"{path} is missing; make it with "
      f"python -m experiments.{command} --workdir={folder}"
    )
  return read_json(path)


def _draw(folder, evaluation, records, arrays) -> dict[str, str]:
  """Saves each picture as a file; returns the figures as inline SVG."""
  figures = {
    "traversals": plots.traversal_sheet(arrays["traversals"], evaluation["kl"]),
    "reconstructions": plots.reconstructions(
      arrays["originals"], arrays["reconstructions"]
    ),
  }
  if records:
    figures["curves"] = plots.curves(records)
  if "confusion" in evaluation:
    figures["confusion"] = plots.confusion(
      evaluation["confusion"],
      evaluation["class_names"],
      evaluation["relabelling"],
    )
  plots.save_traversal_gif(folder / "traversals.gif", arrays["traversals"])
  for name, figure in figures.items():
    figure.savefig(folder / f"{name}.png", dpi=150, facecolor="white")
  return {name: _inline_svg(name, each) for name, each in figures.items()}


def _inline_svg(name: str, figure) -> str:
  """SVG in the page's own ink and typeface."""
  import matplotlib

  buffer = io.StringIO()
  # The salt keeps ids of several figures on one page apart.
  style = {"svg.hashsalt": name, "svg.fonttype": "none"}
  with matplotlib.rc_context(style):
    figure.savefig(buffer, format="svg", metadata={"Date": None})
  svg = buffer.getvalue()
  svg = svg[svg.index("<svg") :].replace(plots.INK, "currentColor")
  svg = re.sub(r"'DejaVu Sans'[^;\"]*", "system-ui, sans-serif", svg)
  return svg.replace("<svg ", f'<svg role="img" aria-label="{name}" ', 1)


def _heading(run: dict) -> str:
  config, evaluation = run["config"], run["evaluation"]
  facts = (
    f"{config['num_continuous']} continuous dimensions, "
    f"{config['num_categories']} categories, seed {config['seed']}, "
    f"step {evaluation['step']:,} of {config['num_steps']:,}"
  )
  return (
    f"<h1>{_text(config['method'])} on {_text(evaluation['dataset'])}</h1>"
    f'<p class="soft">{_text(facts)}</p>'
  )


def _scores(evaluation: dict) -> str:
  cards = []
  for key, paper in _PAPER_SCORES.items():
    value = evaluation[key]
    shown = "not known" if value is None else f"{100 * value:.2f} %"
    cards.append(
      f'<div class="card"><h2 style="margin-top:0">{_title(key)}</h2>'
      f'<div class="score">{shown}</div>'
      f'<p class="soft">Paper: {paper}, mean (std) at 64x64, m = 6, 300,000 '
      "steps; a run of another size is not comparable.</p></div>"
    )
  return (
    f'<div class="cards">{"".join(cards)}</div>'
    f'<p class="soft">On {evaluation["num_images"]:,} images. '
    f"{_text(evaluation['protocol'])}</p>"
  )


def _traversals(folder: pathlib.Path, svgs: dict, evaluation: dict) -> str:
  gif = base64.b64encode((folder / "traversals.gif").read_bytes()).decode()
  stands_for = [
    f"{column}: {factor}"
    for column, factor in zip(
      evaluation.get("vote_columns", ()),
      evaluation.get("column_factors", ()),
      strict=True,
    )
  ]
  caption = (
    "Each column moves one dimension from -1 to 1 and back, the others at 0; "
    "each row is a category."
  )
  if stands_for:
    caption += f" By the votes, {', '.join(stands_for)}."
  moving = (
    f'<figure class="gif wide"><img alt="animated traversals" '
    f'src="data:image/gif;base64,{gif}"><figcaption>{_text(caption)}'
    "</figcaption></figure>"
  )
  still = _figure(
    svgs["traversals"], "The same in five frames, with each dimension's KL."
  )
  return _section("Traversals", moving + still)


def _what_the_code_found(svgs: dict, evaluation: dict) -> str:
  parts = []
  if "confusion" in svgs:
    parts.append(
      _figure(
        svgs["confusion"],
        "Images of each category by their true class; a frame marks the class "
        "that the category stands for.",
      )
    )
  if "votes" in evaluation:
    parts.append(_votes_table(evaluation))
  if not parts:
    return ""
  return _section(
    "Votes and categories", f'<div class="pair">{"".join(parts)}</div>'
  )


def _votes_table(evaluation: dict) -> str:
  head = "".join(
    f'<th class="number" scope="col">{_text(name)}</th>'
    for name in evaluation["vote_factors"]
  )
  rows = []
  for column, votes in zip(
    evaluation["vote_columns"], evaluation["votes"], strict=True
  ):
    cells = "".join(
      f'<td class="number{" winner" if count == max(votes) else ""}">{count}'
      "</td>"
      for count in votes
    )
    rows.append(f'<tr><th scope="row">{_text(column)}</th>{cells}</tr>')
  return (
    '<figure class="wide"><table><thead><tr><td></td>'
    f"{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    "<figcaption>Votes: how often each column varied least while the factor "
    "was fixed.</figcaption></figure>"
  )


def _curves(svgs: dict) -> str:
  if "curves" not in svgs:
    return _section("Training", "<p>metrics.jsonl is empty.</p>")
  return _section(
    "Training",
    _figure(
      svgs["curves"],
      "Dotted lines: a phase begins. Solid line: the discrete code begins.",
    ),
  )


def _timings(records: list[dict]) -> str:
  if not records:
    return ""
  rows = []
  for name, wanted in (("warm-up", False), ("with code", True)):
    chosen = [r for r in records if r["discrete"] == wanted]
    if chosen:
      parts = ("seconds_score", "seconds_solve", "seconds_update")
      cells = [f"{1e3 * np.median([r[p] for r in chosen]):.2f}" for p in parts]
      cells.append(f"{np.median([r['steps_per_second'] for r in chosen]):.1f}")
      rows.append([name, *cells])
  head = [
    "step",
    "encode, score / ms",
    "solve / ms",
    "update / ms",
    "steps / s",
  ]
  minutes = records[-1]["elapsed"] / 60
  return _section(
    "Timings",
    _table(rows, head)
    + f'<p class="soft">Medians of the logged steps. {minutes:.1f} minutes of '
    "training in all.</p>",
  )


def _settings(run: dict) -> str:
  flat = {}
  for key, value in run["config"].items():
    if isinstance(value, dict):
      flat |= {f"{key}.{inner}": v for inner, v in value.items()}
    else:
      flat[key] = value
  facts = {key: value for key, value in run["run"].items() if key != "resumes"}
  facts |= facts.pop("versions", {})
  facts["resumed at steps"] = (
    ", ".join(str(r["step"]) for r in run["run"].get("resumes", ())) or "never"
  )
  tables = _table(sorted(flat.items())) + _table(list(facts.items()))
  return _section("Settings", f'<div class="pair">{tables}</div>')


def _table(rows, head: list[str] | None = None) -> str:
  body = "".join(
    f'<tr><th scope="row">{_text(first)}</th>'
    + "".join(f"<td><code>{_text(cell)}</code></td>" for cell in rest)
    + "</tr>"
    for first, *rest in rows
  )
  cells = "".join(f'<th scope="col">{_text(name)}</th>' for name in head or ())
  top = f"<thead><tr>{cells}</tr></thead>" if head else ""
  return f'<div class="wide"><table>{top}<tbody>{body}</tbody></table></div>'


def _figure(content: str, caption: str) -> str:
  return (
    f'<figure class="wide">{content}<figcaption>{_text(caption)}</figcaption>'
    "</figure>"
  )


def _section(title: str, content: str) -> str:
  return f"<section><h2>{_text(title)}</h2>{content}</section>"


def _title(key: str) -> str:
  return key.replace("_", " ").capitalize()


def _text(value) -> str:
  return html.escape(str(value))


def _document(run: dict, body: str) -> str:
  files = importlib.resources.files("cascade_jax")
  css = (files / "report.css").read_text()
  title = f"{run['config']['method']} on {run['evaluation']['dataset']}"
  return (
    '<!doctype html><html lang="en"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    f"<title>{_text(title)}</title><style>{css}</style></head><body><main>"
    f"{body}</main><footer class='soft'><p>Made by cascade_jax. Method: "
    f'<a href="{_PAPER}">Jeong &amp; Song, ICML 2019</a>.</p></footer>'
    "</body></html>\n"
  )
