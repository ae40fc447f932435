"""MLflow, in a database beside the run or on a server."""

import os
import time

from absl import logging

from cascade_jax import optional
from cascade_jax.trackers.tracker import TrackedRun, kept_id

_EXPERIMENT = "cascade_jax"
_MOST_PARAMS = 100  # in one call


class MLflow:
  """One run of MLflow, in the store that MLFLOW_TRACKING_URI names.

  Without that variable it is an SQLite database in the folder of the run, which
  its replicas share: `mlflow/mlflow.db`. The experiment is `cascade_jax`, or
  that of the variable MLFLOW_EXPERIMENT_NAME.

  The id of the run is in `mlflow/id`, so a resumed run goes on in the same one.
  What a killed run had written already is not written again. The parameters are
  those of the first start, because MLflow lets none change.
  """

  def __init__(self, run: TrackedRun) -> None:
    mlflow = optional.imported("mlflow", "mlflow", "MLflow")
    self._entities = mlflow.entities
    files = run.group / "mlflow"
    files.mkdir(exist_ok=True)
    store = f"sqlite:///{files}/mlflow.db"
    uri = os.environ.get("MLFLOW_TRACKING_URI") or store
    self._client = mlflow.MlflowClient(tracking_uri=uri)
    self._id = kept_id(run.folder / "mlflow" / "id", lambda: self._new(run))
    self._client.update_run(self._id, status="RUNNING")
    # Each entry has `elapsed`.
    written = self._client.get_metric_history(self._id, "elapsed")
    self._last = max((metric.step for metric in written), default=-1)
    logging.info("MLflow has this run in %s", uri)

  def write(self, step: int, scalars: dict[str, float]) -> None:
    """Writes the numbers, unless the run has this step already."""
    if step <= self._last:
      return
    now = round(time.time() * 1000)
    self._client.log_batch(
      self._id,
      metrics=[
        self._entities.Metric(name, number, now, step)
        for name, number in scalars.items()
      ],
    )

  def close(self) -> None:
    """Marks the run as finished."""
    self._client.set_terminated(self._id)

  def _new(self, run: TrackedRun) -> str:
    """Creates the run with its parameters, and returns its id."""
    name = os.environ.get("MLFLOW_EXPERIMENT_NAME", _EXPERIMENT)
    found = self._client.get_experiment_by_name(name)
    experiment = (
      found.experiment_id if found else self._client.create_experiment(name)
    )
    created = self._client.create_run(
      experiment, run_name=run.name, tags={"group": run.group.name}
    )
    params = [
      self._entities.Param(key, str(value)) for key, value in run.config.items()
    ]
    for first in range(0, len(params), _MOST_PARAMS):
      self._client.log_batch(
        created.info.run_id, params=params[first : first + _MOST_PARAMS]
      )
    return created.info.run_id
