"""Pictures, and what cameras and programs write into them."""
