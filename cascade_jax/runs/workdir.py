"""The folder of a run: its lock, its configuration and its starts.

| file | content |
|---|---|
| `config.json` | the resolved configuration |
| `dataset.json` | which images it was trained on (`dataset_record.py`) |
| `run.json` | provenance and command of the first start and of each resume |
| `metrics.jsonl` | one log entry a logged step |
| `checkpoints/` | states from which the run can be resumed |

A run of several replicas has one such folder for each replica (see
`training/replicas.py`).
"""

import contextlib
import fcntl
import json
import os
import pathlib
import sys
from collections.abc import Iterator

import ml_collections

from cascade_jax import methods
from cascade_jax.config import REMOVED_KEYS, RESUMABLE_KEYS, default, flat
from cascade_jax.errors import UserError, one_line
from cascade_jax.runs import json_file
from cascade_jax.runs.json_file import Kind
from cascade_jax.runs.provenance import provenance

# Of a config without its seed; keys that are newer than it have defaults.
CONFIG_FIELDS = {
  "method": str,
  **{
    f"{key}?": dict
    for key, value in default().items()
    if isinstance(value, ml_collections.ConfigDict)
  },
}
CONFIG = Kind(
  "config",
  {"seed": int, **CONFIG_FIELDS},
  "put back a copy; or move it away, and the training command of the run, "
  "given again, writes it anew",
)
RUN = Kind(
  "run",
  {
    "step": int,
    "command": str,
    "started": str,
    "git_commit": (str, None),
    "device": str,
    "python": str,
    "versions": {str: str},
    "resumes": [{"step": int}],
    "saved_step?": int,
    "logged_step?": int,
  },
  "put back a copy; or move it away, and the next start of the run writes a "
  "new one",
)
RUN_FILE = "run.json"
_LOCK = ".lock"


@contextlib.contextmanager
def claim(workdir: str | os.PathLike) -> Iterator[pathlib.Path]:
  """Creates the folder of a run and locks it for this process.

  The operating system releases the lock when the process ends, even if it is
  killed. A folder that was created here and has nothing written to it, as
  after an error, is removed again.

  Args:
    workdir: the folder; a leading `~` is expanded.

  Yields:
    The absolute path of the folder.

  Raises:
    UserError: the folder has no name, or can't be created or written to.
    UserError: another process holds the lock.
  """
  if not os.fspath(workdir):
    raise UserError("workdir is empty; name a folder with --workdir")
  folder = pathlib.Path(workdir).expanduser().resolve()
  new = [path for path in (folder, *folder.parents) if not path.exists()]
  try:
    folder.mkdir(parents=True, exist_ok=True)
    lock = (folder / _LOCK).open("a")
  except OSError as error:
    raise UserError(
      f"workdir {folder} can't be written to ({error.strerror}); "
      "choose another with --workdir"
    ) from error
  with lock:
    try:
      fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
      raise UserError(
        f"another process is running in workdir {folder}; wait for it, stop "
        "it, or choose another folder with --workdir"
      ) from error
    try:
      yield folder
    finally:
      _remove_empty(new)


def _remove_empty(new: list[pathlib.Path]) -> None:
  """Removes new folders that hold nothing but a lock, inner ones first."""
  with contextlib.suppress(OSError):  # a parent that holds something else
    if new and [path.name for path in new[0].iterdir()] == [_LOCK]:
      (new[0] / _LOCK).unlink()
      for folder in new:
        folder.rmdir()


def record_config(
  folder: pathlib.Path, config: ml_collections.ConfigDict
) -> None:
  """Writes `config.json`, after `check_config`."""
  check_config(folder, config)
  json_file.write(folder / "config.json", CONFIG, json.loads(config.to_json()))


def check_config(
  folder: pathlib.Path, config: ml_collections.ConfigDict
) -> None:
  """Refuses a config that is not that of the run in a folder.

  Args:
    folder: the folder of the run.
    config: the configuration of this start; a resumed run may differ from the
      earlier one in `RESUMABLE_KEYS`.

  Raises:
    UserError: the run in the folder has another configuration; the message
      lists the keys that differ.
  """
  path = folder / "config.json"
  if path.exists():
    new = json.loads(config.to_json())
    _check_same_run(folder, completed(json_file.read(path, CONFIG)), new)


