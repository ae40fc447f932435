"""All trackers by name, and the checks of `config.trackers`."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from cascade_jax import optional
from cascade_jax.activity import activity
from cascade_jax.errors import UserError
from cascade_jax.trackers.mlflow import MLflow
from cascade_jax.trackers.tensorboard import TensorBoard
from cascade_jax.trackers.tracker import TrackedRun, Tracker
from cascade_jax.trackers.wandb import WandB


class Entry(NamedTuple):
  """A tracker: the package that it needs, and what opens it for a run."""

  package: str
  open: Callable[[TrackedRun], Tracker]


# The extra of the same name installs the package.
TRACKERS = {
  "tensorboard": Entry("tensorboardX", TensorBoard),
  "wandb": Entry("wandb", WandB),
  "mlflow": Entry("mlflow", MLflow),
}


def check_names(names: Sequence[str]) -> None:
  """Refuses names of unknown trackers, and a name that comes twice.

  Raises:
    UserError: names the value and the trackers that there are.
  """
  known = [x for x in names if isinstance(x, str) and x in TRACKERS]
  if len(names) == len(known) == len(set(known)):
    return
  raise UserError(
    f"config.trackers is {tuple(names)!r}; it must name some of "
    f"{', '.join(TRACKERS)}, each once, as in "
    "--config.trackers=\"('tensorboard','wandb')\""
  )


def check_installed(names: Sequence[str]) -> None:
  """Refuses trackers whose packages are not installed.

  Raises:
    UserError: names the package and says how to install it.
  """
  for name in names:
    package = TRACKERS[name].package
    with activity(f"importing {package}", announced=False):
      optional.imported(package, name, f"{name!r} in config.trackers")
