"""What a worker may reach: the egress proxy, what it reads of a connection, and the rules that decide."""
