"""Runs the program as ``python -m infrastructure.cli``."""

from infrastructure.cli.app import main

main()
