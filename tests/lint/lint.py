"""The rules of the house that a machine can hold. usage: lint.py RULE ROOT. Exit 1 with a line per breach."""
import os
import re
import sys
import urllib.parse

MAX_FILE_LINES = 500
MAX_COLUMNS = 140
MAX_FUNCTION_LINES = 60
MAX_COMPLEXITY = 20
TABLES = re.compile(r"\.inc$|_table\.c$|/kernels/|schema\.sql$|^kernels/|verbs\.c$")
MARKUP = re.compile(r"^reports/html/|^tests/|\.inc$|^kernels/")  # whole elements and fixtures stay on one line
BANNED = "strcpy strcat sprintf strncpy atoi strtok system popen alloca gets".split()
SKIP = {".git", "__pycache__"}


def files(root, *endings):
    for folder, names, leaves in os.walk(root):
        names[:] = sorted(n for n in names if n not in SKIP and not n.startswith("build"))
        for leaf in sorted(leaves):
            path = os.path.relpath(os.path.join(folder, leaf), root)
            if leaf.endswith(endings):
                yield path


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8", errors="replace") as f:
        return f.read()


def bare(text):
    """The code with comments, strings and characters blanked, line by line as before."""
    def blank(match):
        kept = match.group(0)
        if kept.startswith("/"):
            return re.sub(r"[^\n]", " ", kept)
        return kept[0] + re.sub(r"[^\n]", " ", kept[1:-1]) + kept[-1]
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, text, flags=re.S)


# ---- arrows: docs/architecture.md holds the table; its rows are `| folder | may include |` ----

def arrow_table(root):
    rows = {}
    for line in read(root, "docs/architecture.md").splitlines():
        cells = [c.strip() for c in line.strip().strip("|").split("|")]
        if line.startswith("| `") and len(cells) == 2:
            for folder in re.findall(r"`([^`]+)`", cells[0]):
                rows[folder] = set(re.findall(r"`([^`]+)`", cells[1]))
    return rows


EXTERNAL = {"hwloc.h": "hwloc", "jansson.h": "jansson", "sqlite3.h": "sqlite3", "curl/": "curl", "md5.h": "md",
            "sha2.h": "md", "sha256.h": "md", "cuda": "cuda", "papi.h": "papi", "immintrin.h": "intrinsics",
            "x86intrin.h": "intrinsics", "cpuid.h": "intrinsics", "arm_neon.h": "intrinsics"}


def owner(rows, path):
    """The longest row that a file lies in: harness/store, kernels/gemm, runners/*."""
    best = ""
    for row in rows:
        pattern = re.escape(row).replace(r"\*", "[^/]+") + r"/"
        if re.match(pattern, path) and len(row) > len(best):
            best = row
    return best


def target_of(root, path, include):
    for base in (os.path.dirname(path), "harness", "kernels", "runners", "reports", "profilers", ""):
        guess = os.path.normpath(os.path.join(base, include))
        if os.path.exists(os.path.join(root, guess)):
            return guess
    return None


def may(rows, row, path, target):
    goal = owner(rows, target)
    if not goal or os.path.dirname(path) == os.path.dirname(target) or target.startswith(row + "/"):
        return True
    for allowed in rows[row]:
        if allowed == target or re.match(re.escape(allowed).replace(r"\*", "[^/]+") + r"(/|$)", target):
            return True
    own = os.path.dirname(path)
    return target.startswith(own + "/")


def arrows(root):
    rows = arrow_table(root)
    if len(rows) < 10:
        yield "docs/architecture.md: the arrow table was not found"
    for path in files(root, ".c", ".h", ".inc"):
        row = owner(rows, path)
        if not row:
            continue
        for n, line in enumerate(read(root, path).splitlines(), 1):
            match = re.match(r'\s*#\s*include\s*(["<])([^">]+)[">]', line)
            if not match:
                continue
            include = match.group(2)
            if match.group(1) == "<":
                for head, name in EXTERNAL.items():
                    if include.startswith(head) and name not in rows[row] and "sdk" not in rows[row]:
                        yield f"{path}:{n}: {row} may not include {name}"
                continue
            target = target_of(root, path, include)
            if target is not None and not may(rows, row, path, target):
                yield f"{path}:{n}: {row} may not include {target}; docs/architecture.md says who may"


def banned(root):
    word = re.compile(r"(?<![\w.>])(" + "|".join(BANNED) + r")\s*\(")
    for path in files(root, ".c", ".h", ".inc"):
        for n, line in enumerate(bare(read(root, path)).splitlines(), 1):
            match = word.search(line)
            if match:
                yield f"{path}:{n}: {match.group(1)} is banned"


