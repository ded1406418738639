-- The foundation: people and their sign-ins, teams, delegations, keys, quotas and the audit log.
-- Ids are UUIDv7 as text, times microseconds UTC, *_sealed AES-256-GCM values, *_bidx blind indexes.

CREATE TABLE settings (
    name  TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
) STRICT;

-- One data key per owner, wrapped by the key-encryption key. Destroying a row shreds all that it sealed.
CREATE TABLE data_keys (
    owner_kind TEXT    NOT NULL CHECK (owner_kind IN ('instance', 'user', 'team')),
    owner_id   TEXT    NOT NULL,
    wrapped    BLOB    NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (owner_kind, owner_id)
) STRICT;

CREATE TABLE users (
    id            TEXT    NOT NULL PRIMARY KEY,
    pseudonym     TEXT    NOT NULL UNIQUE,
    name_sealed   BLOB    NOT NULL,
    email_sealed  BLOB,
    email_bidx    BLOB    UNIQUE,
    instance_role TEXT    CHECK (instance_role IN ('owner', 'admin', 'manager', 'member')),
    state         TEXT    NOT NULL CHECK (state IN ('active', 'suspended')),
    session_epoch INTEGER NOT NULL DEFAULT 0,
    version       INTEGER NOT NULL DEFAULT 1,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL
) STRICT;

CREATE TABLE identities (
    id             TEXT    NOT NULL PRIMARY KEY,
    user_id        TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    issuer         TEXT    NOT NULL,
    subject_bidx   BLOB    NOT NULL,
    subject_sealed BLOB    NOT NULL,
    created_at     INTEGER NOT NULL,
    last_used_at   INTEGER NOT NULL,
    UNIQUE (issuer, subject_bidx)
) STRICT;
CREATE INDEX identities_by_user ON identities (user_id);

CREATE TABLE devices (
    id              TEXT    NOT NULL PRIMARY KEY,
    user_id         TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name_sealed     BLOB    NOT NULL,
    platform_sealed BLOB    NOT NULL,
    first_seen_at   INTEGER NOT NULL
) STRICT;
CREATE INDEX devices_by_user ON devices (user_id);

CREATE TABLE sessions (
    id            TEXT    NOT NULL PRIMARY KEY,
    user_id       TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    device_id     TEXT    REFERENCES devices (id) ON DELETE SET NULL,
    kind          TEXT    NOT NULL CHECK (kind IN ('console', 'client')),
    epoch         INTEGER NOT NULL,
    auth_time     INTEGER NOT NULL,
    created_at    INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL,
    revoked_at    INTEGER,
    revoke_reason TEXT
) STRICT;
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_device ON sessions (device_id);

