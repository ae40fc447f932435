"""Files that a disk, a copy or a hand has damaged.

A task that refuses a damaged file must leave all files as they are, so that it
does what it would have done once the file is put back.
"""

import shutil

from cascade_jax.runs import log_file
from tests.faults import readers, run
from tests.faults import scene as scenes
from tests.faults.attempts import attempt
from tests.faults.outcomes import judged


def flip(path, rng):
  """Flips one bit of a file that isn't empty."""
  content = bytearray(path.read_bytes())
  bit = int(rng.integers(8 * len(content)))
  content[bit // 8] ^= 1 << bit % 8
  path.write_bytes(content)


def truncate(path, rng):
  """Cuts a file off."""
  content = path.read_bytes()
  path.write_bytes(content[: int(rng.integers(1, len(content)))])


def truncate_line(path, rng):
  """Cuts a log off between two lines."""
  lines = path.read_bytes().splitlines(keepends=True)
  path.write_bytes(b"".join(lines[: int(rng.integers(1, len(lines)))]))


def empty(path, rng):
  """Leaves a file without content."""
  path.write_bytes(b"")


def delete(path, rng):
  """Deletes a file."""
  path.unlink()


def outcomes(scene, rng, is_long):
  """Yields the outcome of each damage."""
  yield from _flips(scene, rng, 300 if is_long else 20)
  for fault, damage in (
    ("truncated", truncate),
    ("emptied", empty),
    ("deleted", delete),
  ):
    for kind in readers.KINDS if is_long else readers.KINDS[3:10:3]:
      for task in kind.tasks:
        for _ in range(2 if is_long else 1):
          yield damaged(scene, rng, kind, task, fault, damage)
  log = next(kind for kind in readers.KINDS if kind.name == log_file.NAME)
  for task in log.tasks:
    fault = "truncated between lines"
    yield damaged(scene, rng, log, task, fault, truncate_line)
  if is_long:
    for damage in (flip, flip, flip, truncate, empty, delete):
      yield from _pages(scene, rng, damage)


def _flips(scene, rng, count):
  """Yields outcomes of so many flipped bits, over all kinds of files."""
  names = [kind for kind in readers.KINDS for _ in range(kind.weight)]
  for k in range(count):
    kind = names[k * len(names) // count]
    task = kind.tasks[rng.integers(len(kind.tasks))]
    yield damaged(scene, rng, kind, task, "bit flip", flip)


def damaged(scene, rng, kind, task, fault, damage):
  """Returns the outcome of a task on a run with a damaged file."""
  folder = scene.copy(task.base)
  files = readers.files(folder, kind)
  path = files[rng.integers(len(files))]
  damage(path, rng)
  before = _content(folder)
  first = attempt(task.function, folder)
  differing = []
  if first.ending == "refused":
    differing = _written(folder, before)
    if damage is flip and kind.name == log_file.NAME:
      differing += _not_rebuilt(folder, getattr(scene, task.base))
  elif first.ending == "done" and task.base == "complete":
    if first.result != scene.expected(task) and not _tells(first, path, task):
      differing = [f"what is read of {path.name}"]
  elif first.ending == "done":
    differing = scene.differences(folder, task)
    if differing == ["log"] and _tells(first, path, task):
      differing = []  # entries that the damage took are lost, and told
  scene.remove(folder.parent)
  names = (path.name, "checkpoints")
  return judged(fault, kind.name, [first], differing, names)


def _written(folder, before):
  """Returns what a refusal has changed, though it must not."""
  after = _content(folder)
  return [f"{x} was written" for x in after if after[x] != before.get(x)]


def _not_rebuilt(folder, base):
  """Rebuilds a log with a flipped bit, as the error says; returns failures."""
  log_file.rebuild(folder)
  is_whole = log_file.read(folder) == log_file.read(base)
  return [] if is_whole else ["the log isn't rebuilt"]


def _tells(attempt, path, task):
  """Returns whether a warning, or a report's page, says what is missing."""
  if task is readers.REPORT and not path.exists():
    return readers.page_names(path.parent, path.name)
  return any(path.name in line for line in attempt.warned)


def _pages(scene, rng, damage):
  """Yields the outcomes of damage to what is made to be looked at.

  No command reads these files: the same command makes them again.
  """
  task = scenes.REPORT
  folder = scene.copy(task.base)
  names = sorted(task.outcome(folder))
  for name in names:
    damage(folder / name, rng)
  again = [attempt(run.write_explorer, folder)]
  again.append(attempt(task.function, folder))
  differing = scene.differences(folder, task)
  shutil.rmtree(folder.parent)
  fault = {flip: "bit flip", truncate: "truncated", empty: "emptied"}.get(
    damage, "deleted"
  )
  for name in names:
    mine = [each for each in differing if each == name]
    yield judged(fault, "pages, pictures (made again)", again, mine)


def _content(folder):
  """Returns the content of all files by name, but for the lock."""
  return {
    str(path.relative_to(folder)): path.read_bytes()
    for path in folder.rglob("*")
    if path.is_file() and path.name != ".lock"
  }
