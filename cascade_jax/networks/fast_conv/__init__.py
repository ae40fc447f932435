"""Convolutions that XLA's CPU backend computes fast."""
