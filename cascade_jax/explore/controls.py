"""The controls of the page: sliders, categories and choices of the chart."""

from cascade_jax.explore.contents import Contents, Dimension, Majority
from cascade_jax.plots.style import (
  UNUSED_KL,
  category_name,
  dimension_name,
)
from cascade_jax.report.html_parts import escape, paragraph

_STEPS = 200  # of a slider


def sliders(contents: Contents) -> str:
  """Returns a slider for each dimension; the unused ones are folded away."""
  used = [each for each in contents.dimensions if each.is_used]
  unused = [each for each in contents.dimensions if not each.is_used]
  order = ", by descending KL" if contents.dimensions[0].kl is not None else ""
  shown = "".join(map(_slider, used)) or paragraph(
    "The model uses none of its dimensions.", "facts"
  )
  fieldset = (
    f"<fieldset><legend>Continuous dimensions{order}</legend>{shown}</fieldset>"
  )
  if not unused:
    return fieldset
  return (
    f"{fieldset}<details><summary>{len(unused)} unused (KL at most {UNUSED_KL} "
    f"nats)</summary>{''.join(map(_slider, unused))}</details>"
  )


def _slider(dimension: Dimension) -> str:
  name = f"z{dimension.column}"  # counted from 0, as JavaScript looks it up
  kl = "" if dimension.kl is None else f"KL {dimension.kl:.2f} nats"
  step = (dimension.high - dimension.low) / _STEPS or 0.01
  return f"""<div class="slider">
<label for="{name}">{dimension_name(dimension.column)}\
<small>{kl}</small></label>
<input type="range" id="{name}" data-dimension="{dimension.column}" \
min="{dimension.low:.6g}" max="{dimension.high:.6g}" step="{step:.3g}">
<output for="{name}"></output>
</div>
"""


def categories(contents: Contents) -> str:
  """Returns a group of buttons for each discrete variable in use."""
  if contents.num_unused_codes:
    return paragraph(
      "The discrete code was not in use yet at this step: the decoder sees "
      "zeros.",
      "facts",
    )
  several = len(contents.majorities) > 1
  groups = ""
  for d, majorities in enumerate(contents.majorities):
    legend = f"Category of variable {d + 1}" if several else "Category"
    choices = "".join(
      _choice(d, k, majority) for k, majority in enumerate(majorities)
    )
    groups += (
      f"<fieldset><legend>{legend}</legend>"
      f'<div class="choices">{choices}</div></fieldset>'
    )
  if any(each for majorities in contents.majorities for each in majorities):
    groups += paragraph(
      "Below each category: the most frequent true class of its images, and "
      f"the share of that class, in a sample of {contents.sample_size:,}. A "
      "category need not be a class.",
      "protocol",
    )
  return groups


def _choice(variable: int, category: int, majority: Majority | None) -> str:
  hint = ""
  if majority:
    amount = "mostly" if majority.share > 0.5 else "most often"
    hint = f"{amount} {majority.class_name}, {majority.share:.0%}"
  return (
    f'<label class="choice"><input type="radio" name="variable{variable}" '
    f'data-variable="{variable}" value="{category}">'
    f"<span>{category_name(category)}<small>{escape(hint)}</small></span>"
    "</label>"
  )


def scatter_choices(contents: Contents) -> str:
  """Returns the menus of the chart: both axes, and the colour."""
  names = [
    (str(each.column), dimension_name(each.column))
    for each in contents.dimensions
  ]
  num_variables = len(contents.majorities)
  colors = [
    (f"category {d}", f"category {d + 1}" if num_variables > 1 else "category")
    for d in range(num_variables)
  ]
  colors += [
    (f"factor {f}", factor.name) for f, factor in enumerate(contents.factors)
  ]
  menus = _menu("horizontal", "Horizontal", names, 0)
  menus += _menu("vertical", "Vertical", names, min(1, len(names) - 1))
  menus += _menu("color", "Colour", [*colors, ("", "none")], 0)
  return f'<p class="menus">{menus}</p>'


def _menu(
  name: str, label: str, options: list[tuple[str, str]], chosen: int
) -> str:
  items = "".join(
    f'<option value="{value}"{" selected" * (k == chosen)}>{escape(text)}'
    "</option>"
    for k, (value, text) in enumerate(options)
  )
  return f'<label>{label} <select id="{name}">{items}</select></label>'
