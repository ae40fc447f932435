r"""Trains what is missing of the paper's tables, and writes their page.

  python -m experiments.reproduce --scale=compact
  python -m experiments.reproduce --scale=paper --methods=m6 --seeds=0-2 \
    --executor=slurm --num_jobs=3 --slurm=partition=gpu --slurm=gpus_per_node=1

| scale | what | a run takes |
|---|---|---|
| compact | all methods, 32x32, 20,000 steps | minutes on a CPU |
| ablations | CascadeVAE on easier images, one setting changed | minutes |
| paper | all methods, 64x64, 300,000 steps | hours on a CPU |

A run that is in --output's files already is not trained again; the same command
goes on after every stop. At the end --output has a file for each row (config,
seeds, versions, devices, commits, time, all metrics), scores.md, and its
pictures.
"""

import json
import pathlib

from absl import flags

from cascade_jax import atomic
from cascade_jax.commands import jobs
from cascade_jax.commands.arguments import refuse_words
from cascade_jax.reproduce import page, pictures, results, studies
from cascade_jax.sweep.cells import Cell, parse_seeds
from cascade_jax.sweep.status import Status

FLAGS = flags.FLAGS


def define_flags() -> None:
  """Registers the study, its rows and seeds, the folders and the engine."""
  flags.DEFINE_enum(
    "scale", None, list(studies.STUDIES), "Which table.", required=True
  )
  flags.DEFINE_list("methods", [], "Rows of the table; all by default.")
  flags.DEFINE_list("seeds", [], "Seeds and ranges; the table's by default.")
  flags.DEFINE_string(
    "workdir", None, "Folder of the runs; runs/reproduce/SCALE by default."
  )
  flags.DEFINE_string(
    "output", None, "Folder of the results; docs/results/SCALE by default."
  )
  jobs.define_job_flags()


def main(arguments: list[str]) -> None:
  """Trains the missing runs, adds them to the files, and writes the page."""
  refuse_words(arguments)
  study = studies.STUDIES[FLAGS.scale]
  rows = studies.rows(study, FLAGS.methods)
  seeds = parse_seeds(FLAGS.seeds or study.seeds.split(","))
  folder = _folder(FLAGS.workdir or f"runs/reproduce/{FLAGS.scale}")
  output = _folder(FLAGS.output or f"docs/results/{FLAGS.scale}")
  cells = [
    Cell(name, dict(row.settings), seed, folder / name / f"seed_{seed}")
    for name, row in rows.items()
    for seed in seeds
  ]
  found = results.read(output, study.rows)
  left = results.missing(cells, found)
  num_steps = []
  for cell in left:
    config = jobs.checked_config(cell, _flags(cell))
    results.check_config(cell.method, json.loads(config.to_json()), found)
    num_steps.append(config.num_steps)
  statuses: dict[str, tuple[Cell, Status]] = {}
  if left:
    _, statuses = jobs.run(folder, left, num_steps, _flags)
  done = [cell for cell, s in statuses.values() if s.state == "done"]
  results.gather(output, done)
  _write_page(study, output, cells)
  jobs.report_failures(statuses, _flags)


def _write_page(
  study: studies.Study, output: pathlib.Path, cells: list[Cell]
) -> None:
  summaries = results.read(output, study.rows)
  titles = {name: row.title for name, row in study.rows.items()}
  pictures.write(output, summaries, titles, cells)
  text = page.page(FLAGS.scale, study, summaries, output)
  atomic.write(output / page.NAME, text.encode())
  print(output / page.NAME)


def _flags(cell: Cell) -> list[str]:
  row = studies.STUDIES[FLAGS.scale].rows[cell.method]
  return jobs.train_flags(row.config, {}, cell)


def _folder(name: str) -> pathlib.Path:
  return pathlib.Path(name).expanduser().resolve()
