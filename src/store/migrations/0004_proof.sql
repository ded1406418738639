-- The audit log that proves itself: the roots of whole subtrees, so that a proof reads no more than a bundle of rows; and
-- the signed heads.

-- `level` is a subtree's height, from 8 (a bundle of 256 rows) on; `nth` counts those of its height from the left.
CREATE TABLE audit_nodes (
    level INTEGER NOT NULL CHECK (level >= 8),
    nth   INTEGER NOT NULL,
    hash  BLOB    NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (level, nth)
) STRICT, WITHOUT ROWID;

-- One signed note (C2SP tlog-checkpoint) for each; `epoch` counts the times that a rollback was accepted, from 1.
CREATE TABLE checkpoints (
    epoch INTEGER NOT NULL,
    size  INTEGER NOT NULL,
    at    INTEGER NOT NULL,
    note  TEXT    NOT NULL,
    PRIMARY KEY (epoch, size)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER audit_nodes_no_update BEFORE UPDATE ON audit_nodes
BEGIN SELECT raise(ABORT, 'audit_nodes is append-only: no update'); END;
CREATE TRIGGER checkpoints_no_update BEFORE UPDATE ON checkpoints
BEGIN SELECT raise(ABORT, 'checkpoints is append-only: no update'); END;

ALTER TABLE audit_head ADD COLUMN epoch INTEGER NOT NULL DEFAULT 1;
