"""How hypothesis looks for counterexamples in these tests."""

import hypothesis

_USUAL = 100  # hypothesis' own number of examples
# The profile of `--hypothesis-profile=long`; see BUILD.md.
_LONG = hypothesis.settings(max_examples=50 * _USUAL, print_blob=True)


def register_profiles() -> None:
  """Makes the long profile known, before pytest asks for it."""
  hypothesis.settings.register_profile("long", _LONG)


def properties(max_examples: int):
  """Settings of a test: the same examples in every run, and nothing on disk.

  In the long profile they are fifty times as many, and others in every run; a
  failure prints the line that repeats it.
  """
  profile = hypothesis.settings.default
  is_long = profile.max_examples > _USUAL
  return hypothesis.settings(
    max_examples=max_examples * profile.max_examples // _USUAL,
    derandomize=not is_long,
    deadline=None,
    database=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
  )
