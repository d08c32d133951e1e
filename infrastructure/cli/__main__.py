"""Runs the program as ``python -m infrastructure.cli``."""

from infrastructure.cli.entry import main

main()
