"""python3 -m ridge_worker: JSON lines on stdin and stdout until bye or end of file."""
import os
import sys

from .serve import Worker


def main():
    # The real stdout is for the wire; what a library prints goes to stderr.
    wire = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    return Worker(sys.stdin.buffer, wire).serve()


sys.exit(main())
