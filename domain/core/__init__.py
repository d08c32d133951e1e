"""The person, their connections to other services, what they share and what they are told."""
