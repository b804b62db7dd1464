"""Who was told what, when, by which channel, or why not."""
