"""The page in which one explores a trained model in a browser."""

from cascade_jax.explore.write import FILE_NAME, write_page

__all__ = ("FILE_NAME", "write_page")
