"""How hypothesis looks for counterexamples in these tests."""

import hypothesis


def properties(max_examples: int):
  """Settings of a test: the same examples in every run, and nothing on disk."""
  return hypothesis.settings(
    max_examples=max_examples,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
  )
