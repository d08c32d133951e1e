"""The standby: its mechanism with a small program, and the program it is for."""
