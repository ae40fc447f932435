"""The section of a report with the run's config and provenance."""

from collections.abc import Iterable

from cascade_jax import unread as unread_lib
from cascade_jax.errors import UserError
from cascade_jax.report.html_parts import (
  MISSING,
  integer,
  paragraph,
  section,
  table,
)
from cascade_jax.report.run import Run
from cascade_jax.runs import workdir


def settings_section(run: Run) -> str:
  """Returns the section: two tables side by side."""
  header = ["name", "value"]
  settings = dict(sorted(_flat(run.config)))
  unread = _unread(run, settings)
  rows = [row for row in settings.items() if row[0] not in unread]
  config = table(header, rows, "Config")
  if unread:
    text = (
      f"config.json has {len(unread)} more settings, which neither this method "
      "nor this data set reads."
    )
    config = f"<div>{config}{paragraph(text, 'facts')}</div>"
  tables = config + _provenance_table(run, header)
  missing = ""
  if not run.dataset_record:
    missing = paragraph(
      "Data set: dataset.json is missing. The training command of the run, "
      "given again, writes it."
    )
  return section("Settings", f'<div class="pair">{tables}</div>{missing}')


def _unread(run: Run, keys: Iterable[str]) -> set[str]:
  """Returns those keys that have no effect on the run, as far as is known."""
  name = str(run.setting("name"))
  unread = set(unread_lib.data_keys(name, keys))
  try:
    config = workdir.config_of(run.config, run.folder / "config.json")
    return unread | set(unread_lib.method_keys(config, keys))
  except UserError:  # of another version
    return unread


def _provenance_table(run: Run, header: list[str]) -> str:
  """Returns the table of run.json, or a paragraph that it is missing."""
  if not run.provenance:
    return paragraph("Provenance: run.json is missing.")
  provenance = dict(run.provenance)
  resumes = provenance.pop("resumes", [])
  if resumes:
    steps = [integer(resume.get("step")) for resume in resumes]
    provenance["resumed at step"] = ", ".join(steps)
  commit = provenance.get("git_commit")
  if commit:  # 12 of its 40 digits, and "-dirty" if that follows
    provenance["git_commit"] = f"{commit[:12]}{commit[40:]}"
  return table(header, _flat(provenance), "Provenance")


def _flat(content: dict, prefix: str = "") -> Iterable[tuple[str, str]]:
  """Yields nested keys joined by dots, with their values as text."""
  for key, value in content.items():
    if isinstance(value, dict):
      yield from _flat(value, f"{prefix}{key}.")
    else:
      yield f"{prefix}{key}", MISSING if value in ("", None) else str(value)
