-- Schema 1 of a results file. Later schemas are steps (migrate_N.sql), applied in order; a new file takes all of them.
-- Times are ns since 1970 (UTC). *_json hold objects: strings in conditions, numbers in phases and facts.
CREATE TABLE host (
  id INTEGER PRIMARY KEY,
  digest TEXT NOT NULL UNIQUE,
  fingerprint_json TEXT NOT NULL,
  class TEXT NOT NULL,
  topology TEXT NOT NULL
) STRICT;

CREATE TABLE run (
  id INTEGER PRIMARY KEY,
  host_id INTEGER NOT NULL REFERENCES host (id),
  name TEXT NOT NULL,
  suite_path TEXT NOT NULL,
  suite_text TEXT NOT NULL,
  suite_sha256 TEXT NOT NULL,
  catalogue_digest TEXT NOT NULL,
  command TEXT NOT NULL,
  version TEXT NOT NULL,
  boot_id TEXT NOT NULL,
  seed INTEGER NOT NULL, -- 64 bits, as two's complement
  forks INTEGER NOT NULL, -- planned
  rounds INTEGER NOT NULL, -- planned, per fork
  statistic TEXT NOT NULL,
  n_cases INTEGER NOT NULL,
  n_groups INTEGER NOT NULL,
  started_utc_ns INTEGER NOT NULL,
  ended_utc_ns INTEGER NOT NULL DEFAULT 0,
  status TEXT NOT NULL CHECK (status IN ('running', 'complete', 'interrupted', 'failed')),
  fitness TEXT NOT NULL DEFAULT '',
  why TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX run_by_name ON run (name);

-- "case" is a keyword of SQL
CREATE TABLE bench_case (
  id INTEGER PRIMARY KEY,
  case_id TEXT NOT NULL,
  canonical TEXT NOT NULL UNIQUE,
  subject TEXT NOT NULL,
  op TEXT NOT NULL,
  shape_json TEXT NOT NULL,
  options_json TEXT NOT NULL,
  backend TEXT NOT NULL,
  device TEXT NOT NULL,
  target TEXT NOT NULL
) STRICT;

-- i_member and i_group are indexes into the run's plan. model and layer are labels, flop and bytes facts of the worker.
CREATE TABLE member (
  run_id INTEGER NOT NULL REFERENCES run (id),
  i_member INTEGER NOT NULL,
  case_rowid INTEGER NOT NULL REFERENCES bench_case (id),
  arm TEXT NOT NULL,
  yardstick TEXT,
  model TEXT NOT NULL,
  layer TEXT NOT NULL,
  flop REAL NOT NULL,
  compulsory_bytes REAL NOT NULL,
  PRIMARY KEY (run_id, i_member)
) STRICT, WITHOUT ROWID;
CREATE INDEX member_by_case ON member (case_rowid);

CREATE TABLE group_row (
  run_id INTEGER NOT NULL REFERENCES run (id),
  i_group INTEGER NOT NULL,
  group_id TEXT NOT NULL,
  title TEXT NOT NULL,
  stop_reason TEXT NOT NULL DEFAULT '',
  width_ratio REAL, -- NULL: not known
  PRIMARY KEY (run_id, i_group)
) STRICT, WITHOUT ROWID;

CREATE TABLE group_member (
  run_id INTEGER NOT NULL,
  i_group INTEGER NOT NULL,
  place INTEGER NOT NULL,
  i_member INTEGER NOT NULL,
  PRIMARY KEY (run_id, i_group, place),
  FOREIGN KEY (run_id, i_group) REFERENCES group_row (run_id, i_group),
  FOREIGN KEY (run_id, i_member) REFERENCES member (run_id, i_member)
) STRICT, WITHOUT ROWID;

-- a fork that is complete; resume skips it
CREATE TABLE fork_row (
  run_id INTEGER NOT NULL,
  i_group INTEGER NOT NULL,
  fork INTEGER NOT NULL,
  PRIMARY KEY (run_id, i_group, fork),
  FOREIGN KEY (run_id, i_group) REFERENCES group_row (run_id, i_group)
) STRICT, WITHOUT ROWID;

-- attempt 0 counts; others are interrupted forks that were measured again and are kept
CREATE TABLE process (
  run_id INTEGER NOT NULL,
  i_member INTEGER NOT NULL,
  fork INTEGER NOT NULL,
  attempt INTEGER NOT NULL DEFAULT 0,
  layout_seed INTEGER NOT NULL,
  verdict TEXT NOT NULL,
  reason TEXT NOT NULL,
  stderr_tail TEXT NOT NULL,
  term_signal INTEGER NOT NULL,
  warm TEXT NOT NULL,
  clock_name TEXT NOT NULL,
  clock_cost_ns REAL,
  clock_resolution_ns REAL,
  inner_reps INTEGER NOT NULL,
  phases_json TEXT NOT NULL,
  conditions_json TEXT NOT NULL,
  facts_json TEXT NOT NULL,
  PRIMARY KEY (run_id, i_member, fork, attempt),
  FOREIGN KEY (run_id, i_member) REFERENCES member (run_id, i_member)
) STRICT, WITHOUT ROWID;

-- one block of one member; -1: could not be measured. The samples lie in chunk_blob, so that counting reads no samples.
CREATE TABLE chunk (
  id INTEGER PRIMARY KEY,
  run_id INTEGER NOT NULL,
  i_group INTEGER NOT NULL,
  i_member INTEGER NOT NULL,
  fork INTEGER NOT NULL,
  round INTEGER NOT NULL,
  attempt INTEGER NOT NULL DEFAULT 0,
  place INTEGER NOT NULL, -- of this block in its round
  n INTEGER NOT NULL CHECK (n >= 0),
  n_lead_in INTEGER NOT NULL CHECK (n_lead_in BETWEEN 0 AND n),
  inner_reps INTEGER NOT NULL,
  canary_hz REAL,
  steal_ns INTEGER NOT NULL,
  foreign_ns INTEGER NOT NULL,
  wait_ns INTEGER NOT NULL,
  n_voluntary_switches INTEGER NOT NULL,
  n_involuntary_switches INTEGER NOT NULL,
  n_disturbed INTEGER NOT NULL,
  UNIQUE (run_id, i_member, i_group, fork, round, attempt),
  FOREIGN KEY (run_id, i_group) REFERENCES group_row (run_id, i_group),
  FOREIGN KEY (run_id, i_member) REFERENCES member (run_id, i_member)
) STRICT;
-- named typed columns of n values each; the format is in blob.h
CREATE TABLE chunk_blob (
  chunk_id INTEGER PRIMARY KEY REFERENCES chunk (id),
  columns BLOB NOT NULL
) STRICT;

CREATE TABLE metric_def (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  unit TEXT NOT NULL,
  better TEXT NOT NULL,
  source TEXT NOT NULL,
  doc TEXT NOT NULL,
  place INTEGER NOT NULL -- in the dictionary
) STRICT;

-- scope: case, layer:NAME, device:NAME, thread:N. No value: refused says why.
CREATE TABLE metric (
  run_id INTEGER NOT NULL,
  i_group INTEGER NOT NULL,
  i_member INTEGER NOT NULL,
  scope TEXT NOT NULL DEFAULT 'case',
  metric_id INTEGER NOT NULL REFERENCES metric_def (id),
  value REAL,
  low REAL,
  high REAL,
  n INTEGER NOT NULL,
  unit TEXT NOT NULL,
  source TEXT NOT NULL,
  rule TEXT NOT NULL,
  refused TEXT,
  PRIMARY KEY (run_id, i_group, i_member, scope, metric_id),
  FOREIGN KEY (run_id, i_group) REFERENCES group_row (run_id, i_group),
  FOREIGN KEY (run_id, i_member) REFERENCES member (run_id, i_member)
) STRICT, WITHOUT ROWID;

-- ratio = time(b) / time(a) unless the estimator says otherwise
CREATE TABLE comparison (
  run_id INTEGER NOT NULL,
  i_group INTEGER NOT NULL,
  i_member_a INTEGER NOT NULL,
  i_member_b INTEGER NOT NULL,
  estimator TEXT NOT NULL,
  ratio REAL,
  low REAL,
  high REAL,
  n_pairs INTEGER NOT NULL,
  n_forks INTEGER NOT NULL,
  paired INTEGER NOT NULL,
  note TEXT NOT NULL,
  PRIMARY KEY (run_id, i_group, i_member_a, i_member_b, estimator),
  FOREIGN KEY (run_id, i_group) REFERENCES group_row (run_id, i_group),
  FOREIGN KEY (run_id, i_member_a) REFERENCES member (run_id, i_member),
  FOREIGN KEY (run_id, i_member_b) REFERENCES member (run_id, i_member)
) STRICT, WITHOUT ROWID;

CREATE TABLE layer (
  run_id INTEGER NOT NULL,
  i_member INTEGER NOT NULL,
  i_layer INTEGER NOT NULL,
  name TEXT NOT NULL,
  op TEXT NOT NULL,
  kernel TEXT NOT NULL,
  sources TEXT NOT NULL, -- names of the model's nodes
  shapes TEXT NOT NULL,
  flop REAL,
  bytes REAL,
  PRIMARY KEY (run_id, i_member, i_layer),
  FOREIGN KEY (run_id, i_member) REFERENCES member (run_id, i_member)
) STRICT, WITHOUT ROWID;

CREATE TABLE series (
  id INTEGER PRIMARY KEY,
  run_id INTEGER NOT NULL REFERENCES run (id),
  i_member INTEGER, -- NULL: of the host
  name TEXT NOT NULL,
  unit TEXT NOT NULL,
  source TEXT NOT NULL,
  n INTEGER NOT NULL,
  columns BLOB NOT NULL -- time_ns and value, as in chunk_blob
) STRICT;

CREATE TABLE artifact (
  id INTEGER PRIMARY KEY,
  run_id INTEGER NOT NULL REFERENCES run (id),
  i_member INTEGER,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  bytes BLOB NOT NULL
) STRICT;

CREATE TABLE verdict (
  id INTEGER PRIMARY KEY,
  run_id INTEGER NOT NULL,
  i_member INTEGER NOT NULL,
  baseline_run_id INTEGER REFERENCES run (id),
  rule TEXT NOT NULL,
  verdict TEXT NOT NULL,
  ratio REAL,
  low REAL,
  high REAL,
  why TEXT NOT NULL,
  FOREIGN KEY (run_id, i_member) REFERENCES member (run_id, i_member)
) STRICT;
