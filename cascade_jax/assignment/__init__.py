"""The discrete codes of a batch: exact solvers, and how sure the costs are."""
