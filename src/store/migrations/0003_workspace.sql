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
CREATE INDEX resource_grants_of_thing ON resource_grants (resource_id) WHERE removed_at IS NULL;
CREATE INDEX resource_grants_by_user ON resource_grants (user_id, id);
CREATE INDEX resource_grants_by_team ON resource_grants (team_id, id);
CREATE INDEX resource_grants_by_granter ON resource_grants (granted_by);

-- When a delegation was found to be past its due time; a new due time takes the mark away.
ALTER TABLE delegations ADD COLUMN overdue_at INTEGER;
CREATE INDEX delegations_to_mark ON delegations (due_at)
    WHERE overdue_at IS NULL AND deleted_at IS NULL AND state IN ('offered', 'accepted', 'in_progress');
CREATE INDEX delegations_to_mark_by_team ON delegations (team_id, due_at)
    WHERE overdue_at IS NULL AND deleted_at IS NULL AND state IN ('offered', 'accepted', 'in_progress');
-- The orders of lists: the last changed first, the first due first, the most pressing first.
CREATE INDEX delegations_by_change ON delegations (team_id, updated_at, id);
CREATE INDEX delegations_by_due ON delegations (team_id, coalesce(due_at, 9223372036854775807), id);
CREATE INDEX delegations_by_priority ON delegations
    (team_id, (CASE priority WHEN 'urgent' THEN 3 WHEN 'high' THEN 2 WHEN 'normal' THEN 1 ELSE 0 END), id);

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

-- `pair_bidx` names the two people of a direct conversation, the smaller id first: two people have one in each team.
-- `last_seq` is the last message's; until there is one, the newest message's of all, so that what is new comes first.
CREATE TABLE conversations (
    id            TEXT    NOT NULL PRIMARY KEY,
    team_id       TEXT    NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
    kind          TEXT    NOT NULL CHECK (kind IN ('direct', 'group', 'delegation')),
    delegation_id TEXT    REFERENCES delegations (id) ON DELETE CASCADE,
    pair_bidx     BLOB,
    title_sealed  BLOB,
    created_by    TEXT    REFERENCES users (id) ON DELETE SET NULL,
    version       INTEGER NOT NULL DEFAULT 1,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    last_seq      INTEGER NOT NULL,
    deleted_at    INTEGER,
    CHECK ((kind = 'delegation') = (delegation_id IS NOT NULL)),
    CHECK ((kind = 'direct') = (pair_bidx IS NOT NULL)),
    CHECK ((kind = 'group') = (title_sealed IS NOT NULL))
) STRICT;
CREATE INDEX conversations_by_team ON conversations (team_id, last_seq, id);
CREATE INDEX conversations_by_creator ON conversations (created_by);
CREATE INDEX conversations_by_delegation ON conversations (delegation_id);
CREATE UNIQUE INDEX conversations_of_delegations ON conversations (delegation_id)
    WHERE delegation_id IS NOT NULL AND deleted_at IS NULL;
CREATE UNIQUE INDEX conversations_of_pairs ON conversations (team_id, pair_bidx)
    WHERE pair_bidx IS NOT NULL AND deleted_at IS NULL;