def lengths(root):
    for path in files(root, ".c", ".h", ".py", ".sh", ".cmake", ".css", ".js"):
        lines = read(root, path).splitlines()
        if len(lines) > MAX_FILE_LINES and not TABLES.search(path):
            yield f"{path}: {len(lines)} lines, {MAX_FILE_LINES} are the most"
        for n, line in enumerate(lines, 1):
            if len(line) > MAX_COLUMNS and path.endswith((".c", ".h")) and not MARKUP.search(path):
                yield f"{path}:{n}: {len(line)} columns, {MAX_COLUMNS} are the most"


DECISION = re.compile(r"\b(?:if|for|while|case)\b|&&|\|\||\?")


def c_functions(text):
    """(name, first line, lines, complexity) of each function: a brace in column 0 opens, one closes."""
    lines = bare(text).splitlines()
    start = None
    for i, line in enumerate(lines):
        if line == "{" or (start is None and re.match(r"^[a-zA-Z_].*\)\s*\{$", line)):
            start = i
        elif line.startswith("}") and start is not None:
            head = " ".join(lines[max(0, start - 4):start + 1])
            if not line.startswith("};") and "=" not in head.rsplit(";", 1)[-1].split("(")[0]:
                names = re.findall(r"(\w+)\s*\(", head.rsplit("}", 1)[-1])
                body = "\n".join(lines[start:i + 1])
                yield (names[0] if names else "?"), start + 1, i - start + 1, 1 + len(DECISION.findall(body))
            start = None


def functions(root):
    for path in files(root, ".c"):
        if path.startswith("tests/") or (TABLES.search(path) and not path.startswith("harness")):
            continue
        for name, line, n_lines, complexity in c_functions(read(root, path)):
            if n_lines > MAX_FUNCTION_LINES:
                yield f"{path}:{line}: {name} has {n_lines} lines, {MAX_FUNCTION_LINES} are the most"
            if complexity > MAX_COMPLEXITY:
                yield f"{path}:{line}: {name} has complexity {complexity}, {MAX_COMPLEXITY} is the most"


def anchors(text):
    found = set()
    for title in re.findall(r"^#+\s+(.*)$", text, flags=re.M):
        found.add(re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-"))
    return found


def links(root):
    for path in files(root, ".md"):
        text = re.sub(r"```.*?```", "", read(root, path), flags=re.S)
        for goal in re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r"<img[^>]+src=\"([^\"]+)\"", text):
            if re.match(r"[a-z]+:", goal):
                continue
            file, _, anchor = goal.partition("#")
            full = os.path.normpath(os.path.join(root, os.path.dirname(path), urllib.parse.unquote(file)))
            full = full if file else os.path.join(root, path)
            if not os.path.exists(full):
                yield f"{path}: the link {goal} leads nowhere"
            elif anchor and full.endswith(".md") and anchor not in anchors(read(root, os.path.relpath(full, root))):
                yield f"{path}: {goal} has no such heading"


def pages(root):
    wanted = ["README.md"] + [top + "/README.md" for top in ("docs", "configs", "reports", "kernels", "runners", "tests", "scripts")]
    for top in ("harness", "runners", "tests"):
        for name in sorted(os.listdir(os.path.join(root, top))):
            folder = os.path.join(top, name)
            if any(files(os.path.join(root, folder), ".c", ".h", ".py", ".json", ".txt")):
                wanted.append(os.path.join(folder, "README.md"))
    for page in wanted:
        if not os.path.exists(os.path.join(root, page)):
            yield f"{page} is missing: each folder has its page"
        elif page.startswith(("harness", "runners", "tests", "scripts", "reports")) and not re.search(r"\bAdd an? ", read(root, page)):
            yield f"{page}: does not end in how to add something ('Add a ... in N steps')"


def paths(root):
    homes = re.compile(r"/(?:home|root|Users|work)/[A-Za-z0-9_.]+")
    for path in files(root, ".c", ".h", ".md", ".json", ".py", ".sh", ".txt", ".cmake", ".inc", ".csv"):
        if path == "tests/lint/lint.py":
            continue
        for n, line in enumerate(read(root, path).splitlines(), 1):
            match = homes.search(line)
            if match:
                yield f"{path}:{n}: {match.group(0)} is a path of one machine"


def main():
    rules = {f.__name__: f for f in (arrows, banned, lengths, functions, links, pages, paths)}
    if len(sys.argv) != 3 or sys.argv[1] not in rules:
        sys.exit("usage: lint.py " + "|".join(rules) + " ROOT")
    breaches = list(rules[sys.argv[1]](sys.argv[2]))
    for breach in breaches:
        print(breach)
    print(f"{sys.argv[1]}: {len(breaches)} breaches")
    sys.exit(1 if breaches else 0)


main()
