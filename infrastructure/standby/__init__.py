"""A process that has the program loaded and becomes, by a fork, each quick command it is given.

The client's side (``place``, ``wire``, ``client``) imports little: loading modules is what a standby saves.
"""
