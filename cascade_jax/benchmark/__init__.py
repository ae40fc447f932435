"""The speed of steps, solvers and evaluation on this machine."""
