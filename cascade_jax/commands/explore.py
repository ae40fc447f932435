"""Writes the page in which one explores a run's newest model in a browser.

  python -m experiments.explore --workdir=runs/compact [--output=FILE.html]

The page is one file that needs no network: sliders and buttons set a code, and
the decoder runs in the page. `evaluate` writes it too, beside report.html.
"""

from absl import flags

from cascade_jax import explore
from cascade_jax.commands.arguments import define_run, output_file, run_folder
from cascade_jax.errors import UserError
from cascade_jax.evaluation import evaluate
from cascade_jax.report.run import EXPLORER

FLAGS = flags.FLAGS


def define_flags() -> None:
  """Registers the run and the page."""
  define_run()
  flags.DEFINE_string(
    "output", None, "HTML file to write. Default: explore.html in the folder."
  )


def main(arguments: list[str]) -> None:
  """Writes the page."""
  if arguments:
    raise UserError(f"{arguments} are no flags; name the run by --workdir")
  page = FLAGS.output and output_file(FLAGS.output, ".html")
  with evaluate.opened([run_folder()]) as ((folder,), evaluator):
    page = page or folder / EXPLORER
    explore.write_page(evaluator, evaluator.restore(folder), page)
  print(page)
