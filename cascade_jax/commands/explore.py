r"""Writes the page in which one explores a model in a browser.

  python -m experiments.explore --workdir=runs/compact [--output=FILE.html]
  python -m experiments.explore --model=FOLDER --output=FILE.html \
    [--data.name=tfds --data.tfds=mnist]

The first form is for the newest checkpoint of a run, the second one for any
model that `cascade_jax.load` takes: also a .safetensors file, hf://user/name,
or the folder of a model of joint-vae or disentangling-vae. The page shows
images of the data set that the model's config names, or of that of --data.name.

The page is one file that needs no network: sliders and buttons set a code, and
the decoder runs in the page. `evaluate` writes it too, beside report.html.
"""

import pathlib

from absl import flags
from ml_collections import config_flags

from cascade_jax import config as config_lib
from cascade_jax import data, explore, model
from cascade_jax.commands.arguments import (
  define_run,
  output_file,
  refuse_words,
  run_folder,
)
from cascade_jax.errors import UserError
from cascade_jax.evaluation import evaluate
from cascade_jax.report.run import EXPLORER
from cascade_jax.runs import workdir

FLAGS = flags.FLAGS


def define_flags() -> None:
  """Registers the run or the model, the data set and the page."""
  define_run(required=False)
  flags.DEFINE_string("model", None, "What cascade_jax.load takes.")
  flags.mark_flags_as_mutual_exclusive(["workdir", "model"], required=True)
  flags.DEFINE_string(
    "output",
    None,
    "HTML file to write. Default: explore.html in the folder of the run.",
  )
  config_flags.DEFINE_config_dict(
    "data",
    config_lib.default().data,
    "With --model: the data set, by the options that train has as "
    "--config.data.KEY.",
  )


def main(arguments: list[str]) -> None:
  """Writes the page."""
  refuse_words(arguments)
  page = FLAGS.output and output_file(FLAGS.output, ".html")
  print(_page_of_model(page) if FLAGS.model else _page_of_run(page))


def _page_of_run(page: pathlib.Path | None) -> pathlib.Path:
  if _data_flags():
    raise UserError("--data is for --model; a run's config names its data set")
  with evaluate.opened([run_folder()]) as ((folder,), evaluator):
    page = page or folder / EXPLORER
    explore.write_page(evaluator, evaluator.restore(folder), page)
  return page


def _page_of_model(page: pathlib.Path | None) -> pathlib.Path:
  if page is None:
    raise UserError("--output is missing; name the .html file to write")
  loaded = model.load(FLAGS.model)
  settings = workdir.config_of(loaded.contents.config, FLAGS.model).data
  settings.update(_data_flags())
  if settings.name == data.GIVEN:
    raise UserError(
      f"{FLAGS.model} does not say where its images are; name them by "
      "--data.name and --data.path, as for train"
    )
  loaded.explore(page, data.load(**settings))
  return page


def _data_flags() -> dict[str, object]:
  return config_flags.get_override_values(FLAGS["data"])
