"""Launches `cascade_jax.commands.sweep`; --help says what it does."""

from cascade_jax.commands import launch

if __name__ == "__main__":
  launch.run("sweep")
