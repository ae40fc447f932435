"""Trained models evaluated: codes, scores, information and tables."""
