-- Schema 4: of a run, who measures it (pid and start time, for --resume) and the words that make it again; per block its statistic, the CPU time it could have had, and for requests how many came back in how long.
ALTER TABLE chunk ADD COLUMN block_ns REAL;
ALTER TABLE chunk ADD COLUMN cpu_time_ns INTEGER NOT NULL DEFAULT -1;
ALTER TABLE chunk ADD COLUMN n_completed INTEGER NOT NULL DEFAULT -1;
ALTER TABLE chunk ADD COLUMN span_ns INTEGER NOT NULL DEFAULT -1;
ALTER TABLE run ADD COLUMN owner TEXT NOT NULL DEFAULT '';
ALTER TABLE run ADD COLUMN settings_words TEXT NOT NULL DEFAULT '';
ALTER TABLE run ADD COLUMN set_words TEXT NOT NULL DEFAULT '';
ALTER TABLE run ADD COLUMN defaults_json TEXT NOT NULL DEFAULT '{}'; -- of options: OPERATOR.KEY, or KEY of every case
