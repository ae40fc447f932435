"""Stands for the files of a run in processes that have none."""

from cascade_jax.data import Dataset
from cascade_jax.types import TrainState


class NoFiles:
  """Has the methods of `Replicas`; the first process has the files."""

  def record_dataset(self, dataset: Dataset) -> None:
    """Does nothing."""

  def restore(self, fresh: list[TrainState]) -> list[TrainState]:
    """Returns the fresh states, which those of the first process replace."""
    return fresh

  def start(self, step: int) -> None:
    """Does nothing."""

  def log(self, entries: list[dict]) -> None:
    """Does nothing."""

  def wait(self, step: int) -> None:
    """Does nothing."""

  def save(self, states: list[TrainState]) -> None:
    """Does nothing."""
