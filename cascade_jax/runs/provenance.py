"""The provenance of a result: time, code version, packages and device."""

import datetime
import importlib.metadata
import os
import pathlib
import platform
import subprocess

import jax

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


def provenance() -> dict:
  """Describes this process and its machine, as a JSON object.

  Returns:
    `started`, the current time in UTC; `git_commit`, None without git;
    `device`; `python`, its version; and `versions` by the name of the package.
  """
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
  """Names the devices of jax and counts the CPU cores of this process."""
  devices = jax.devices()
  cores = len(os.sched_getaffinity(0))
  kind = f"{len(devices)} x {devices[0].device_kind} ({devices[0].platform})"
  return f"{kind}, {cores} host cores"


def _git_commit() -> str | None:
  """The commit of this package, with "-dirty" if files have been edited."""
  command = ["git", "describe", "--always", "--dirty", "--abbrev=40"]
  package = pathlib.Path(__file__).parent
  try:
    return subprocess.check_output(
      command, cwd=package, text=True, stderr=subprocess.DEVNULL
    ).strip()
  except (OSError, subprocess.CalledProcessError):
    return None
