"""python3 -m ridge_worker: JSON lines on stdin and stdout until bye or end of file."""
import os
import sys

from .serve import Worker


def main():
    # The real stdin and stdout are for the wire; what a library prints goes to stderr, what it reads is empty.
    requests = os.fdopen(os.dup(0), "rb")
    wire = os.fdopen(os.dup(1), "wb", buffering=0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return Worker(requests, wire).serve()


sys.exit(main())
