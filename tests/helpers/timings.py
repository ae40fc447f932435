"""Records of a run without what differs from one time to the next."""


def without_timings(record):
  """A record without times, and rates per time."""
  return {
    key: value
    for key, value in record.items()
    if key not in ("elapsed", "steps_per_second") and "seconds" not in key
  }
