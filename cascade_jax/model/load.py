"""Loading of a trained model from a run's folder or from a file."""

import json
import os
import pathlib

import jax

from cascade_jax import config as config_lib
from cascade_jax import methods, startup
from cascade_jax.array_files.damage import prefixed
from cascade_jax.errors import UserError
from cascade_jax.evaluation import evaluation_file
from cascade_jax.methods.compose import networks_of
from cascade_jax.model import hub, peers, pretrained
from cascade_jax.model.contents import Contents, shapes
from cascade_jax.model.model import Model
from cascade_jax.runs import checkpoints, dataset_record, json_file, workdir

_SHIPPED = pathlib.Path(__file__).parent / "shipped"


def load(path: str | os.PathLike) -> Model:
  """Returns a trained model, ready for use on arrays.

  Args:
    path: of a run's folder, whose newest checkpoint is loaded; of a file that
      `Model.save` wrote; "hf://user/name" for a model on the Hugging Face Hub;
      of the folder of a model of joint-vae or disentangling-vae (see `peers`);
      or the name of a model that comes with this package: "dsprites", "demo".

  Raises:
    UserError: there is no model, or it can't be read; the message says why.
  """
  startup.check_cpu_sums()
  if str(path).startswith(hub.PREFIX):
    return Model(_of_file(hub.download(str(path))))
  given = pathlib.Path(path).expanduser()
  shipped = _SHIPPED / f"{path}{pretrained.SUFFIX}"
  if given.is_dir() and peers.is_peer(given):
    contents = peers.read(given)
  elif given.is_dir():
    contents = _of_run(given.resolve())
  elif given.is_file():
    contents = _of_file(given)
  elif shipped.is_file():
    contents = _of_file(shipped)
  else:
    names = sorted(file.stem for file in _SHIPPED.glob(f"*{pretrained.SUFFIX}"))
    raise UserError(
      f"there is no model at {str(path)!r}; name a run's folder, a "
      f"{pretrained.SUFFIX} file, or a model of this package: {names}"
    )
  return Model(contents)


def _of_run(folder: pathlib.Path) -> Contents:
  """Returns the newest checkpoint of a run, with what its files say of it."""
  config = workdir.read_config(folder)
  if config.num_replicas > 1:
    raise UserError(
      f"{folder} holds {config.num_replicas} replicas, each in a folder of its "
      f"own; load one of those, such as {folder}/seed_{config.seed}"
    )
  record = dataset_record.read(folder)
  method = methods.build(config, record.image_shape)
  with workdir.claim(folder):
    state = jax.device_get(checkpoints.restore_newest(folder, method.init))
  params, step = state.params, int(state.step)
  if config.method in methods.METHODS:
    params = networks_of(params)  # a discriminator is of no use any more
  return Contents(
    params=params,
    config=json.loads(config.to_json()),
    image_shape=record.image_shape,
    step=step,
    seed=int(state.seed),
    dataset=record.name,
    class_names=record.class_names,
    evaluation=_evaluation_of(folder, step),
    provenance=_provenance_of(folder),
  )


def _provenance_of(folder: pathlib.Path) -> dict:
  """Returns what `run.json` says of versions and device.

  The command stays out: a file to share should not tell of one's folders.
  """
  run = json_file.read(folder / "run.json", workdir.RUN)
  private = ("step", "command", "resumes", "saved_step", "logged_step")
  return {key: value for key, value in run.items() if key not in private}


def _evaluation_of(folder: pathlib.Path, step: int) -> dict:
  """Returns `evaluation.json`; {} without one, or with one of another step."""
  evaluation = evaluation_file.read(folder)
  return evaluation if evaluation.get("step") == step else {}


def _of_file(path: pathlib.Path) -> Contents:
  """Returns what a file holds, after a check that it makes a model."""
  contents = pretrained.read(path)
  config = workdir.config_of(contents.config, path)
  with prefixed(path):
    config_lib.check(config)
    method = methods.build(config, contents.image_shape)
    expected = jax.eval_shape(method.init, 0).params
  if config.method in methods.METHODS:
    expected = networks_of(expected)
  if shapes(expected) != shapes(contents.params):
    raise UserError(
      f"{path} holds weights of other shapes than its config asks for; it was "
      "made by another version of cascade_jax"
    )
  return contents
