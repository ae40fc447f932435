"""The variants of a config file, which `--config=FILE:VARIANT` chooses."""

from typing import Any

from cascade_jax.errors import UserError


def settings(
  variants: dict[str, dict[str, Any]], variant: str
) -> dict[str, Any]:
  """Returns the settings of a variant by key.

  Args:
    variants: the settings of each variant of the file.
    variant: a name.

  Raises:
    UserError: the name is unknown; the message lists those that there are.
  """
  if variant not in variants:
    raise UserError(
      f"variant {variant!r} of the config is unknown; there are "
      f"{', '.join(variants)}"
    )
  return variants[variant]
