"""Mail and the people one writes to."""
