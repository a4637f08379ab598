"""A Ridge worker in Python: the wire of WIRE.md, for engines that live in Python. Standard library only."""

VERSION = "0.1.0"
WIRE = 1
