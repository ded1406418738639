-- Identity, complete: devices that are known again, passkeys, API keys, sign-in by QR and for native apps, the tokens of
-- providers, notifications, the runs of timers, and accounts whose holders are leaving.

CREATE TABLE users_next (
    id                TEXT    NOT NULL PRIMARY KEY,
    pseudonym         TEXT    NOT NULL UNIQUE,
    name_sealed       BLOB    NOT NULL,
    email_sealed      BLOB,
    email_bidx        BLOB,
    email_verified_at INTEGER CHECK (email_verified_at IS NULL OR email_bidx IS NOT NULL),
    instance_role     TEXT    CHECK (instance_role IN ('owner', 'admin', 'manager', 'member')),
    state             TEXT    NOT NULL CHECK (state IN ('active', 'suspended', 'leaving')),
    session_epoch     INTEGER NOT NULL DEFAULT 0,
    version           INTEGER NOT NULL DEFAULT 1,
    created_at        INTEGER NOT NULL,
    updated_at        INTEGER NOT NULL
) STRICT;
INSERT INTO users_next SELECT id, pseudonym, name_sealed, email_sealed, email_bidx, email_verified_at, instance_role,
    state, session_epoch, version, created_at, updated_at FROM users;
DROP TABLE users;
ALTER TABLE users_next RENAME TO users;
CREATE INDEX users_by_email ON users (email_bidx, email_verified_at DESC, id) WHERE email_bidx IS NOT NULL;
CREATE INDEX users_by_role ON users (instance_role, state);
CREATE UNIQUE INDEX users_by_verified_email ON users (email_bidx) WHERE email_verified_at IS NOT NULL;

-- A client that a person signed in with. A removed one stays while something that was made on it lives. `mark_hash` is the SHA-256 of a random value that the client keeps: whoever
-- shows it at the next sign-in is the same device.
CREATE TABLE devices_next (
    id              TEXT    NOT NULL PRIMARY KEY,
    user_id         TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name_sealed     BLOB    NOT NULL,
    platform_sealed BLOB    NOT NULL,
    client_sealed   BLOB,
    address_sealed  BLOB,
    mark_hash       BLOB    UNIQUE,
    version         INTEGER NOT NULL DEFAULT 1,
    first_seen_at   INTEGER NOT NULL,
    last_seen_at    INTEGER NOT NULL,
    removed_at      INTEGER
) STRICT;
INSERT INTO devices_next SELECT id, user_id, name_sealed, platform_sealed, NULL, NULL, NULL, 1, first_seen_at,
    first_seen_at, NULL FROM devices;
DROP TABLE devices;
ALTER TABLE devices_next RENAME TO devices;
CREATE INDEX devices_by_user ON devices (user_id, id);

-- What the provider said of the person, for them to tell their identities apart.
ALTER TABLE identities ADD COLUMN claims_sealed BLOB;
-- The device it was linked on: it goes when that turns out to be somebody else's.
ALTER TABLE identities ADD COLUMN device_id TEXT REFERENCES devices (id) ON DELETE SET NULL;
CREATE INDEX identities_by_device ON identities (device_id);
DROP INDEX identities_by_user;
CREATE INDEX identities_by_user ON identities (user_id, id);

-- How a session began, with which identity, and what the provider calls its own session (for its logout).
ALTER TABLE sessions ADD COLUMN method TEXT NOT NULL DEFAULT 'link'
    CHECK (method IN ('link', 'invitation', 'provider', 'passkey', 'qr'));
ALTER TABLE sessions ADD COLUMN identity_id TEXT REFERENCES identities (id) ON DELETE SET NULL;
ALTER TABLE sessions ADD COLUMN provider_session_bidx BLOB;
ALTER TABLE sessions ADD COLUMN passkey_id TEXT REFERENCES passkeys (id) ON DELETE SET NULL;
ALTER TABLE sessions ADD COLUMN vouched_by TEXT REFERENCES sessions (id) ON DELETE SET NULL;
CREATE INDEX sessions_by_identity ON sessions (identity_id);
CREATE INDEX sessions_by_passkey ON sessions (passkey_id);
CREATE INDEX sessions_by_voucher ON sessions (vouched_by);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);
DROP INDEX sessions_by_user;
CREATE INDEX sessions_by_user ON sessions (user_id, id);

