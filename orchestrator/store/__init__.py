"""What sessions came to, in one log per user, and the compositions that it speaks for."""
