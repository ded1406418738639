-- Retention: legal holds, the policies and what the runs removed.

-- Nothing of what is held is removed, softly or for good, until the hold is released. `subject_id` refers to no table: a hold
-- outlives nothing, and what it holds cannot go.
CREATE TABLE legal_holds (
    id            TEXT    NOT NULL PRIMARY KEY,
    subject_kind  TEXT    NOT NULL CHECK (subject_kind IN ('user', 'team', 'conversation')),
    subject_id    TEXT    NOT NULL,
    reason_sealed BLOB    NOT NULL,
    placed_by     TEXT    REFERENCES users (id) ON DELETE SET NULL,
    placed_at     INTEGER NOT NULL,
    released_by   TEXT    REFERENCES users (id) ON DELETE SET NULL,
    released_at   INTEGER
) STRICT;
CREATE UNIQUE INDEX legal_holds_open ON legal_holds (subject_kind, subject_id) WHERE released_at IS NULL;
CREATE INDEX legal_holds_by_placer ON legal_holds (placed_by);
CREATE INDEX legal_holds_by_releaser ON legal_holds (released_by);
