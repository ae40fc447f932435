"""The page in which one explores a trained model in a browser."""

from cascade_jax.explore.write import evaluate_and_explore, write_page

__all__ = ("evaluate_and_explore", "write_page")
