"""Trackers: programs that show the log of a run, beside metrics.jsonl.

`config.trackers` names them. Each has one file here, and its package is an
extra, which is imported only when it is named.
"""

from cascade_jax.trackers.registry import TRACKERS, check_installed, check_names
from cascade_jax.trackers.tracker import TrackedRun, Tracker
from cascade_jax.trackers.trackers import Trackers

__all__ = (
  "TRACKERS",
  "TrackedRun",
  "Tracker",
  "Trackers",
  "check_installed",
  "check_names",
)
