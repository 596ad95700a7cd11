"""What is put around a worker: mounts, limits, guards, a private home, an environment, and the proof that it holds."""
