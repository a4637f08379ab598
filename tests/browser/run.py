#!/usr/bin/env python3
"""The report in a real browser: run.py MAKE_REPORT [FOLDER]. Headless Chromium opens reports of the fixture;
screenshots land in FOLDER (default: a temporary one). Exit 1 with words when something is wrong."""
import html
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

make_report = os.path.abspath(sys.argv[1])
folder = os.path.abspath(sys.argv[2]) if len(sys.argv) > 2 else tempfile.mkdtemp(prefix="ridge-browser-")
os.makedirs(folder, exist_ok=True)
browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
failures = []


def check(ok, words):
    print(("ok      " if ok else "FAILED  ") + words)
    if not ok:
        failures.append(words)


def chromium(*flags):
    with tempfile.TemporaryDirectory() as profile:
        done = subprocess.run([browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
                               "--disable-dev-shm-usage", "--enable-logging=stderr", "--log-level=0",
                               "--allow-file-access-from-files", "--user-data-dir=" + profile, *flags],
                              capture_output=True, timeout=90, check=False)
    return done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")


def write(name, kind):
    start = time.monotonic()
    data = subprocess.run([make_report, kind], capture_output=True, check=True).stdout
    path = os.path.join(folder, name)
    with open(path, "wb") as out:
        out.write(data)
    return path, data.decode("utf-8"), time.monotonic() - start


def probed(path, text, name, script):
    """The page with a second script at its end (and without its policy, which would rightly refuse it)."""
    text = re.sub(r"<meta http-equiv=Content-Security-Policy[^>]*>", "", text)
    text = text.replace("</body>", "<script>" + script + "</script></body>")
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)
    return path


def console_errors(log):
    return [line for line in log.splitlines() if "CONSOLE" in line]


def screenshot(path, name, width, height, *flags):
    out = os.path.join(folder, name)
    chromium("--screenshot=" + out, "--window-size=%d,%d" % (width, height), *flags, "file://" + path)
    check(os.path.exists(out) and os.path.getsize(out) > 20000, "screenshot " + name)


def check_plain():
    path, text, _ = write("plain.html", "plain")
    dom, log = chromium("--dump-dom", "file://" + path)
    check(not console_errors(log), "no console message: " + "; ".join(console_errors(log))[:400])
    check('class="script"' in dom, "the script ran under its own policy")
    check("is clearly the fastest on 4 of 14" in re.sub(r"<[^>]+>", "", dom), "the summary says who wins")
    screenshot(path, "wide-light.png", 1280, 2600)
    screenshot(path, "wide-dark.png", 1280, 2600, "--force-dark-mode")
    return path, text


def check_without_script(text):
    """Headless dumps need script themselves, so the page sits in a frame whose sandbox forbids it; the frame's parent looks in."""
    outer = os.path.join(folder, "noscript.html")
    with open(outer, "w", encoding="utf-8") as out:
        out.write('<title>none</title><body style="margin:0"><iframe sandbox="allow-same-origin" style="width:1280px;height:2600px;'
                  'border:0" srcdoc="%s"></iframe><script>onload = function () {'
                  "var d = document.querySelector('iframe').contentDocument;"
                  "var drawn = Array.prototype.filter.call(d.querySelectorAll('svg'), function (s) { return s.getBoundingClientRect().height > 100; });"
                  "document.title = 'script=' + d.documentElement.classList.contains('script') + ' pictures=' + drawn.length +"
                  "' level=' + (d.body.innerText.indexOf('≈ level') > 0) + ' buttons=' + d.querySelectorAll('.js:not([hidden])').length;"
                  "};</script>" % html.escape(text))
    dom, _ = chromium("--dump-dom", "file://" + outer)
    title = re.search(r"<title>(.*?)</title>", dom).group(1)
    found = re.match(r"script=false pictures=(\d+) level=true buttons=0$", title)
    check(found is not None and int(found.group(1)) >= 12, "pictures and tables need no script (page says %s)" % title)
    screenshot(outer, "noscript.png", 1280, 2600)


def check_behaviour(path, text):
    script = """
var r = [], q = function (s) { return document.querySelector(s); };
function cell() { return q('#matrix tbody tr').cells[1].textContent.trim(); }
q('#matrix thead th:nth-child(2) button').click(); r.push('sorted=' + cell());
q('#matrix thead th:nth-child(2) button').click(); r.push('reversed=' + cell());
r.push('aria=' + q('#matrix thead th:nth-child(2)').getAttribute('aria-sort'));
q('#filter').value = 'k=576'; q('#filter').dispatchEvent(new Event('input')); r.push('shown=' + q('#shown').textContent);
q('#theme').click(); r.push('theme=' + document.documentElement.dataset.theme);
q('.mark[tabindex]').focus(); r.push('tip=' + !q('#tip').hidden);
dispatchEvent(new Event('beforeprint')); r.push('closed=' + document.querySelectorAll('details:not([open])').length);
var bad = Array.prototype.filter.call(document.querySelectorAll('a[href^="#"]'), function (a) {
  return !document.getElementById(a.getAttribute('href').slice(1)); });
r.push('dead=' + bad.length);
document.title = r.join('|');"""
    dom, log = chromium("--dump-dom", "file://" + probed(path, text, "probe.html", script))
    title = html.unescape(re.search(r"<title>(.*?)</title>", dom, re.S).group(1))
    for want in ("sorted=491 us", "reversed=19.2 ms", "aria=descending", "shown=2 of 14", "theme=dark", "tip=true", "closed=0", "dead=0"):
        check(want in title.replace("µs", "us"), "%s (page says %s)" % (want, title))
    check(not console_errors(log), "no console message while in use")