-- `read_seq` is how far somebody has read. A guest's row only keeps that: it has `left_at` from the start, because their
-- grant alone lets them in, and must not outlive itself when they come to belong to the team.
CREATE TABLE conversation_participants (
    conversation_id TEXT    NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    user_id         TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    joined_at       INTEGER NOT NULL,
    left_at         INTEGER,
    read_seq        INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (conversation_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX conversation_participants_by_user ON conversation_participants (user_id, conversation_id);

-- The views below are asked about a person or about one thing. What is CAST in them, or stands behind a +, is so written
-- that no index leads through all that a team has.

-- Who of the team has to do with a delegation, deleted or not, and how. Whoever was only chosen for a draft has not got
-- it. A watch counts for those who were in the team when they began it and have been since; a guest's, as long as the
-- grant does, which is not asked here.
CREATE VIEW delegation_sides AS
SELECT d.team_id, d.id AS delegation_id, d.delegator_id AS user_id, 'delegator' AS side
FROM delegations d JOIN memberships m ON m.team_id = +d.team_id AND m.user_id = +d.delegator_id
UNION ALL
SELECT d.team_id, d.id, d.assignee_id, 'assignee'
FROM delegations d JOIN memberships m ON m.team_id = +d.team_id AND m.user_id = +d.assignee_id
WHERE d.state <> 'draft'
UNION ALL
SELECT d.team_id, d.id, w.user_id, 'watcher'
FROM delegation_watchers w JOIN delegations d ON d.id = w.delegation_id
JOIN memberships m ON m.team_id = +d.team_id AND m.user_id = +w.user_id AND m.joined_at <= w.created_at;

-- Who of the team may read a delegation at this moment: the matrix's row `delegation:read`, for joins.
CREATE VIEW delegation_readers AS
SELECT d.team_id, d.id AS delegation_id, m.user_id
FROM delegations d JOIN memberships m ON m.team_id = d.team_id
WHERE d.deleted_at IS NULL AND (m.role <> 'member' OR EXISTS (
    SELECT 1 FROM delegation_sides s WHERE s.delegation_id = d.id AND s.user_id = m.user_id));

-- Who of the team has a place in which conversation, deleted or not: those who joined and did not leave, in one about a
-- delegation as long as they may read that.
CREATE VIEW conversation_places AS
SELECT c.team_id, c.id AS conversation_id, c.last_seq, c.deleted_at, p.user_id, p.joined_at, p.read_seq
FROM conversation_participants p
JOIN conversations c ON c.id = p.conversation_id
JOIN memberships m ON m.team_id = +c.team_id AND m.user_id = +p.user_id
WHERE p.left_at IS NULL AND (c.delegation_id IS NULL OR EXISTS (
    SELECT 1 FROM delegation_readers r WHERE r.delegation_id = c.delegation_id AND r.user_id = p.user_id));

-- The grants that count until they expire: whoever made one is an active member and, of a conversation, takes part in it
-- still; its guest does not belong to the team; the team is open. Whether the time is over, each reader asks.
CREATE VIEW open_grants AS
SELECT g.id, CAST(g.team_id AS TEXT) AS team_id, g.resource_type, g.resource_id, g.user_id, g.role, g.created_at,
    g.expires_at
FROM resource_grants g
JOIN teams t ON t.id = g.team_id AND t.deleted_at IS NULL
JOIN memberships gm ON gm.team_id = g.team_id AND gm.user_id = g.granted_by
JOIN users gu ON gu.id = g.granted_by AND gu.state = 'active'
WHERE g.removed_at IS NULL
    AND NOT EXISTS (SELECT 1 FROM memberships m WHERE m.team_id = g.team_id AND m.user_id = g.user_id)
    AND (g.resource_type <> 'conversation' OR EXISTS (SELECT 1 FROM conversation_places p
        WHERE p.conversation_id = g.resource_id AND p.user_id = g.granted_by));

-- Who takes part in which conversation at this moment: those of the team who have a place in it; and guests, each until
-- `expires_at`.
CREATE VIEW participation AS
SELECT p.team_id, p.conversation_id, p.last_seq, p.user_id, p.joined_at, p.read_seq,
    CAST(NULL AS INTEGER) AS expires_at
FROM conversation_places p
JOIN teams t ON t.id = p.team_id AND t.deleted_at IS NULL
WHERE p.deleted_at IS NULL
UNION ALL
SELECT g.team_id, c.id, c.last_seq, g.user_id, g.created_at, CAST(coalesce(p.read_seq, 0) AS INTEGER), g.expires_at
FROM open_grants g
JOIN conversations c ON c.id = g.resource_id AND c.team_id = g.team_id AND c.deleted_at IS NULL
LEFT JOIN conversation_participants p ON p.conversation_id = c.id AND p.user_id = g.user_id
WHERE g.resource_type = 'conversation';

-- `seq` is the order in which messages were sent, never used twice: ids of one millisecond have none. Of a deleted
-- message the row stays, so that pages and read marks hold, and nothing of what it said. Of a reported one, what it said
-- then stays, until an Admin has settled the report, whatever its author makes of it.
CREATE TABLE messages (
    seq             INTEGER PRIMARY KEY AUTOINCREMENT,
    id              TEXT    NOT NULL UNIQUE,
    conversation_id TEXT    NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    author_id       TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    body_sealed     BLOB,
    version         INTEGER NOT NULL DEFAULT 1,
    created_at      INTEGER NOT NULL,
    edited_at       INTEGER,
    deleted_at      INTEGER,
    reported_at     INTEGER,
    reported_sealed BLOB,
    CHECK ((body_sealed IS NULL) = (deleted_at IS NOT NULL)),
    CHECK ((reported_sealed IS NULL) = (reported_at IS NULL))
) STRICT;
CREATE INDEX messages_by_conversation ON messages (conversation_id, seq);
CREATE INDEX messages_by_author ON messages (author_id);
CREATE INDEX messages_reported ON messages (reported_at, seq) WHERE reported_at IS NOT NULL;

CREATE TABLE message_mentions (
    message_id TEXT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    user_id    TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    PRIMARY KEY (message_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX message_mentions_by_user ON message_mentions (user_id);

-- A credential is a person's or a team's; `created_by` is whoever put it there. Its payload stands in its versions, which
-- have ids so that none of them opens in the place of another.
CREATE TABLE credentials (
    id           TEXT    NOT NULL PRIMARY KEY,
    team_id      TEXT    REFERENCES teams (id) ON DELETE CASCADE,
    user_id      TEXT    REFERENCES users (id) ON DELETE CASCADE,
    kind         TEXT    NOT NULL CHECK (kind IN ('login', 'api-key', 'note', 'certificate')),
    name_sealed  BLOB    NOT NULL,
    name_bidx    BLOB    NOT NULL,
    facts_sealed BLOB    NOT NULL,
    created_by   TEXT    REFERENCES users (id) ON DELETE SET NULL,
    version      INTEGER NOT NULL DEFAULT 1,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    deleted_at   INTEGER,
    CHECK ((team_id IS NULL) <> (user_id IS NULL))
) STRICT;
CREATE INDEX credentials_by_team ON credentials (team_id, id);
CREATE INDEX credentials_by_user ON credentials (user_id, id);
CREATE INDEX credentials_by_name ON credentials (name_bidx, id);
CREATE INDEX credentials_by_maker ON credentials (created_by);

CREATE TABLE credential_versions (
    id             TEXT    NOT NULL PRIMARY KEY,
    credential_id  TEXT    NOT NULL REFERENCES credentials (id) ON DELETE CASCADE,
    version        INTEGER NOT NULL,
    payload_sealed BLOB    NOT NULL,
    created_by     TEXT    REFERENCES users (id) ON DELETE SET NULL,
    created_at     INTEGER NOT NULL,
    superseded_at  INTEGER,
    UNIQUE (credential_id, version)
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

-- A team's number in the search index: eight bytes where an id takes 36. `filled_to` is how far the texts of an earlier
-- version have been indexed, from nothing to the id of a delegation; NULL once all are.
CREATE TABLE search_teams (
    number    INTEGER PRIMARY KEY,
    team_id   TEXT    NOT NULL UNIQUE REFERENCES teams (id) ON DELETE CASCADE,
    filled_to TEXT
) STRICT;
CREATE INDEX search_teams_to_fill ON search_teams (number) WHERE filled_to IS NOT NULL;
INSERT INTO search_teams (team_id, filled_to) SELECT id, '' FROM teams;

-- Words of sealed texts: 32 bits of a keyed hash of the word and of where it stands, so that a hit is a candidate only;
-- `found` is the sixteen bytes of the id of what holds it. By time within a word, because ids are.
CREATE TABLE search_index (
    team  INTEGER NOT NULL REFERENCES search_teams (number) ON DELETE CASCADE,
    word  INTEGER NOT NULL,
    found BLOB    NOT NULL,
    PRIMARY KEY (team, word, found)
) STRICT, WITHOUT ROWID;

CREATE TABLE notification_preferences (
    user_id TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind    TEXT    NOT NULL,
    in_app  INTEGER NOT NULL CHECK (in_app IN (0, 1)),
    PRIMARY KEY (user_id, kind)
) STRICT, WITHOUT ROWID;

-- What was answered to a request that a client may repeat, for a day; without the answer where it is shown once. `seq` is
-- the audit row that stands for the act.
CREATE TABLE idempotency_keys (
    user_id       TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    key_hash      BLOB    NOT NULL,
    request_hash  BLOB    NOT NULL,
    id            TEXT    NOT NULL,
    answer_sealed BLOB,
    seq           INTEGER NOT NULL,
    created_at    INTEGER NOT NULL,
    PRIMARY KEY (user_id, key_hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

-- `cursor` is the row of the audit log up to which a webhook was served. For a day after a change of the secret, the old
-- one counts as well.
CREATE TABLE webhooks (
    id                     TEXT    NOT NULL PRIMARY KEY,
    team_id                TEXT    NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
    name_sealed            BLOB    NOT NULL,
    url_sealed             BLOB    NOT NULL,
    secret_sealed          BLOB    NOT NULL,
    old_secret_sealed      BLOB,
    old_secret_expires_at  INTEGER,
    events                 TEXT    NOT NULL,
    state                  TEXT    NOT NULL CHECK (state IN ('active', 'disabled')),
    failing_since_at       INTEGER,
    cursor                 INTEGER NOT NULL,
    created_by             TEXT    REFERENCES users (id) ON DELETE SET NULL,
    version                INTEGER NOT NULL DEFAULT 1,
    created_at             INTEGER NOT NULL,
    updated_at             INTEGER NOT NULL
) STRICT;
CREATE INDEX webhooks_by_team ON webhooks (team_id, id);
CREATE INDEX webhooks_by_maker ON webhooks (created_by);
CREATE INDEX webhooks_active ON webhooks (cursor) WHERE state = 'active';

-- `seq` is the row of the audit log that is told; a test has none.
CREATE TABLE webhook_deliveries (
    id          TEXT    NOT NULL PRIMARY KEY,
    webhook_id  TEXT    NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    seq         INTEGER,
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
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (webhook_id, next_at) WHERE state = 'pending';
CREATE INDEX webhook_deliveries_finished ON webhook_deliveries (finished_at) WHERE finished_at IS NOT NULL;
