-- Schema 7: how many forks a figure rests on.
ALTER TABLE metric ADD COLUMN n_forks INTEGER NOT NULL DEFAULT 0; -- that count in it; 0: not known
