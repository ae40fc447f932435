"""Encoder, decoder and discriminators, as pure functions."""
