import collections
import functools
import sys
import types

import pytest

from cascade_jax import trackers

Metric = collections.namedtuple("Metric", "key value timestamp step")
Param = collections.namedtuple("Param", "key value")


class FakeClient:
  """The calls of MlflowClient that are used, on stores by their URI."""

  def __init__(self, stores, tracking_uri):
    self._store = stores[tracking_uri]

  def get_experiment_by_name(self, name):
    return self._store.experiments.get(name)

  def create_experiment(self, name):
    made = types.SimpleNamespace(experiment_id=name)
    self._store.experiments[name] = made
    return name

  def create_run(self, experiment_id, run_name, tags):
    run = types.SimpleNamespace(
      info=types.SimpleNamespace(run_id=f"id{len(self._store.runs)}"),
      **{"experiment": experiment_id, "name": run_name, "tags": tags},
      **{"params": {}, "metrics": [], "status": "RUNNING"},
    )
    self._store.runs[run.info.run_id] = run
    return run

  def update_run(self, run_id, status):
    self._store.runs[run_id].status = status

  def get_metric_history(self, run_id, key):
    return [x for x in self._store.runs[run_id].metrics if x.key == key]

  def log_batch(self, run_id, metrics=(), params=()):
    run = self._store.runs[run_id]
    new = {param.key: param.value for param in params}
    assert len(params) <= 100 and not run.params.keys() & new.keys()
    run.params |= new
    run.metrics += metrics

  def set_terminated(self, run_id):
    self._store.runs[run_id].status = "FINISHED"


@pytest.fixture
def stores(monkeypatch):
  """The stores of a fake of the package, by their URI."""
  stores = collections.defaultdict(
    lambda: types.SimpleNamespace(experiments={}, runs={})
  )
  package = types.ModuleType("mlflow")
  package.MlflowClient = functools.partial(FakeClient, stores)
  package.entities = types.SimpleNamespace(Metric=Metric, Param=Param)
  monkeypatch.setitem(sys.modules, "mlflow", package)
  for name in ("MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_NAME"):
    monkeypatch.delenv(name, raising=False)
  return stores


CONFIG = {f"key_{k}": k for k in range(150)}


def write(group, folder, first_step, steps):
  folder.mkdir(parents=True, exist_ok=True)
  run = trackers.TrackedRun(folder, group, CONFIG, first_step)
  opened = trackers.Trackers(("mlflow",), run)
  for step in steps:
    opened.write({"step": step, "kl": [1.0, 2.0], "elapsed": 5.0})
  opened.close()


def test_a_resumed_run_goes_on_in_the_same_one_and_writes_each_step_once(
  stores, tmp_path
):
  write(tmp_path, tmp_path, 0, [2, 4, 6])
  write(tmp_path, tmp_path, 4, [6, 8])
  (store,) = stores.values()
  (run,) = store.runs.values()
  steps = [metric.step for metric in run.metrics if metric.key == "kl/2"]
  assert steps == [2, 4, 6, 8]
  assert run.params == {key: str(value) for key, value in CONFIG.items()}
  assert (run.experiment, run.status) == ("cascade_jax", "FINISHED")


def test_replicas_share_a_store_in_the_folder_of_the_run(stores, tmp_path):
  group = tmp_path / "compact"
  for seed in (3, 4):
    write(group, group / f"seed_{seed}", 0, [2])
  ((uri, store),) = stores.items()
  assert uri == f"sqlite:///{group}/mlflow/mlflow.db"
  names = {run.name for run in store.runs.values()}
  assert names == {"compact/seed_3", "compact/seed_4"}
  assert {run.tags["group"] for run in store.runs.values()} == {"compact"}


def test_its_variables_are_respected(stores, tmp_path, monkeypatch):
  monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://there")
  monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "mine")
  write(tmp_path, tmp_path, 0, [2])
  assert stores.keys() == {"http://there"}
  assert stores["http://there"].experiments.keys() == {"mine"}


@pytest.mark.filterwarnings("ignore")  # MLflow's own warnings
def test_the_real_package_goes_on_in_a_database(tmp_path, monkeypatch):
  mlflow = pytest.importorskip("mlflow")
  monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
  for name in ("MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_NAME"):
    monkeypatch.delenv(name, raising=False)
  monkeypatch.chdir(tmp_path)
  folder = tmp_path / "run"
  write(folder, folder, 0, [2, 4, 6])
  write(folder, folder, 4, [6, 8])
  uri = f"sqlite:///{folder}/mlflow/mlflow.db"
  client = mlflow.MlflowClient(tracking_uri=uri)
  run = client.get_run((folder / "mlflow" / "id").read_text().strip())
  history = client.get_metric_history(run.info.run_id, "kl/2")
  assert [metric.step for metric in history] == [2, 4, 6, 8]
  assert run.info.status == "FINISHED"
  assert run.data.params["key_149"] == "149"
  assert not list(tmp_path.glob("mlruns"))
