"""A rehearsal: a scripted model on this machine that the real CLIs talk to, and stand-ins for CLIs that are missing."""
