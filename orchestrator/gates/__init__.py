"""What gates there are, how each asks its tool, and how its answer is read: nothing here runs anything."""
