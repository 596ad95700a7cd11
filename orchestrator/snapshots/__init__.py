"""Record trees of the target, compare them, and put files back as they were."""
