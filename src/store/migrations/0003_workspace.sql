-- The workspace: comments, watchers and labels of delegations, conversations, the vault, search, guests, teams that are
-- about to go, preferences, repeated requests and webhooks.

-- A deleted team is closed, and purged when its grace is over; until then an Owner can take it back.
ALTER TABLE teams ADD COLUMN deleted_at INTEGER;
CREATE INDEX teams_closed ON teams (deleted_at) WHERE deleted_at IS NOT NULL;

-- Opens one thing of a team to somebody outside of it, for a time, and as long as whoever opened it is there.
CREATE TABLE resource_grants (
    id            TEXT    NOT NULL PRIMARY KEY,
    team_id       TEXT    NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
    resource_type TEXT    NOT NULL CHECK (resource_type IN ('delegation', 'conversation')),
    resource_id   TEXT    NOT NULL,
    user_id       TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role          TEXT    NOT NULL CHECK (role IN ('manager', 'member')),
    granted_by    TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at    INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL,
    removed_at    INTEGER
) STRICT;
CREATE UNIQUE INDEX resource_grants_of_user ON resource_grants (user_id, resource_id) WHERE removed_at IS NULL;
CREATE INDEX resource_grants_by_user ON resource_grants (user_id, id);
CREATE INDEX resource_grants_by_team ON resource_grants (team_id, id);
CREATE INDEX resource_grants_by_granter ON resource_grants (granted_by);

-- When a delegation was found to be past its due time; a new due time takes the mark away.
ALTER TABLE delegations ADD COLUMN overdue_at INTEGER;
CREATE INDEX delegations_by_due ON delegations (due_at) WHERE overdue_at IS NULL AND closed_at IS NULL AND due_at IS NOT NULL;

