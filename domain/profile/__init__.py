"""Facts about the person and the devices they use."""
