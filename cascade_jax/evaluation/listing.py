"""An evaluation as lines of a name and a value."""

from collections.abc import Mapping

from cascade_jax.evaluation import scores

_ON_ALL_IMAGES = (*scores.NAMES, "reconstruction", "elbo_at_mean")


def line(name: str, value: object) -> str:
  """Returns one line; values of several lines stand in one column."""
  return f"{name.replace('_', ' '):27} {value}"


def to_text(evaluation: dict) -> str:
  """Returns an evaluation: all metrics and merits, then those on all images.

  Args:
    evaluation: what `evaluate.evaluate_run` returns with `all_metrics`.
  """
  lines = _values(evaluation["metrics"] | evaluation["merits"])
  if lines:
    lines.append(line("on", f"{evaluation['metrics_images']} images"))
  left_out = evaluation["metrics_left_out"]
  lines += [line(k, f"left out: {reason}") for k, reason in left_out.items()]
  lines += [line(k, text) for k, text in evaluation["metrics_cautions"].items()]
  lines += ["", *_values({name: evaluation[name] for name in _ON_ALL_IMAGES})]
  return "\n".join(lines)


def images_line(evaluation: dict) -> str:
  """Returns the line with the number of images and the step."""
  num_images, step = evaluation["num_images"], evaluation["step"]
  return line("on", f"{num_images} images, step {step}")


def _values(values: Mapping[str, float | None]) -> list[str]:
  return [line(k, f"{x:.4f}") for k, x in values.items() if x is not None]
