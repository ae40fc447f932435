import pytest

from cascade_jax.runs.schema import fault


@pytest.mark.parametrize(
  ("value", "schema"),
  [
    (1, int),
    (1, float),
    (float("nan"), float),
    (True, bool),
    ("a", str),
    (None, None),
    (None, (int, None)),
    ([], [int]),
    ([1, 2.5], [float]),
    ({"x": 1, "z": 2}, {"x": int, "y?": int}),
    ({"x": {"y": [1]}}, {"x": {"y?": [int]}}),
    ({"a": 1, "b": None}, {str: (int, None)}),
    ({"x": 1}, dict),
  ],
)
def test_what_fits(value, schema):
  assert fault(value, schema) is None


@pytest.mark.parametrize(
  ("value", "schema", "message"),
  [
    ({"x": True}, {"x": int}, "x is True, not an int"),
    ({"x": False}, {"x": float}, "x is False, not a number"),
    ({"x": 1.0}, {"x": int}, "x is 1.0, not an int"),
    ({"x": 1}, {"x": bool}, "x is 1, not a bool"),
    ({"x": 0}, {"x": None}, "x is 0, not null"),
    ({"x": "1"}, {"x": (float, None)}, "x is '1', not a number"),
    ({"x": {}}, {"x": [int]}, "x is {}, not a list"),
    ({"x": [1] * 99}, {"x": dict}, "x is a list, not an object"),
    ({"x": [1, "a"]}, {"x": [int]}, "x[1] is 'a', not an int"),
    ({}, {"x": int}, "x is missing"),
    ({"y": 1.5}, {"y?": int}, "y is 1.5, not an int"),
    ({"x": [{"y": 1}, {}]}, {"x": [{"y": int}]}, "x[1].y is missing"),
    ({"a": {"b": None}}, {"a": {str: int}}, "a.b is None, not an int"),
  ],
)
def test_what_does_not_fit_is_named(value, schema, message):
  assert fault(value, schema) == message
