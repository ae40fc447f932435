"""The section of a report with latent traversals, moving and still.

Shapes: T frames, R rows (categories or their combinations), m dimensions.
"""

from cascade_jax.plots.style import (
  UNUSED_KL,
  code_names,
  dimension_color,
  dimension_name,
)
from cascade_jax.plots.traversals import format_number, still_frames
from cascade_jax.report.html_parts import (
  escape,
  instruction,
  paragraph,
  section,
)
from cascade_jax.report.image_grid import image_grid
from cascade_jax.report.run import Run

_MAX_ROWS = 20  # of the combinations of several discrete variables
_PAUSE = '<label class="pause"><input type="checkbox"> Hold still</label>'


def traversals_section(run: Run) -> str:
  """Returns the section with the animation, and stills of each dimension."""
  if not run.arrays and not run.evaluation:
    return ""  # the section of the scores has the instruction
  if not run.arrays:
    text = "evaluation.npz is missing. Create it with"
    return section("Traversals", instruction(text, run.evaluate_command))
  m = run.arrays["traversals"].shape[2]
  stills = "".join(f"<figure>{_stills(run, j)}</figure>" for j in range(m))
  text = paragraph(_text(run), "lead")
  return section(
    "Traversals",
    f'<div class="motion"><figure>{_animation(run)}</figure>'
    f'<div>{text}{_PAUSE}</div></div><div class="stills">{stills}</div>',
  )


def _animation(run: Run) -> str:
  """Returns the images of all dimensions, which move from end to end."""
  frames = run.arrays["traversals"][:, :_MAX_ROWS]
  low, high = _ends(run)
  heads = [_head(j, run.evaluation.get("kl")) for j in range(frames.shape[2])]
  knob = '<i class="track"><i class="knob moving"></i></i>'
  return image_grid(
    frames,
    heads,
    _row_names(run),
    f"<span>{low}</span>{knob}<span>{high}</span>",
    f"Animation of decoded images: each of {frames.shape[2]} dimensions moves "
    f"from {low} to {high} and back, in {frames.shape[1]} rows",
  )


def _head(dimension: int, kl: list[float] | None) -> str:
  """Returns a dimension's name under a bar of its colour, above its KL."""
  color, name = dimension_color(dimension), dimension_name(dimension)
  nats = "" if kl is None else f"<small>{kl[dimension]:.1f}</small>"
  return f'<b style="border-color:{color}">{name}</b>{nats}'


def _stills(run: Run, dimension: int) -> str:
  """Returns a few frames of one dimension, with its name above them."""
  values, kl = run.arrays["traversal_values"], run.evaluation.get("kl")
  shown = still_frames(len(values))
  frames = run.arrays["traversals"][shown, :_MAX_ROWS, dimension]
  nats = f"KL {kl[dimension]:.2f} nats" if kl else ""
  unused = ", unused" if kl and kl[dimension] <= UNUSED_KL else ""
  name, color = dimension_name(dimension), dimension_color(dimension)
  grid = image_grid(
    frames.swapaxes(0, 1)[None],
    [escape(format_number(values[t])) for t in shown],
    _row_names(run),
    "",
    f"Traversal of {name}, {nats}{unused}".rstrip(", "),
  )
  return (
    f'<figcaption><i class="chip" style="background:{color}"></i><b>{name}</b> '
    f"{nats}{unused}</figcaption>{grid}"
  )


def _row_names(run: Run) -> list[str]:
  return code_names(run.arrays["traversal_categories"][:_MAX_ROWS])


def _ends(run: Run) -> tuple[str, str]:
  """Returns the least and the greatest value of a dimension as text."""
  values = run.arrays["traversal_values"]
  return format_number(values[0]), format_number(values[-1])


def _text(run: Run) -> str:
  """Returns an explanation of the traversals."""
  rows, num_variables = run.arrays["traversal_categories"].shape
  low, high = _ends(run)
  text = (
    f"One dimension at a time moves from {low} to {high} and back while the "
    "others stay at 0."
  )
  if rows > 1:
    kind = "category" if num_variables == 1 else "combination of categories"
    text += f" There is a row of images for each {kind}"
    if rows > _MAX_ROWS:
      text += f"; of {rows} the first {_MAX_ROWS} are shown"
    text += "."
  if run.evaluation.get("kl"):
    text += (
      " The number below the name of a dimension is its KL in nats; with at "
      f"most {UNUSED_KL} nats it is unused."
    )
  return text
