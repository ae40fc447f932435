"""Checks of what stands on a command line."""

import pathlib
from collections.abc import Sequence

import ml_collections
from absl import flags
from ml_collections import config_flags

from cascade_jax import configs, unread
from cascade_jax.errors import UserError
from cascade_jax.methods import registry


def parsed(values: flags.FlagValues, argv: Sequence[str]) -> list[str]:
  """Parses a command line, and returns the words that are no flags.

  Raises:
    UserError: a flag, a config file or a key of a config is wrong.
  """
  try:
    return values(with_config_paths(argv))
  except flags.Error as error:
    # The error of a config file ends its traceback.
    last = str(error).strip().splitlines()[-1]
    message = f"{last.rpartition('UserError: ')[2]} (--help lists the flags)"
  except (AttributeError, KeyError) as error:  # an unknown key of the config
    text = str(error.args[0]).replace("\\n", " ")
    text = text.replace("\\", "").replace("'", "")
    message = (
      f"unknown --config.KEY: {' '.join(text.split())} (flags change what the "
      "config file sets, and add nothing)"
    )
  except SyntaxError as error:
    where = f"{error.filename}, line {error.lineno}"
    message = f"--config is no Python file: {error.msg} ({where})"
  except OSError as error:  # for a key of a config file that can't be read
    message = f"--config can't be read: {' '.join(str(error).split())}"
  raise UserError(message)


def with_config_paths(argv: Sequence[str]) -> list[str]:
  """Returns a command line with the paths of configs that it names.

  `--config=upright:factor_vae` stands for the file of that name in
  `cascade_jax.configs`, unless there is a file that is called so.
  """
  return [_with_config_path(argument) for argument in argv]


def _with_config_path(argument: str) -> str:
  flag, _, value = argument.partition("=")
  name, colon, variant = value.partition(":")
  if (
    flag.lstrip("-") != "config"
    or name not in configs.NAMES
    or pathlib.Path(name).exists()
  ):
    return argument
  (folder,) = configs.__path__
  return f"{flag}={folder}/{name}.py{colon}{variant}"


def refuse_words(words: Sequence[str]) -> None:
  """Refuses words beside the flags, for commands that take none.

  Raises:
    UserError: there are such words; names the first one.
  """
  if words:
    raise UserError(
      f"{words[0]!r} is no flag, and this command takes nothing else; flags "
      f"start with dashes, as in --workdir=runs/mine or --config.seed=3"
    )


def config_value(
  flag: flags.Flag, resumes: bool = False
) -> ml_collections.ConfigDict:
  """Returns the config that a flag of a config file holds.

  Args:
    flag: of the config file.
    resumes: whether a run that is there goes on. Its config is compared with
      the run's own then, so settings without effect need no check; an earlier
      version may have let them pass.

  Raises:
    UserError: the file does not exist, or a setting has no effect on the
      config's data set or method.
  """
  path, *_ = config_flags.get_config_filename(flag).split(":", 1)
  if not pathlib.Path(path).is_file():
    raise UserError(
      f"--{flag.name} must name a file, or one of {', '.join(configs.NAMES)}; "
      f"there is no {path}"
    )
  overrides = config_flags.get_override_values(flag)
  if not resumes:
    of_file = unread.keys_of_file(flag.value, overrides)
    unread.check(flag.value, [*overrides, *of_file])
  return flag.value


def data_config(flag: flags.Flag, *others: str) -> ml_collections.ConfigDict:
  """Returns the config of a flag of which only the data set is read.

  Args:
    flag: of the config file.
    *others: further keys that are read.

  Raises:
    UserError: as `config_value`, or a setting of anything else was given.
  """
  unread.check_data_only(config_flags.get_override_values(flag), others)
  return config_value(flag)


def define_run(text: str = "Folder of the run.", required: bool = True) -> None:
  """Registers the folder of a run, and the module of the user's own method."""
  flags.DEFINE_string("workdir", None, text, required=required)
  flags.DEFINE_string(
    "method",
    None,
    "Module of your own method, if the run is of one: it is imported, which "
    "reading a run does not do by itself.",
  )


def run_folder() -> str:
  """Returns the folder of the run, after the import of the user's method."""
  if flags.FLAGS.method:
    registry.own_module(flags.FLAGS.method)
  return flags.FLAGS.workdir


def output_file(name: str, suffix: str) -> pathlib.Path:
  """Returns the path of a file to write, checked before any work is done.

  Raises:
    UserError: the name has another suffix or is that of a folder, or its
      parent folder does not exist.
  """
  path = pathlib.Path(name).expanduser()
  if path.suffix != suffix or path.is_dir():
    raise UserError(f"{name} can't be written: name a {suffix} file")
  if not path.parent.is_dir():
    raise UserError(f"{name} can't be written: there is no {path.parent}")
  return path


def optional_json_file(name: str | None) -> pathlib.Path | None:
  """Returns the checked path of a JSON file to write, None without a name."""
  return output_file(name, ".json") if name else None


def named_folders(arguments: Sequence[str]) -> dict[str, str]:
  """Returns the folders of runs by name, from arguments NAME=FOLDER.

  Raises:
    UserError: an argument of another form, or a name that is used twice.
  """
  pairs = [argument.partition("=") for argument in arguments]
  for argument, (name, _, folder) in zip(arguments, pairs):
    if not (name and folder):
      raise UserError(f"{argument!r} must be NAME=FOLDER of a run")
  names = [name for name, _, _ in pairs]
  if repeated := {name for name in names if names.count(name) > 1}:
    raise UserError(
      "each run must have a name of its own; "
      f"{', '.join(repeated)} is there twice"
    )
  return {name: folder for name, _, folder in pairs}
