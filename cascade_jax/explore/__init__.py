"""The page in which one explores a trained model in a browser."""

from cascade_jax.explore.write import write_explorer, write_page

__all__ = ("write_explorer", "write_page")
