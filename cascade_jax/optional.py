"""Packages that only some parts of this one need, its extras."""

import importlib
import types

from cascade_jax.errors import UserError


def imported(package: str, extra: str, reader: str) -> types.ModuleType:
  """Imports a package.

  Args:
    package: its name in Python.
    extra: of cascade_jax, which installs it.
    reader: what needs it, for the message.

  Raises:
    UserError: it is not installed; the message says how to.
  """
  try:
    return importlib.import_module(package)
  except ImportError as error:
    raise UserError(
      f"{reader} needs {package}: pip install cascade_jax[{extra}]"
    ) from error
