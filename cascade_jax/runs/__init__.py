"""The files of a run: configuration, provenance, checkpoints and log."""
