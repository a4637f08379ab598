"""Option rows: one row says how a text is parsed and what the catalogue shows."""
import re

from .errors import CaseError, unsupported

UNITS = {
    "duration_ns": {"ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9, "min": 60 * 10**9},
    "bytes": {"": 1, "B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "kB": 10**3, "MB": 10**6, "GB": 10**9},
}


def row(key, kind, default, help_, role="subject", unit=None, names=None, low=0, high=0):
    return {"key": key, "kind": kind, "role": role, "default": default, "help": help_,
            "unit": unit, "names": names, "min": low, "max": high}


CASE_ROWS = [
    row("threads", "int", "1", "threads of the pinned pool", "identity", "threads", low=1, high=4096),
    row("cache", "enum", "hot", "hot: the same buffers each run; cold: buffers that are not in any cache",
        "identity", names=["hot", "cold"]),
    row("scenario", "string", "single",
        "how requests come: single, depth(n), open(rate,poisson), open(rate,constant), offline", "identity"),
]


def parse(r, text):
    """The value of a text; ValueError when it is none."""
    kind = r["kind"]
    if kind == "string":
        return text
    if kind == "enum":
        if text not in r["names"]:
            raise ValueError("it is one of " + ", ".join(r["names"]))
        return text
    if kind == "bool":
        return {"true": True, "false": False}[text]
    if kind in UNITS:
        m = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?) ?([A-Za-z]*)", text)
        # the harness sends canonical texts, whole numbers of nanoseconds or bytes, too
        if m is None or m.group(2) not in {**UNITS[kind], "": 1}:
            raise ValueError("a number with a unit is needed")
        return int(float(m.group(1)) * {**UNITS[kind], "": 1}[m.group(2)])
    value = int(text) if kind == "int" else float(text)
    if (r["min"], r["max"]) != (0, 0) and not r["min"] <= value <= r["max"]:
        raise ValueError(f"it lies in [{r['min']}, {r['max']}]")
    return value


def fill(rows, texts):
    """Values of all rows; a key or value that no row knows is answered, never dropped."""
    known = {r["key"]: r for r in rows}
    values = {}
    for key, text in texts.items():
        if key not in known:
            raise unsupported(f"this worker does not know {key}={text}")
        try:
            values[key] = parse(known[key], text)
        except (ValueError, KeyError) as why:
            raise unsupported(f"this worker does not know {key}={text}: {why}") from None
    for r in rows:
        if r["key"] in values:
            continue
        if r["default"] is None:
            raise CaseError("failed", f"'{r['key']}' is required: {r['help']}")
        values[r["key"]] = parse(r, r["default"])
    return values
