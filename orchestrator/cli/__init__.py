"""The command line: one file per subcommand, and nothing heavy imported before it is needed."""
