"""The gaps between the unary costs of a sample's two cheapest codes.

If the gap is small compared with the cost of crowding, the flow decides on the
sample's code; if it is large, the decoder does.
"""

from cascade_jax.types import ArrayT

# Upper ends of the bins in nats. The first bin starts at 0, and one more bin
# has no upper end.
GAP_EDGES = (0.01, 0.1, 1.0, 10.0, 100.0)


def gap_counts(costs: ArrayT) -> ArrayT:
  """Counts the samples of each batch by their gap, in bins of `GAP_EDGES`.

  Args:
    costs: `[..., B, K]` unary costs in nats, K >= 2; of NumPy or of JAX.

  Returns:
    `[..., 6]` counts, an array of the same library as `costs`.
  """
  library = costs.__array_namespace__()
  ascending = library.sort(costs, axis=-1)
  gaps = ascending[..., 1] - ascending[..., 0]
  edges = library.asarray(GAP_EDGES)
  bins = library.searchsorted(edges, gaps, side="right")
  is_in_bin = bins[..., None] == library.arange(len(GAP_EDGES) + 1)
  return is_in_bin.sum(axis=-2)
