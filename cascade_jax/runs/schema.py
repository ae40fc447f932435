"""The names and types that JSON must have.

A schema is made of literals:

| schema | JSON that fits it |
|---|---|
| `str`, `int`, `bool`, `dict` | a value of this type; a bool is no int |
| `float` | any number |
| `None` | null |
| `(a, b)` | what fits one of the schemas a and b |
| `[a]` | a list, whose items fit a |
| `{"x": a, "y?": b}` | an object with x and perhaps y; it may have more |
| `{str: a}` | an object whose values fit a |
"""

from collections.abc import Iterator
from typing import Any

Schema = Any


def fault(value: Any, schema: Schema, name: str = "") -> str | None:
  """Returns in what a value differs from a schema, or None if it fits.

  Args:
    value: as `json.loads` gives it.
    schema: see the top of this file.
    name: of the value, for the answer.
  """
  if isinstance(schema, tuple):
    faults = [fault(value, each, name) for each in schema]
    return None if None in faults else faults[0]
  if isinstance(schema, list) and isinstance(value, list):
    items = (fault(x, schema[0], f"{name}[{k}]") for k, x in enumerate(value))
    return next(filter(None, items), None)
  if isinstance(schema, dict) and isinstance(value, dict):
    return next(filter(None, _faults_of_object(value, schema, name)), None)
  if _is_of_type(value, schema):
    return None
  return f"{name} is {_shown(value)}, not {_title(schema)}"


def _faults_of_object(
  value: dict, schema: dict, name: str
) -> Iterator[str | None]:
  prefix = f"{name}." if name else ""
  for key, expected in schema.items():
    if key is str:
      for each, item in value.items():
        yield fault(item, expected, f"{prefix}{each}")
    elif (plain := key.removesuffix("?")) in value:
      yield fault(value[plain], expected, f"{prefix}{plain}")
    elif plain == key:
      yield f"{prefix}{key} is missing"


def _is_of_type(value: Any, schema: Schema) -> bool:
  if schema is None or isinstance(value, bool):
    return value is None if schema is None else schema is bool
  if schema is float:
    return isinstance(value, int | float)
  return isinstance(schema, type) and isinstance(value, schema)


def _shown(value: Any) -> str:
  text = repr(value)
  return text if len(text) < 40 else f"a {type(value).__name__}"


def _title(schema: Schema) -> str:
  kind = schema if isinstance(schema, type) else type(schema)
  names = {dict: "an object", list: "a list", float: "a number", int: "an int"}
  return names.get(kind, "null" if schema is None else f"a {kind.__name__}")