-- A key that a person made for a program: scopes are permissions, counted only as far as its maker has them at that moment.
CREATE TABLE api_keys (
    id              TEXT    NOT NULL PRIMARY KEY,
    user_id         TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    device_id       TEXT    REFERENCES devices (id) ON DELETE SET NULL,
    name_sealed     BLOB    NOT NULL,
    scopes          TEXT    NOT NULL,
    networks_sealed BLOB,
    created_at      INTEGER NOT NULL,
    expires_at      INTEGER NOT NULL,
    last_used_at    INTEGER,
    revoked_at      INTEGER,
    revoke_reason   TEXT
) STRICT;
CREATE INDEX api_keys_by_user ON api_keys (user_id, id);
CREATE INDEX api_keys_by_device ON api_keys (device_id);
CREATE INDEX api_keys_by_expiry ON api_keys (expires_at);

-- A bearer token stands for a session or for a key. Its hash leaves when it can open nothing any more.
CREATE TABLE api_tokens_next (
    selector   TEXT    NOT NULL PRIMARY KEY,
    hash       TEXT,
    user_id    TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    session_id TEXT    REFERENCES sessions (id) ON DELETE CASCADE,
    api_key_id TEXT    REFERENCES api_keys (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    CHECK ((session_id IS NULL) <> (api_key_id IS NULL))
) STRICT;
INSERT INTO api_tokens_next SELECT selector, hash, user_id, session_id, NULL, created_at FROM api_tokens;
DROP TABLE api_tokens;
ALTER TABLE api_tokens_next RENAME TO api_tokens;
CREATE INDEX api_tokens_by_session ON api_tokens (session_id);
CREATE INDEX api_tokens_by_key ON api_tokens (api_key_id);
CREATE INDEX api_tokens_by_user ON api_tokens (user_id);
CREATE INDEX api_tokens_of_sessions ON api_tokens (session_id) WHERE hash IS NOT NULL AND session_id IS NOT NULL;
CREATE INDEX api_tokens_of_keys ON api_tokens (api_key_id) WHERE hash IS NOT NULL AND api_key_id IS NOT NULL;

-- Links and invitations lose their hashes likewise.
CREATE TABLE sign_in_links_next (
    selector    TEXT    NOT NULL PRIMARY KEY,
    hash        TEXT,
    purpose     TEXT    NOT NULL CHECK (purpose IN ('claim', 'sign-in')),
    user_id     TEXT    REFERENCES users (id) ON DELETE CASCADE,
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL,
    consumed_at INTEGER,
    CHECK ((purpose = 'sign-in') = (user_id IS NOT NULL))
) STRICT;
INSERT INTO sign_in_links_next SELECT selector, hash, purpose, user_id, created_at, expires_at, consumed_at
    FROM sign_in_links;
DROP TABLE sign_in_links;
ALTER TABLE sign_in_links_next RENAME TO sign_in_links;
CREATE INDEX sign_in_links_by_user ON sign_in_links (user_id);
CREATE INDEX sign_in_links_with_hash ON sign_in_links (expires_at) WHERE hash IS NOT NULL;

CREATE TABLE invitations_next (
    id          TEXT    NOT NULL PRIMARY KEY,
    team_id     TEXT    NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
    selector    TEXT    NOT NULL UNIQUE,
    hash        TEXT,
    role        TEXT    NOT NULL CHECK (role IN ('owner', 'admin', 'manager', 'member')),
    email_bidx  BLOB,
    invited_by  TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL,
    accepted_at INTEGER,
    accepted_by TEXT    REFERENCES users (id) ON DELETE SET NULL,
    revoked_at  INTEGER
) STRICT;
INSERT INTO invitations_next SELECT id, team_id, selector, hash, role, email_bidx, invited_by, created_at, expires_at,
    accepted_at, accepted_by, revoked_at FROM invitations;
DROP TABLE invitations;
ALTER TABLE invitations_next RENAME TO invitations;
CREATE INDEX invitations_by_team ON invitations (team_id, id);
CREATE INDEX invitations_by_inviter ON invitations (invited_by);
CREATE INDEX invitations_by_accepter ON invitations (accepted_by);
CREATE INDEX invitations_with_hash ON invitations (expires_at) WHERE hash IS NOT NULL;

-- What a provider gave for further requests in a person's name.
CREATE TABLE oauth_tokens (
    id             TEXT    NOT NULL PRIMARY KEY,
    user_id        TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    identity_id    TEXT    NOT NULL UNIQUE REFERENCES identities (id) ON DELETE CASCADE,
    provider       TEXT    NOT NULL,
    access_sealed  BLOB    NOT NULL,
    refresh_sealed BLOB,
    expires_at     INTEGER,
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL
) STRICT;
CREATE INDEX oauth_tokens_by_user ON oauth_tokens (user_id);
CREATE INDEX oauth_tokens_by_expiry ON oauth_tokens (expires_at);

-- A trip to a provider and back: to sign in, to accept an invitation, to link an identity, to prove oneself anew, or on
-- behalf of a native app. `errand_sealed` is what it needs to know when it is back. Coming back and arriving are two
-- steps: in between, the provider is asked.
DROP TABLE login_transactions;
CREATE TABLE login_transactions (
    id              TEXT    NOT NULL PRIMARY KEY,
    purpose         TEXT    NOT NULL CHECK (purpose IN ('sign-in', 'invitation', 'link', 'step-up', 'native')),
    state_hash      BLOB    NOT NULL UNIQUE,
    provider        TEXT    NOT NULL,
    cookie_hash     BLOB    NOT NULL,
    nonce_sealed    BLOB    NOT NULL,
    verifier_sealed BLOB    NOT NULL,
    errand_sealed   BLOB    NOT NULL,
    user_id         TEXT    REFERENCES users (id) ON DELETE CASCADE,
    session_id      TEXT    REFERENCES sessions (id) ON DELETE CASCADE,
    created_at      INTEGER NOT NULL,
    expires_at      INTEGER NOT NULL,
    returned_at     INTEGER,
    consumed_at     INTEGER,
    CHECK ((purpose IN ('link', 'step-up')) = (session_id IS NOT NULL)),
    CHECK ((session_id IS NULL) = (user_id IS NULL))
) STRICT;
CREATE INDEX login_transactions_by_user ON login_transactions (user_id);
CREATE INDEX login_transactions_by_session ON login_transactions (session_id);
CREATE INDEX login_transactions_by_expiry ON login_transactions (expires_at);

-- What a native app gets instead of a session until it shows the verifier of its own challenge (RFC 7636).
CREATE TABLE login_codes (
    id                    TEXT    NOT NULL PRIMARY KEY,
    user_id               TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    identity_id           TEXT    NOT NULL REFERENCES identities (id) ON DELETE CASCADE,
    provider_session_bidx BLOB,
    code_hash             BLOB    NOT NULL UNIQUE,
    challenge_hash        BLOB    NOT NULL,
    auth_time             INTEGER NOT NULL,
    session_id            TEXT    REFERENCES sessions (id) ON DELETE SET NULL,
    created_at            INTEGER NOT NULL,
    expires_at            INTEGER NOT NULL,
    consumed_at           INTEGER
) STRICT;
CREATE INDEX login_codes_by_user ON login_codes (user_id);
CREATE INDEX login_codes_by_identity ON login_codes (identity_id);
CREATE INDEX login_codes_by_session ON login_codes (session_id);
CREATE INDEX login_codes_by_expiry ON login_codes (expires_at);

-- Logout tokens that were used, until they are too old to be used again.
CREATE TABLE logout_tokens (
    token_hash BLOB    NOT NULL PRIMARY KEY,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX logout_tokens_by_expiry ON logout_tokens (expires_at);

-- A new device that asks a signed-in one to vouch for it. What it says of itself is sealed for the server until
-- somebody is known to be behind it.
CREATE TABLE qr_logins (
    id              TEXT    NOT NULL PRIMARY KEY,
    state           TEXT    NOT NULL CHECK (state IN ('created', 'scanned', 'approved', 'denied', 'expired', 'consumed')),
    poll_hash       BLOB,
    scan_hash       BLOB    UNIQUE,
    name_sealed     BLOB    NOT NULL,
    platform_sealed BLOB    NOT NULL,
    address_sealed  BLOB,
    network_bidx    BLOB    NOT NULL,
    number          INTEGER NOT NULL CHECK (number BETWEEN 10 AND 99),
    first_decoy     INTEGER NOT NULL CHECK (first_decoy BETWEEN 10 AND 99),
    second_decoy    INTEGER NOT NULL CHECK (second_decoy BETWEEN 10 AND 99),
    user_id         TEXT    REFERENCES users (id) ON DELETE CASCADE,
    session_id      TEXT    REFERENCES sessions (id) ON DELETE CASCADE,
    created_at      INTEGER NOT NULL,
    expires_at      INTEGER NOT NULL,
    scanned_at      INTEGER,
    decided_at      INTEGER,
    consumed_at     INTEGER,
    CHECK ((user_id IS NULL) = (session_id IS NULL))
) STRICT;
CREATE INDEX qr_logins_by_user ON qr_logins (user_id);
CREATE INDEX qr_logins_by_session ON qr_logins (session_id);
CREATE INDEX qr_logins_by_network ON qr_logins (network_bidx, state);
CREATE INDEX qr_logins_by_expiry ON qr_logins (expires_at);
CREATE INDEX qr_logins_with_hash ON qr_logins (expires_at) WHERE poll_hash IS NOT NULL;

-- Passkeys (WebAuthn); `passkey_sealed` holds the public key and the signature counter.
CREATE TABLE passkeys (
    id              TEXT    NOT NULL PRIMARY KEY,
    user_id         TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    device_id       TEXT    REFERENCES devices (id) ON DELETE SET NULL,
    credential_bidx BLOB    NOT NULL UNIQUE,
    passkey_sealed  BLOB    NOT NULL,
    name_sealed     BLOB    NOT NULL,
    version         INTEGER NOT NULL DEFAULT 1,
    created_at      INTEGER NOT NULL,
    last_used_at    INTEGER
) STRICT;
CREATE INDEX passkeys_by_user ON passkeys (user_id, id);
CREATE INDEX passkeys_by_device ON passkeys (device_id);

-- A passkey's ceremony under way: what was asked, until the authenticator answers.
CREATE TABLE passkey_ceremonies (
    id           TEXT    NOT NULL PRIMARY KEY,
    purpose      TEXT    NOT NULL CHECK (purpose IN ('register', 'step-up', 'sign-in')),
    user_id      TEXT    REFERENCES users (id) ON DELETE CASCADE,
    session_id   TEXT    REFERENCES sessions (id) ON DELETE CASCADE,
    state_sealed BLOB    NOT NULL,
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    consumed_at  INTEGER,
    CHECK ((purpose = 'sign-in') = (session_id IS NULL)),
    CHECK ((session_id IS NULL) = (user_id IS NULL))
) STRICT;
CREATE INDEX passkey_ceremonies_by_user ON passkey_ceremonies (user_id);
CREATE INDEX passkey_ceremonies_by_session ON passkey_ceremonies (session_id);
CREATE INDEX passkey_ceremonies_by_expiry ON passkey_ceremonies (expires_at);

-- What a person should hear of. `device_id` is the device that is itself the news, and is not told. `seq` is the order in
-- which they were written, never used twice: ids of one millisecond have none, and a client resumes where it stopped.
CREATE TABLE notifications (
    seq           INTEGER PRIMARY KEY AUTOINCREMENT,
    id            TEXT    NOT NULL UNIQUE,
    user_id       TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind          TEXT    NOT NULL,
    device_id     TEXT    REFERENCES devices (id) ON DELETE SET NULL,
    detail_sealed BLOB    NOT NULL,
    created_at    INTEGER NOT NULL,
    read_at       INTEGER
) STRICT;
CREATE INDEX notifications_by_user ON notifications (user_id, seq);
CREATE INDEX notifications_by_device ON notifications (device_id);

-- Each run of a job: a scheduled moment is served once, whatever restarts; by hand a job runs as often as it is asked to.
CREATE TABLE job_runs (
    id            TEXT    NOT NULL PRIMARY KEY,
    job           TEXT    NOT NULL,
    scheduled_for INTEGER NOT NULL,
    cause         TEXT    NOT NULL CHECK (cause IN ('schedule', 'missed', 'hand')),
    started_at    INTEGER NOT NULL,
    finished_at   INTEGER,
    outcome       TEXT    CHECK (outcome IN ('success', 'failure')),
    affected      INTEGER,
    CHECK ((finished_at IS NULL) = (outcome IS NULL))
) STRICT;
CREATE UNIQUE INDEX job_runs_served ON job_runs (job, scheduled_for) WHERE cause <> 'hand';
CREATE INDEX job_runs_by_job ON job_runs (job, id);
CREATE INDEX job_runs_under_way ON job_runs (job) WHERE finished_at IS NULL;

CREATE TABLE deletion_requests (
    id           TEXT    NOT NULL PRIMARY KEY,
    user_id      TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    state        TEXT    NOT NULL CHECK (state IN ('requested', 'cancelled')),
    requested_at INTEGER NOT NULL,
    due_at       INTEGER NOT NULL,
    decided_at   INTEGER
) STRICT;
CREATE INDEX deletion_requests_by_user ON deletion_requests (user_id, requested_at);
CREATE UNIQUE INDEX deletion_requests_open ON deletion_requests (user_id) WHERE state = 'requested';
