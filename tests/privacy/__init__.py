"""What a person wrote is nowhere in clear but where people search it."""
