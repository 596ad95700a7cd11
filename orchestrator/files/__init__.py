"""This room alone opens, lists and hashes files and folders that somebody else made."""
