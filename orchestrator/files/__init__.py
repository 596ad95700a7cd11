"""This room alone opens, lists and hashes what somebody else made; it also watches, tails and replaces files."""