def check_narrow(path, text):
    frame = os.path.join(folder, "frame.html")
    with open(frame, "w", encoding="utf-8") as out: # a window has a least width, a frame has none
        out.write('<body style="margin:0"><iframe src="plain.html" style="width:420px;height:5000px;border:0"></iframe>')
    screenshot(frame, "narrow-light.png", 500, 5000)
    screenshot(frame, "narrow-dark.png", 500, 5000, "--force-dark-mode")
    probe = probed(path, text, "probe-narrow.html", "parent.postMessage(document.documentElement.scrollWidth, '*');")
    with open(frame.replace("frame", "frame-probe"), "w", encoding="utf-8") as out:
        out.write("<title>none</title><body><script>onmessage = function (e) { document.title = 'width=' + e.data; };</script>"
                  '<iframe src="%s" style="width:420px;height:3000px;border:0"></iframe>' % os.path.basename(probe))
    dom, _ = chromium("--dump-dom", "--virtual-time-budget=3000", "file://" + frame.replace("frame", "frame-probe"))
    found = re.search(r"<title>(.*?)</title>", dom).group(1)
    check(found == "width=420", "nothing sticks out of a narrow page (%s)" % found)


def check_hostile():
    path, _, _ = write("hostile.html", "hostile")
    dom, log = chromium("--dump-dom", "file://" + path)
    title = html.unescape(re.search(r"<title>(.*?)</title>", dom, re.S).group(1))
    check(title.startswith("Ridge: ") and title != "owned", "hostile names do not run")
    check("<img" not in dom, "hostile names make no elements")
    check(not console_errors(log), "no console message: " + "; ".join(console_errors(log))[:300])
    screenshot(path, "hostile.png", 1280, 2600)


def frame_of(name, width, height):
    """A window has a least width, a frame has none."""
    path = os.path.join(folder, "frame-" + name)
    with open(path, "w", encoding="utf-8") as out:
        out.write('<body style="margin:0"><iframe src="%s" style="width:%dpx;height:%dpx;border:0"></iframe>' % (name, width, height))
    return path


def check_judged():
    """The verdict: seen first, sorted by its figures, whole on a telephone, and hostile names stay text."""
    script = """
var r = [], q = function (s) { return document.querySelector(s); };
function change() { return q('#verdict tbody tr').cells[2].textContent; }
q('#verdict thead th:nth-child(3) button').click(); r.push('least=' + change());
q('#verdict thead th:nth-child(3) button').click(); r.push('most=' + change());
q('#verdict thead th:nth-child(1) button').click(); r.push('first=' + q('#verdict tbody tr').className);
r.push('seen=' + (q('#verdict .trust').getBoundingClientRect().bottom < 400));
r.push('bar=' + q('#verdict tr.red svg.ci').getBoundingClientRect().width);
dispatchEvent(new Event('beforeprint')); r.push('closed=' + document.querySelectorAll('details:not([open])').length);
r.push('commands=' + document.querySelectorAll('#verdict tr.red pre').length + ' of ' + document.querySelectorAll('#verdict tr.red').length);
document.title = r.join('|');"""
    path, text, _ = write("judged.html", "judged")
    _, log = chromium("--dump-dom", "file://" + path)
    check(not console_errors(log), "no console message in the judged report: " + "; ".join(console_errors(log))[:400])
    dom, log = chromium("--dump-dom", "--window-size=1280,900", "file://" + probed(path, text, "probe-judged.html", script))
    title = html.unescape(re.search(r"<title>(.*?)</title>", dom, re.S).group(1))
    for want in ("least=-13.0 %", "most=x 2.31", "first=gain", "seen=true", "bar=220", "closed=0", "commands=4 of 4"):
        check(want in title, "%s (page says %s)" % (want, title))
    check(not console_errors(log), "no console message while the verdict is in use")
    screenshot(path, "judged-wide.png", 1280, 1600)
    screenshot(path, "judged-dark.png", 1280, 1600, "--force-dark-mode")
    screenshot(frame_of("judged.html", 390, 3000), "judged-narrow.png", 500, 3000)
    for name in ("judged", "judged-hostile"):
        path, text, _ = write(name + ".html", name)
        probed(path, text, "probe-narrow.html", "parent.postMessage(document.documentElement.scrollWidth, '*');")
        outer = frame_of("probe-narrow.html", 390, 3000)
        with open(outer, "a", encoding="utf-8") as out:
            out.write("<title>none</title><script>onmessage = function (e) { document.title = 'width=' + e.data; };</script>")
        dom, log = chromium("--dump-dom", "--virtual-time-budget=3000", "file://" + outer)
        found = re.search(r"<title>(.*?)</title>", dom).group(1)
        check(found == "width=390", "nothing sticks out of a narrow %s page (%s)" % (name, found))
    dom, log = chromium("--dump-dom", "file://" + os.path.join(folder, "judged-hostile.html"))
    check("<img" not in dom and "<title>Ridge: " in dom, "hostile names in a verdict make no elements")
    check(not console_errors(log), "no console message: " + "; ".join(console_errors(log))[:300])


def check_others():
    for kind in ("noisy", "empty", "told"):
        path, _, _ = write(kind + ".html", kind)
        _, log = chromium("--dump-dom", "file://" + path)
        check(not console_errors(log), "no console message in the %s report" % kind)
    _, text, seconds = write("big.html", "big")
    check(len(text.encode()) <= 3 << 20, "10,000 cases are %d bytes" % len(text.encode()))
    print("        written in %.2f s by this build" % seconds)


def main():
    if browser is None:
        print("This test needs Chromium: apt-get install chromium (./check does it).")
        return 1
    path, text = check_plain()
    check_without_script(text)
    check_behaviour(path, text)
    check_narrow(path, text)
    check_hostile()
    check_judged()
    check_others()
    print("screenshots in " + folder)
    return 1 if failures else 0


sys.exit(main())
