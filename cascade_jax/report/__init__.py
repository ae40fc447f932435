"""The report of a run: pictures, and one page with all of it."""

from cascade_jax.report.write import write_report

__all__ = ("write_report",)
