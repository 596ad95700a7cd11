"""The journal is the record of a session, and this room alone writes and reads its folder."""
