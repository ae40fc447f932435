"""The section of a report with the config, and what the run was made by."""

from collections.abc import Iterable

from cascade_jax.report.html_parts import NOT_THERE, integer, section, table
from cascade_jax.report.run import Run


def settings_section(run: Run) -> str:
  """Two tables side by side."""
  header = ["name", "value"]
  config = table(header, sorted(_flat(run.config)), "Config")
  provenance = dict(run.provenance)
  resumes = provenance.pop("resumes", [])
  if resumes:
    steps = [integer(resume.get("step")) for resume in resumes]
    provenance["resumed at step"] = ", ".join(steps)
  caption = "Machine and versions"
  commit = provenance.get("git_commit")
  if commit:  # 12 of 40 digits, and "-dirty" where that is
    provenance["git_commit"] = f"{commit[:12]}{commit[40:]}"
  machine = table(header, _flat(provenance), caption)
  if not provenance:
    machine = f"<p>{caption}: run.json is missing.</p>"
  return section("Settings", f'<div class="pair">{config}{machine}</div>')


def _flat(content: dict, before: str = "") -> Iterable[tuple[str, str]]:
  """Nested keys joined by dots, with their values as text."""
  for key, value in content.items():
    if isinstance(value, dict):
      yield from _flat(value, f"{before}{key}.")
    else:
      yield f"{before}{key}", NOT_THERE if value in ("", None) else str(value)
