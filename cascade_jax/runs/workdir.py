"""The folder of a run: one process at a time, and what the run decided.

| file | holds |
|---|---|
| `config.json` | the resolved config |
| `run.json` | versions, device, git commit, command; each resume too |
| `metrics.jsonl` | one line a logged step |
| `checkpoints/` | states to go on from |

A run of several replicas has such a folder for each (see `replicas.py`).
"""

import contextlib
import datetime
import fcntl
import importlib.metadata
import json
import os
import pathlib
import platform
import subprocess
import sys
from collections.abc import Iterator

import jax
import ml_collections

from cascade_jax.config import RESUMABLE_KEYS, default
from cascade_jax.errors import UserError
from cascade_jax.runs import json_file

_PACKAGES = (
  "jax",
  "jaxlib",
  "flax",
  "optax",
  "numpy",
  "scipy",
  "scikit-learn",
  "ortools",
)
_LOCK = ".lock"


@contextlib.contextmanager
def claim(workdir: str | os.PathLike) -> Iterator[pathlib.Path]:
  """Makes the folder and holds it for this process.

  The lock goes with the process, however it ends.

  Raises:
    UserError: the folder can't be made or written to.
    UserError: another process is running in it.
  """
  folder = pathlib.Path(workdir).expanduser().resolve()
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
    yield folder


def record_config(
  folder: pathlib.Path, config: ml_collections.ConfigDict
) -> None:
  """Writes `config.json`, or checks a resumed run against it.

  Raises:
    UserError: the folder's run has another config; names what differs.
  """
  path = folder / "config.json"
  new = json.loads(config.to_json())
  if path.exists():
    old = {**json.loads(default().to_json()), **json_file.read(path)}
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
  json_file.write(path, new)


def read_config(folder: pathlib.Path) -> ml_collections.ConfigDict:
  """The config that `record_config` wrote.

  Raises:
    UserError: there is none, or one of another version of this package.
  """
  path = folder / "config.json"
  if not path.exists():
    raise UserError(
      f"{folder} holds no run (no config.json); train one with "
      f"python -m experiments.train --config=CONFIG.py --workdir={folder}"
    )
  config = default()  # for keys that are newer than the run
  try:
    config.update(json_file.read(path))
  except (TypeError, AttributeError) as error:
    raise UserError(
      f"{path} is of another version of cascade_jax ({error}); use the one "
      "that run.json names, or train again in another folder"
    ) from error
  return config


def record_start(folder: pathlib.Path, step: int) -> None:
  """Adds this start, at `step`, to `run.json`."""
  path = folder / "run.json"
  now = {"step": step, "command": " ".join(sys.argv), **provenance()}
  if not path.exists():
    json_file.write(path, {**now, "resumes": []})
    return
  run = json_file.read(path)
  run["resumes"].append(now)
  json_file.write(path, run)


def provenance() -> dict:
  """When, where and with what something was computed; for JSON."""
  return {
    "started": datetime.datetime.now(datetime.UTC).isoformat("T", "seconds"),
    "git_commit": _git_commit(),
    "device": _device(),
    "python": platform.python_version(),
    "versions": {
      package: importlib.metadata.version(package) for package in _PACKAGES
    },
  }


def _device() -> str:
  devices = jax.devices()
  cores = len(os.sched_getaffinity(0))
  kind = f"{len(devices)} x {devices[0].device_kind} ({devices[0].platform})"
  return f"{kind}, {cores} host cores"


def _git_commit() -> str | None:
  """The commit of the code, "-dirty" where it was edited; None without git."""
  command = ["git", "describe", "--always", "--dirty", "--abbrev=40"]
  here = pathlib.Path(__file__).parent
  try:
    return subprocess.check_output(
      command, cwd=here, text=True, stderr=subprocess.DEVNULL
    ).strip()
  except (OSError, subprocess.CalledProcessError):
    return None
