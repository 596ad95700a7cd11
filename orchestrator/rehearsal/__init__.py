"""A rehearsal is a session with a scripted model on this machine, to which the real CLIs or stand-ins talk."""
