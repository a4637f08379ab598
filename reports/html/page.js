(function () {
'use strict';
var doc = document, root = doc.documentElement;
function all(q, in_) { return Array.prototype.slice.call((in_ || doc).querySelectorAll(q)); }
root.classList.add('script');
all('.js').forEach(function (e) { e.hidden = false; });
try { var kept = localStorage.getItem('ridge-theme'); if (kept) root.dataset.theme = kept; } catch (e) { /* file: may forbid it */ }
var theme = doc.getElementById('theme');
theme.addEventListener('click', function () {
  var dark = root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  root.dataset.theme = dark ? 'light' : 'dark';
  try { localStorage.setItem('ridge-theme', root.dataset.theme); } catch (e) { /* as above */ }
});
var units = { ns: 1, 'µs': 1e3, us: 1e3, ms: 1e6, s: 1e9 };
function key(td) {
  if (td.dataset.key) return parseFloat(td.dataset.key);
  var t = td.textContent.replace(/^[★≈▲✖○±\s]+/, ''), m = /^(-?[\d.]+)\s*(ns|µs|us|ms|s)?\b/.exec(t);
  return m && !/=/.test(t.slice(0, 12)) ? parseFloat(m[1]) * (m[2] ? units[m[2]] : 1) : t;
}
function compare(a, b) {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'number') return -1;
  if (typeof b === 'number') return 1;
  return a.localeCompare(b, undefined, { numeric: true });
}
all('table.sortable').forEach(function (table) {
  all('thead th', table).forEach(function (th, column) {
    var button = th.querySelector('button');
    if (!button) return;
    button.addEventListener('click', function () {
      var up = th.getAttribute('aria-sort') !== 'ascending', body = table.tBodies[0];
      all('th[aria-sort]', table).forEach(function (o) { o.removeAttribute('aria-sort'); });
      th.setAttribute('aria-sort', up ? 'ascending' : 'descending');
      var rows = all('tr', body).map(function (r) { return [key(r.cells[column]), r]; });
      rows.sort(function (a, b) { // what has no figure comes last, up or down
        return up || typeof a[0] !== typeof b[0] ? compare(a[0], b[0]) : compare(b[0], a[0]);
      });
      rows.forEach(function (r) { body.appendChild(r[1]); });
    });
  });
});
var filter = doc.getElementById('filter'), shown = doc.getElementById('shown');
filter.addEventListener('input', function () {
  var words = filter.value.toLowerCase().split(/\s+/), n = 0, rows = all('#matrix tbody tr');
  rows.forEach(function (r) {
    var text = r.textContent.toLowerCase(), yes = words.every(function (w) { return text.indexOf(w) >= 0; });
    r.hidden = !yes;
    n += yes;
  });
  shown.textContent = n + ' of ' + rows.length;
});
var open = doc.getElementById('openall');
function openAll() { all('details').forEach(function (d) { d.open = true; }); }
if (open) open.addEventListener('click', openAll);
addEventListener('beforeprint', openAll);
function reveal() {
  var target = location.hash.length > 1 && doc.getElementById(location.hash.slice(1));
  if (target && target.tagName === 'DETAILS') target.open = true;
}
addEventListener('hashchange', reveal);
reveal();
all('.cmd').forEach(function (cmd) {
  if (!navigator.clipboard) return;
  var b = doc.createElement('button');
  b.textContent = 'copy';
  b.addEventListener('click', function () {
    navigator.clipboard.writeText(cmd.querySelector('pre').textContent).then(function () { b.textContent = 'copied'; });
  });
  cmd.appendChild(b);
});
var tip = doc.createElement('div');
tip.id = 'tip';
tip.hidden = true;
doc.body.appendChild(tip);
function show(mark, x, y) {
  tip.textContent = mark.dataset.tip;
  tip.hidden = false;
  tip.style.left = Math.max(4, Math.min(x + 12, innerWidth - tip.offsetWidth - 8)) + 'px';
  tip.style.top = Math.max(4, y - tip.offsetHeight - 10) + 'px';
}
function hide() { tip.hidden = true; }
all('.mark').forEach(function (mark) {
  var title = mark.querySelector('title');
  mark.dataset.tip = title.textContent;
  mark.setAttribute('aria-label', title.textContent);
  mark.setAttribute('role', 'img');
  title.remove();
  mark.addEventListener('mousemove', function (e) { show(mark, e.clientX, e.clientY); });
  mark.addEventListener('mouseleave', hide);
  mark.addEventListener('blur', hide);
  mark.addEventListener('focus', function () { var r = mark.getBoundingClientRect(); show(mark, r.left, r.top); });
});
addEventListener('keydown', function (e) { if (e.key === 'Escape') hide(); });
})();
