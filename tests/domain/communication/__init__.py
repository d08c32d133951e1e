"""Mail and contacts."""
