"""What the user and the project have written for this program to use: settings and agent templates."""
