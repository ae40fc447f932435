"""Launches `cascade_jax.commands.reproduce`; --help says what it does."""

from cascade_jax.commands import launch

if __name__ == "__main__":
  launch.run("reproduce")
