"""Settings of a config that have no effect on its run."""

from collections.abc import Iterable, Sequence

import ml_collections

from cascade_jax import config as config_lib
from cascade_jax import data
from cascade_jax.errors import UserError
from cascade_jax.methods import registry

_SOLVER_KEYS = frozenset({"pairwise_weight", "solver"})


def check(config: ml_collections.ConfigDict, keys: Iterable[str]) -> None:
  """Refuses keys that nothing reads in a run of the config.

  Args:
    config: of the run.
    keys: that the user set; "group.key" within groups.

  Raises:
    UserError: names the key, and what is read or by what it would be.
  """
  keys = list(keys)
  if unread := data_keys(config.data.name, keys):
    readers = _data_sets_that_read(unread[0])
    raise UserError(
      f"config.{unread[0]} has no effect: data set {config.data.name!r} does "
      f"not read it. Leave it out, or choose a config.data.name that does: "
      f"{', '.join(readers)}"
    )
  unread = method_keys(config, keys)
  if unread:
    raise UserError(
      f"config.{unread[0]} has no effect: method {config.method!r} does not "
      f"read it. Its settings are {', '.join(sorted(_method_reads(config)))}"
    )


def check_data_only(keys: Iterable[str], others: Sequence[str] = ()) -> None:
  """Refuses keys that are not of data, for what reads little else.

  Args:
    keys: that the user set; "group.key" within groups.
    others: keys that are read, too.

  Raises:
    UserError: names the key.
  """
  for key in keys:
    if not key.startswith("data.") and key not in others:
      read = ", ".join(("data", *others))
      raise UserError(
        f"config.{key} has no effect: of the config, only {read} is read here. "
        "Leave it out"
      )


def keys_of_file(
  config: ml_collections.ConfigDict, flags: Iterable[str]
) -> list[str]:
  """Returns the keys that a config file must have set for what it chose.

  These are the keys in groups that differ from the defaults. A file that
  chooses a method and sets what only another one reads holds a mistake. If a
  flag chose, what the file says for its own choice is left over; and settings
  outside of groups may be shared by the variants of a file.

  Args:
    config: with the values of the flags.
    flags: keys that were set on the command line.
  """
  flags, defaults = set(flags), dict(config_lib.flat(config_lib.default()))
  chosen = {"data": "data.name"}  # by which key; the other groups by the method
  return [
    key
    for key, value in config_lib.flat(config)
    if "." in key
    and key not in flags
    and chosen.get(key.partition(".")[0], "method") not in flags
    and value != defaults.get(key, value)
  ]


def data_keys(name: str, keys: Iterable[str]) -> list[str]:
  """Returns those keys that are of data, but not read by a data set.

  There are none for an unknown name, which `data.load` refuses.

  Args:
    name: of the data set.
    keys: "group.key" within groups.
  """
  options = data.reads(name)
  if options is None:
    return []
  read = {f"data.{option}" for option in options | {"name"}}
  return [key for key in keys if key.startswith("data.") and key not in read]


def _data_sets_that_read(key: str) -> list[str]:
  option = key.removeprefix("data.")
  return [name for name in data.NAMES if option in (data.reads(name) or ())]


def method_keys(
  config: ml_collections.ConfigDict, keys: Iterable[str]
) -> list[str]:
  """Returns those keys that are of methods, but not read by the config's.

  There are none for a method of the user's own, of which nothing is known.

  Args:
    config: of the run.
    keys: "group.key" within groups.
  """
  if registry.reads(config.method) is None:
    return []
  read, groups = _method_reads(config), registry.groups()
  method_keys = registry.SHARED_SETTINGS - {"batch_size"} | _SOLVER_KEYS
  return [
    key
    for key in keys
    if (key in method_keys or key.partition(".")[0] in groups)
    and key not in read
  ]


def _method_reads(config: ml_collections.ConfigDict) -> frozenset[str]:
  """Returns the keys that a method of ours reads, its solver's included."""
  read = registry.reads(config.method) or frozenset()
  return (
    read | _SOLVER_KEYS
    if config_lib.smallest_method(config).solves_codes
    else read
  )
