"""A run of two replicas, one of which has lost something."""

import functools
import shutil

from tests.faults import run
from tests.faults import scene as scenes
from tests.faults.attempts import attempt
from tests.faults.damage import flip
from tests.faults.outcomes import judged

_TRAIN = functools.partial(run.train, num_replicas=2)
_RESULTS = functools.partial(run.results, num_replicas=2)
_TASK = scenes.Task(_TRAIN, "stopped_replicas", _RESULTS, "replicas")
_YOUNG = scenes.Task(_TRAIN, "young_replicas", _RESULTS, "replicas")


def outcomes(scene, rng, is_long):
  """Yields the outcome of each loss."""
  lost = {
    "folder": (".",),
    "newest checkpoint": ("checkpoints/7",),
    "checkpoints": ("checkpoints",),
    "config.json": ("config.json",),
    "run.json": ("run.json",),
    "run.json and checkpoints": ("run.json", "checkpoints"),
    "log": ("metrics.jsonl",),
  }
  for name in lost if is_long else ("newest checkpoint",):
    for seed in (0, 1) if is_long else (1,):
      remove = functools.partial(_remove, names=lost[name])
      yield _without(scene, _TASK, name, seed, remove)
      if name in ("folder", "checkpoints"):
        yield _without(
          scene, _YOUNG, f"{name}, when there is one", seed, remove
        )
  for _ in range(6 if is_long else 0):
    flipped = functools.partial(_flip, rng=rng)
    yield _without(scene, _TASK, "a bit of it", int(rng.integers(2)), flipped)


def _without(scene, task, name, seed, damage):
  """Goes on with a run after damage to a replica; heals it if refused."""
  folder = scene.copy(task.base)
  replica = folder / f"seed_{seed}"
  whole = folder.parent / "whole"
  shutil.copytree(replica, whole)
  damage(replica)
  attempts = [attempt(_TRAIN, folder)]
  names = (replica.name,)
  if attempts[0].ending == "refused" or _loses_log(attempts[0]):
    # As the error, or the warning that entries of the log are lost, says.
    shutil.rmtree(replica, ignore_errors=True)
    shutil.copytree(whole, replica)
    attempts.append(attempt(_TRAIN, folder))
  differing = ["refused though healed"]
  if attempts[-1].ending == "done":
    differing = scene.differences(folder, task)
  scene.remove(folder.parent)
  return judged("a replica lost", name, attempts, differing, names)


def _loses_log(attempt):
  return any("the entries between are lost" in line for line in attempt.warned)


def _remove(replica, names):
  for name in names:
    path = replica / name
    shutil.rmtree(path) if path.is_dir() else path.unlink()


def _flip(replica, rng):
  files = sorted(path for path in replica.rglob("*") if path.is_file())
  files = [path for path in files if path.stat().st_size]
  flip(files[rng.integers(len(files))], rng)
