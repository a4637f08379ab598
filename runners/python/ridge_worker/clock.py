"""The clock: time.perf_counter_ns, calibrated at start."""
import time


def calibrate(n=20000):
    """Cost of a pair of reads and the smallest step, in ns."""
    now = time.perf_counter_ns
    steps = []
    begin = now()
    for _ in range(n):
        a = now()
        b = now()
        if b > a:
            steps.append(b - a)
    cost = (now() - begin) / (2 * n)
    return {"name": "perf_counter_ns", "cost_ns": cost, "resolution_ns": float(min(steps, default=1))}
