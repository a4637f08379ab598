-- Schema 6: blocks that a neighbour on the core had a part in.
ALTER TABLE chunk ADD COLUMN loads_per_step REAL; -- from L1, a step of the clock canary
ALTER TABLE chunk ADD COLUMN n_repeats INTEGER NOT NULL DEFAULT 0; -- blocks thrown away for this one
