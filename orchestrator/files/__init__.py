"""Files and folders that somebody else made: the only room of the package that opens, lists or hashes them."""
