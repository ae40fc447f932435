import pytest

from cascade_jax.evaluation import evaluate
from cascade_jax.training import loop
from tests.helpers import tiny_run


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory):
  """Returns the folder of a scored tiny run."""
  folder = tmp_path_factory.mktemp("run")
  dataset = tiny_run.tiny_dataset()
  loop.train(tiny_run.tiny_config(), folder, dataset)
  evaluate.evaluate_run(folder, dataset=dataset)
  return folder
