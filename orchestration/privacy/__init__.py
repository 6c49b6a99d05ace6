"""What people may ask to be forgotten, and what is not kept longer than it may be."""