def completed(config: dict) -> dict:
  """Returns a config of JSON in the keys of this version.

  Keys that are newer than it get their defaults, in groups too, and those in
  `REMOVED_KEYS` go, so configs of different ages can be compared.
  """
  defaults = json.loads(default().to_json())
  groups = {key: of for key, of in defaults.items() if isinstance(of, dict)}
  whole = {**defaults, **_without_removed(config)}
  return whole | {key: {**group, **whole[key]} for key, group in groups.items()}


def _without_removed(config: dict) -> dict:
  return {key: of for key, of in config.items() if key not in REMOVED_KEYS}


def _check_same_run(folder: pathlib.Path, old: dict, new: dict) -> None:
  old, new = dict(flat(old)), dict(flat(new))
  differing = {
    key
    for key in old.keys() | new.keys()
    if old.get(key) != new.get(key) and key not in RESUMABLE_KEYS
  }
  if differing:
    changes = "\n".join(
      f"  {key}: {old.get(key)!r} there, {new.get(key)!r} now"
      for key in sorted(differing)
    )
    raise UserError(
      f"workdir {folder} holds a run with another config:\n{changes}\n"
      "Use another --workdir for another config."
    )


def holds_run(workdir: str | os.PathLike) -> bool:
  """Returns whether a run was started in a folder, which may not exist."""
  return (pathlib.Path(workdir).expanduser() / "config.json").exists()


def read_config(folder: pathlib.Path) -> ml_collections.ConfigDict:
  """Reads the configuration that `record_config` wrote.

  Raises:
    UserError: there is no configuration, or it was written by another version
      of this package.
  """
  path = folder / "config.json"
  if not path.exists():
    raise UserError(
      f"{folder} holds no run (no config.json); train one with "
      f"python -m experiments.train --config=CONFIG.py --workdir={folder}"
    )
  return config_of(json_file.read(path, CONFIG), path)


def config_of(
  content: dict, path: str | os.PathLike
) -> ml_collections.ConfigDict:
  """Returns the configuration that a file holds as JSON.

  The file may be a stranger's, so its method is not imported: that would run
  any module that Python finds under the name.

  Args:
    content: of the file; keys that are newer than it have their defaults, and
      those in `REMOVED_KEYS` are not read.
    path: of the file, for the error.

  Raises:
    UserError: it was written by another version of this package, or its method
      is not in this package and was not imported before.
  """
  config = default()
  try:
    config.update(_without_removed(content))
  except (AttributeError, KeyError, TypeError, ValueError) as error:
    raise UserError(
      f"{path} is of another version of cascade_jax ({one_line(error)}); use "
      "the one that it names, or train again in another folder"
    ) from error
  if nulls := _nulls(config):
    raise UserError(f"{path}: config.{nulls[0]} is null, and must be a value")
  name = config.method
  if name not in methods.METHODS and name not in sys.modules:
    raise UserError(
      f"{path} is of method {name!r}, which is not in this package. Reading a "
      "file imports nothing: import that module yourself before (a command "
      f"does with --method={name}), if you trust it"
    )
  return config


def _nulls(config: ml_collections.ConfigDict) -> list[str]:
  """Returns the keys without a value, which ConfigDict accepts for any type."""
  defaults = dict(flat(default()))
  return [
    key
    for key, value in flat(config)
    if value is None and defaults.get(key) is not None
  ]


def record_start(folder: pathlib.Path, step: int) -> None:
  """Adds a start or a resume to `run.json`.

  Args:
    folder: the folder of the run.
    step: the last step that was done before this start.
  """
  start = {"step": step, "command": " ".join(sys.argv), **provenance()}
  run = read_run(folder)
  if run is None:
    run = {**start, "saved_step": 0, "logged_step": 0, "resumes": []}
  else:
    run["resumes"].append(start)
  json_file.write(folder / RUN_FILE, RUN, run)


def read_run(folder: pathlib.Path) -> dict | None:
  """Reads `run.json`; None if there is none.

  Raises:
    UserError: it is damaged.
  """
  path = folder / RUN_FILE
  return json_file.read(path, RUN) if path.exists() else None
