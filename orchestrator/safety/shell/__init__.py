"""Reads the text of a shell command: which simple commands it would run, with which words.  Nothing is run."""
