-- Schema 3: judgements, their rows, and named baselines. Nothing had ever written the old verdict table.
DROP TABLE verdict;
CREATE TABLE judgement (
  id INTEGER PRIMARY KEY,
  run_id INTEGER NOT NULL REFERENCES run (id),
  base_run_id INTEGER REFERENCES run (id), -- NULL: the same run, or a run of another file
  judged_utc_ns INTEGER NOT NULL,
  mode TEXT NOT NULL, -- ab, gate, compare, rejudge
  baseline TEXT NOT NULL,
  rules_name TEXT NOT NULL,
  rules_text TEXT NOT NULL,
  rules_sha256 TEXT NOT NULL,
  command TEXT NOT NULL,
  banner TEXT NOT NULL,
  why TEXT NOT NULL,
  advice TEXT NOT NULL,
  exit_code INTEGER NOT NULL,
  n_aa_out INTEGER NOT NULL,
  n_aa INTEGER NOT NULL,
  n_aa_allowed INTEGER NOT NULL,
  n_aa_out_pooled INTEGER NOT NULL,
  n_aa_pooled INTEGER NOT NULL,
  aa_upper REAL, -- 95 % bound of the pooled rate
  detect_ratio REAL,
  alpha REAL NOT NULL, -- one-sided, of the last look
  n_looks INTEGER NOT NULL
) STRICT;
CREATE INDEX judgement_by_run ON judgement (run_id);

-- kind: paired, unpaired, metric, limit, exists, answer, aa. i_member NULL: the case is not in the judged run.
CREATE TABLE verdict (
  id INTEGER PRIMARY KEY,
  judgement_id INTEGER NOT NULL REFERENCES judgement (id),
  run_id INTEGER NOT NULL REFERENCES run (id),
  i_member INTEGER,
  base_run_id INTEGER,
  i_member_base INTEGER,
  case_id TEXT NOT NULL,
  subject TEXT NOT NULL,
  label TEXT NOT NULL,
  metric TEXT NOT NULL,
  kind TEXT NOT NULL,
  verdict TEXT NOT NULL,
  ratio REAL,
  low REAL,
  high REAL,
  margin_ratio REAL,
  p REAL,
  detect_ratio REAL,
  n_forks INTEGER NOT NULL,
  n_more_forks INTEGER NOT NULL,
  more_s REAL,
  why TEXT NOT NULL,
  again TEXT NOT NULL
) STRICT;
CREATE INDEX verdict_by_judgement ON verdict (judgement_id);

-- a name may stand for several runs
CREATE TABLE baseline (
  name TEXT NOT NULL,
  run_id INTEGER NOT NULL REFERENCES run (id),
  set_utc_ns INTEGER NOT NULL,
  PRIMARY KEY (name, run_id)
) STRICT, WITHOUT ROWID;
