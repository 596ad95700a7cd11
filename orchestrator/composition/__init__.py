"""Composition says what a task asks for and which team takes it: pure, by tables whose hits can be shown."""
