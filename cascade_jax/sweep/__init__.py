"""Sweeps: many runs of a grid, as jobs of submitit on this machine or Slurm."""