CREATE TABLE api_tokens (
    selector   TEXT    NOT NULL PRIMARY KEY,
    hash       TEXT    NOT NULL,
    user_id    TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    session_id TEXT    NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX api_tokens_by_session ON api_tokens (session_id);
CREATE INDEX api_tokens_by_user ON api_tokens (user_id);

-- One-time links: `claim` makes the first owner, `sign-in` lets an existing user in.
CREATE TABLE sign_in_links (
    selector    TEXT    NOT NULL PRIMARY KEY,
    hash        TEXT    NOT NULL,
    purpose     TEXT    NOT NULL CHECK (purpose IN ('claim', 'sign-in')),
    user_id     TEXT    REFERENCES users (id) ON DELETE CASCADE,
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL,
    consumed_at INTEGER,
    CHECK ((purpose = 'sign-in') = (user_id IS NOT NULL))
) STRICT;
CREATE INDEX sign_in_links_by_user ON sign_in_links (user_id);

-- An OpenID Connect sign-in between leaving for the provider and coming back, bound to the browser by its cookie.
CREATE TABLE login_transactions (
    id              TEXT    NOT NULL PRIMARY KEY,
    state_hash      BLOB    NOT NULL UNIQUE,
    provider        TEXT    NOT NULL,
    cookie_hash     BLOB    NOT NULL,
    nonce_sealed    BLOB    NOT NULL,
    verifier_sealed BLOB    NOT NULL,
    created_at      INTEGER NOT NULL,
    expires_at      INTEGER NOT NULL,
    consumed_at     INTEGER
) STRICT;

CREATE TABLE teams (
    id          TEXT    NOT NULL PRIMARY KEY,
    name_sealed BLOB    NOT NULL,
    version     INTEGER NOT NULL DEFAULT 1,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE memberships (
    team_id   TEXT    NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
    user_id   TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role      TEXT    NOT NULL CHECK (role IN ('owner', 'admin', 'manager', 'member')),
    joined_at INTEGER NOT NULL,
    PRIMARY KEY (team_id, user_id)
) STRICT;
CREATE INDEX memberships_by_user ON memberships (user_id);

CREATE TABLE invitations (
    id          TEXT    NOT NULL PRIMARY KEY,
    team_id     TEXT    NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
    selector    TEXT    NOT NULL UNIQUE,
    hash        TEXT    NOT NULL,
    role        TEXT    NOT NULL CHECK (role IN ('owner', 'admin', 'manager', 'member')),
    email_bidx  BLOB,
    invited_by  TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL,
    accepted_at INTEGER,
    accepted_by TEXT    REFERENCES users (id) ON DELETE SET NULL,
    revoked_at  INTEGER
) STRICT;
CREATE INDEX invitations_by_team ON invitations (team_id, id);
CREATE INDEX invitations_by_inviter ON invitations (invited_by);
CREATE INDEX invitations_by_accepter ON invitations (accepted_by);

CREATE TABLE delegations (
    id            TEXT    NOT NULL PRIMARY KEY,
    team_id       TEXT    NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
    title_sealed  BLOB    NOT NULL,
    body_sealed   BLOB    NOT NULL,
    labels_sealed BLOB    NOT NULL,
    state         TEXT    NOT NULL CHECK (state IN
        ('draft', 'offered', 'accepted', 'in_progress', 'done', 'confirmed', 'declined', 'cancelled')),
    priority      TEXT    NOT NULL CHECK (priority IN ('low', 'normal', 'high', 'urgent')),
    due_at        INTEGER,
    delegator_id  TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    assignee_id   TEXT    REFERENCES users (id) ON DELETE SET NULL,
    version       INTEGER NOT NULL DEFAULT 1,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    closed_at     INTEGER,
    deleted_at    INTEGER
) STRICT;
CREATE INDEX delegations_by_team ON delegations (team_id, id);
CREATE INDEX delegations_by_state ON delegations (team_id, state, id);
CREATE INDEX delegations_by_assignee ON delegations (assignee_id, id);
CREATE INDEX delegations_by_delegator ON delegations (delegator_id, id);

-- The chain of custody: who took which step, and who had the work afterwards.
CREATE TABLE delegation_custody (
    delegation_id TEXT    NOT NULL REFERENCES delegations (id) ON DELETE CASCADE,
    link          INTEGER NOT NULL,
    at            INTEGER NOT NULL,
    actor_id      TEXT    REFERENCES users (id) ON DELETE SET NULL,
    step          TEXT,
    state         TEXT    NOT NULL,
    assignee_id   TEXT    REFERENCES users (id) ON DELETE SET NULL,
    PRIMARY KEY (delegation_id, link)
) STRICT;
CREATE INDEX delegation_custody_by_actor ON delegation_custody (actor_id);
CREATE INDEX delegation_custody_by_assignee ON delegation_custody (assignee_id);

-- Allowances in use, so that a restart does not refill them.
CREATE TABLE quota_state (
    user_id TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    quota   TEXT    NOT NULL,
    free_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, quota)
) STRICT;

CREATE TABLE audit_log (
    seq               INTEGER NOT NULL PRIMARY KEY,
    at                INTEGER NOT NULL,
    event             TEXT    NOT NULL,
    outcome           TEXT    NOT NULL CHECK (outcome IN ('success', 'denied', 'failure')),
    actor_kind        TEXT    NOT NULL CHECK (actor_kind IN ('user', 'anonymous', 'job', 'operator')),
    actor_pseudonym   TEXT,
    scope             TEXT    NOT NULL,
    resource_type     TEXT,
    resource_id       TEXT,
    request_id        TEXT,
    address_sealed    BLOB,
    user_agent_sealed BLOB,
    detail_sealed     BLOB,
    leaf              BLOB    NOT NULL CHECK (length(leaf) = 32)
) STRICT;
CREATE INDEX audit_log_by_actor ON audit_log (actor_pseudonym, seq);
CREATE INDEX audit_log_by_event ON audit_log (event, seq);
CREATE INDEX audit_log_by_resource ON audit_log (resource_id, seq);
CREATE INDEX audit_log_by_request ON audit_log (request_id, seq) WHERE request_id IS NOT NULL;
CREATE INDEX audit_log_by_refusal ON audit_log (outcome, seq) WHERE outcome <> 'success';

-- Without the guard on INSERT, REPLACE would rewrite rows past the other two.
CREATE TRIGGER audit_log_in_order BEFORE INSERT ON audit_log
WHEN new.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM audit_log)
BEGIN SELECT raise(ABORT, 'audit_log is append-only: seq must be head + 1'); END;
CREATE TRIGGER audit_log_no_update BEFORE UPDATE ON audit_log
BEGIN SELECT raise(ABORT, 'audit_log is append-only: no update'); END;
CREATE TRIGGER audit_log_no_delete BEFORE DELETE ON audit_log
BEGIN SELECT raise(ABORT, 'audit_log is append-only: no delete'); END;

-- The head of the Merkle tree (RFC 6962) over all rows; `mac` binds it to the root key.
CREATE TABLE audit_head (
    only     INTEGER NOT NULL PRIMARY KEY CHECK (only = 1),
    size     INTEGER NOT NULL,
    root     BLOB    NOT NULL,
    frontier BLOB    NOT NULL,
    mac      BLOB    NOT NULL
) STRICT;
