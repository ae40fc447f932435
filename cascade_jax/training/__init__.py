"""Training runs: the compiled steps, the loop and the replicas."""
