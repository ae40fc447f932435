"""Launches `cascade_jax.commands.categories`; --help says what it does."""

from cascade_jax.commands import launch

if __name__ == "__main__":
  launch.run("categories")