CREATE TABLE delegation_labels (
    delegation_id TEXT NOT NULL REFERENCES delegations (id) ON DELETE CASCADE,
    label_bidx    BLOB NOT NULL,
    PRIMARY KEY (label_bidx, delegation_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX delegation_labels_by_delegation ON delegation_labels (delegation_id);

CREATE TABLE delegation_watchers (
    delegation_id TEXT    NOT NULL REFERENCES delegations (id) ON DELETE CASCADE,
    user_id       TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at    INTEGER NOT NULL,
    PRIMARY KEY (delegation_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX delegation_watchers_by_user ON delegation_watchers (user_id, delegation_id);

CREATE TABLE delegation_comments (
    id            TEXT    NOT NULL PRIMARY KEY,
    delegation_id TEXT    NOT NULL REFERENCES delegations (id) ON DELETE CASCADE,
    author_id     TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    body_sealed   BLOB    NOT NULL,
    version       INTEGER NOT NULL DEFAULT 1,
    created_at    INTEGER NOT NULL,
    edited_at     INTEGER,
    deleted_at    INTEGER
) STRICT;
CREATE INDEX delegation_comments_by_delegation ON delegation_comments (delegation_id, id);
CREATE INDEX delegation_comments_by_author ON delegation_comments (author_id);

CREATE TABLE comment_mentions (
    comment_id TEXT NOT NULL REFERENCES delegation_comments (id) ON DELETE CASCADE,
    user_id    TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    PRIMARY KEY (comment_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX comment_mentions_by_user ON comment_mentions (user_id);

-- `pair` names the two people of a direct conversation, the smaller id first: two people have one in each team.
CREATE TABLE conversations (
    id            TEXT    NOT NULL PRIMARY KEY,
    team_id       TEXT    NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
    kind          TEXT    NOT NULL CHECK (kind IN ('direct', 'group', 'delegation')),
    delegation_id TEXT    UNIQUE REFERENCES delegations (id) ON DELETE CASCADE,
    pair_bidx     BLOB,
    title_sealed  BLOB,
    created_by    TEXT    REFERENCES users (id) ON DELETE SET NULL,
    version       INTEGER NOT NULL DEFAULT 1,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    last_seq      INTEGER NOT NULL DEFAULT 0,
    deleted_at    INTEGER,
    CHECK ((kind = 'delegation') = (delegation_id IS NOT NULL)),
    CHECK ((kind = 'direct') = (pair_bidx IS NOT NULL))
) STRICT;
CREATE INDEX conversations_by_team ON conversations (team_id, last_seq, id);
CREATE INDEX conversations_by_creator ON conversations (created_by);
CREATE UNIQUE INDEX conversations_of_pairs ON conversations (team_id, pair_bidx)
    WHERE pair_bidx IS NOT NULL AND deleted_at IS NULL;

-- `read_seq` is how far somebody has read, `first_seq` behind which message they joined.
CREATE TABLE conversation_participants (
    conversation_id TEXT    NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    user_id         TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    joined_at       INTEGER NOT NULL,
    left_at         INTEGER,
    read_seq        INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (conversation_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX conversation_participants_by_user ON conversation_participants (user_id, conversation_id);

-- `seq` is the order in which messages were sent, never used twice: ids of one millisecond have none.
CREATE TABLE messages (
    seq             INTEGER PRIMARY KEY AUTOINCREMENT,
    id              TEXT    NOT NULL UNIQUE,
    conversation_id TEXT    NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    author_id       TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    body_sealed     BLOB    NOT NULL,
    version         INTEGER NOT NULL DEFAULT 1,
    created_at      INTEGER NOT NULL,
    edited_at       INTEGER,
    deleted_at      INTEGER,
    reported_at     INTEGER
) STRICT;
CREATE INDEX messages_by_conversation ON messages (conversation_id, seq);
CREATE INDEX messages_by_author ON messages (author_id);

CREATE TABLE message_mentions (
    message_id TEXT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    user_id    TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    PRIMARY KEY (message_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX message_mentions_by_user ON message_mentions (user_id);

-- A credential is a person's or a team's. Its payload stands in its versions.
CREATE TABLE credentials (
    id           TEXT    NOT NULL PRIMARY KEY,
    team_id      TEXT    REFERENCES teams (id) ON DELETE CASCADE,
    user_id      TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind         TEXT    NOT NULL CHECK (kind IN ('login', 'api-key', 'note', 'certificate')),
    name_sealed  BLOB    NOT NULL,
    name_bidx    BLOB    NOT NULL,
    facts_sealed BLOB    NOT NULL,
    version      INTEGER NOT NULL DEFAULT 1,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    deleted_at   INTEGER
) STRICT;
CREATE INDEX credentials_by_team ON credentials (team_id, id);
CREATE INDEX credentials_by_user ON credentials (user_id, id);
CREATE INDEX credentials_by_name ON credentials (name_bidx);

CREATE TABLE credential_versions (
    credential_id  TEXT    NOT NULL REFERENCES credentials (id) ON DELETE CASCADE,
    version        INTEGER NOT NULL,
    payload_sealed BLOB    NOT NULL,
    created_by     TEXT    REFERENCES users (id) ON DELETE SET NULL,
    created_at     INTEGER NOT NULL,
    superseded_at  INTEGER,
    PRIMARY KEY (credential_id, version)
) STRICT;
CREATE INDEX credential_versions_by_maker ON credential_versions (created_by);

-- Shared with one person of the team, or with everybody from a role up.
CREATE TABLE credential_shares (
    id            TEXT    NOT NULL PRIMARY KEY,
    credential_id TEXT    NOT NULL REFERENCES credentials (id) ON DELETE CASCADE,
    user_id       TEXT    REFERENCES users (id) ON DELETE CASCADE,
    role          TEXT    CHECK (role IN ('owner', 'admin', 'manager', 'member')),
    created_by    TEXT    REFERENCES users (id) ON DELETE SET NULL,
    created_at    INTEGER NOT NULL,
    CHECK ((user_id IS NULL) <> (role IS NULL))
) STRICT;
CREATE INDEX credential_shares_by_credential ON credential_shares (credential_id, id);
CREATE UNIQUE INDEX credential_shares_of_people ON credential_shares (credential_id, user_id) WHERE user_id IS NOT NULL;
CREATE UNIQUE INDEX credential_shares_of_roles ON credential_shares (credential_id, role) WHERE role IS NOT NULL;
CREATE INDEX credential_shares_by_user ON credential_shares (user_id);
CREATE INDEX credential_shares_by_maker ON credential_shares (created_by);

-- Words of sealed texts: 32 bits of a keyed hash with a key for each team, so that a hit is a candidate only.
CREATE TABLE search_index (
    team_id       TEXT    NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
    word          INTEGER NOT NULL,
    resource_id   TEXT    NOT NULL,
    resource_type TEXT    NOT NULL CHECK (resource_type IN ('delegation', 'comment', 'message', 'person')),
    PRIMARY KEY (team_id, word, resource_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE notification_preferences (
    user_id TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind    TEXT    NOT NULL,
    in_app  INTEGER NOT NULL CHECK (in_app IN (0, 1)),
    PRIMARY KEY (user_id, kind)
) STRICT, WITHOUT ROWID;

-- What was answered to a request that a client may repeat, for a day.
CREATE TABLE idempotency_keys (
    user_id       TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    key_hash      BLOB    NOT NULL,
    request_hash  BLOB    NOT NULL,
    id            TEXT    NOT NULL,
    answer_sealed BLOB    NOT NULL,
    created_at    INTEGER NOT NULL,
    PRIMARY KEY (user_id, key_hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

-- `cursor` is the row of the audit log up to which a webhook was served.
CREATE TABLE webhooks (
    id            TEXT    NOT NULL PRIMARY KEY,
    team_id       TEXT    NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
    name_sealed   BLOB    NOT NULL,
    url_sealed    BLOB    NOT NULL,
    secret_sealed BLOB    NOT NULL,
    events        TEXT    NOT NULL,
    state         TEXT    NOT NULL CHECK (state IN ('active', 'disabled')),
    cursor        INTEGER NOT NULL,
    created_by    TEXT    REFERENCES users (id) ON DELETE SET NULL,
    version       INTEGER NOT NULL DEFAULT 1,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX webhooks_by_team ON webhooks (team_id, id);
CREATE INDEX webhooks_by_maker ON webhooks (created_by);

CREATE TABLE webhook_deliveries (
    id          TEXT    NOT NULL PRIMARY KEY,
    webhook_id  TEXT    NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    seq         INTEGER NOT NULL,
    state       TEXT    NOT NULL CHECK (state IN ('pending', 'delivered', 'dead')),
    attempts    INTEGER NOT NULL DEFAULT 0,
    next_at     INTEGER,
    last_status INTEGER,
    last_error  TEXT,
    created_at  INTEGER NOT NULL,
    finished_at INTEGER,
    UNIQUE (webhook_id, seq)
) STRICT;
CREATE INDEX webhook_deliveries_by_webhook ON webhook_deliveries (webhook_id, id);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (next_at) WHERE state = 'pending';
