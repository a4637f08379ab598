-- Schema 2: how often a run was resumed; numbers the attempts of its interrupted forks.
ALTER TABLE run ADD COLUMN n_resumed INTEGER NOT NULL DEFAULT 0;
