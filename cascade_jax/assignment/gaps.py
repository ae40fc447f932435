"""How sure the unary costs are of each sample's code.

Where the gap between a sample's cheapest code and the next is small against
what crowding costs, the flow decides; where it is large, the decoder does.
"""

# Nats: where the bins end, the first starting at 0, the last without an end.
GAP_EDGES = (0.01, 0.1, 1.0, 10.0, 100.0)


def gap_counts(costs):
  """Samples of a batch by their gap: a histogram.

  Args:
    costs: `[..., B, K]` nats, of NumPy or of jax; K >= 2.

  Returns:
    `[..., 6]` counts, of the bins between `GAP_EDGES`; of the kind of `costs`.
  """
  xp = costs.__array_namespace__()
  ordered = xp.sort(costs, axis=-1)
  gaps = ordered[..., 1] - ordered[..., 0]
  bins = xp.searchsorted(xp.asarray(GAP_EDGES), gaps, side="right")
  is_in = bins[..., None] == xp.arange(len(GAP_EDGES) + 1)
  return is_in.sum(axis=-2)
