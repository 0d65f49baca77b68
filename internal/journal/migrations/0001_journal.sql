-- One text for SQLite and PostgreSQL. Times are microseconds since 1970 in UTC, 0 = none. JSON is text, byte for byte as it was hashed; '' = none.

CREATE TABLE journal_operations (
	id           TEXT   NOT NULL PRIMARY KEY,
	parent       TEXT   NOT NULL,
	kind         TEXT   NOT NULL,
	subject      TEXT   NOT NULL,
	account_id   TEXT   NOT NULL,
	email        TEXT   NOT NULL,
	label        TEXT   NOT NULL,
	status       TEXT   NOT NULL,
	reason       TEXT   NOT NULL,
	caller       TEXT   NOT NULL,
	actor        TEXT   NOT NULL,
	created_at   BIGINT NOT NULL,
	effective_at BIGINT NOT NULL,
	started_at   BIGINT NOT NULL,
	ended_at     BIGINT NOT NULL,
	plan_id      TEXT   NOT NULL,
	approval     TEXT   NOT NULL,
	problem      TEXT   NOT NULL,
	cancel_by    TEXT   NOT NULL,
	stop_on_error BIGINT NOT NULL,
	children     BIGINT NOT NULL,
	owner        TEXT   NOT NULL,
	epoch        BIGINT NOT NULL,
	due          BIGINT NOT NULL,
	handed_by    TEXT   NOT NULL DEFAULT '' -- the worker whose sweep handed it out last
);

-- No two operations on one person run, or wait to run, at the same time; nor do two wait for their time or for approval.
CREATE UNIQUE INDEX journal_operations_active  ON journal_operations (subject) WHERE status IN ('queued', 'running');
CREATE UNIQUE INDEX journal_operations_waiting ON journal_operations (subject) WHERE status IN ('scheduled', 'awaiting_approval');

-- What the sweep looks for.
CREATE INDEX journal_operations_due   ON journal_operations (due)   WHERE due > 0;
CREATE INDEX journal_operations_owner ON journal_operations (owner) WHERE owner <> '';
CREATE INDEX journal_operations_handed ON journal_operations (handed_by) WHERE handed_by <> '' AND ended_at = 0;

-- The first page of each list, newest first. The people of a batch are listed under their batch only.
CREATE INDEX journal_operations_created ON journal_operations (created_at, id)         WHERE parent = '';
CREATE INDEX journal_operations_kind    ON journal_operations (kind, created_at, id)   WHERE parent = '';
CREATE INDEX journal_operations_status  ON journal_operations (status, created_at, id) WHERE parent = '';
CREATE INDEX journal_operations_caller  ON journal_operations (caller, created_at, id) WHERE parent = '';
CREATE INDEX journal_operations_parent  ON journal_operations (parent, status)         WHERE parent <> '';
CREATE INDEX journal_operations_subject ON journal_operations (subject, created_at);
CREATE INDEX journal_operations_account ON journal_operations (account_id)             WHERE account_id <> '';
CREATE INDEX journal_operations_email   ON journal_operations (lower(email))           WHERE email <> '';

-- What is large and seldom changes, apart from the row that each step touches.
CREATE TABLE journal_details (
	operation_id TEXT NOT NULL PRIMARY KEY REFERENCES journal_operations (id) ON DELETE CASCADE,
	confirmation TEXT NOT NULL,
	request      TEXT NOT NULL,
	plan         TEXT NOT NULL,
	snapshot     TEXT NOT NULL
);

CREATE TABLE journal_steps (
	operation_id TEXT   NOT NULL REFERENCES journal_operations (id) ON DELETE CASCADE,
	n            BIGINT NOT NULL,
	step         TEXT   NOT NULL,
	PRIMARY KEY (operation_id, n)
);

-- The record. A hash covers the one before it; state is the digest of the operation as the event left it, '' where it left it alone.
CREATE TABLE journal_events (
	seq          BIGINT NOT NULL PRIMARY KEY,
	at           BIGINT NOT NULL,
	operation_id TEXT   NOT NULL,
	kind         TEXT   NOT NULL,
	epoch        BIGINT NOT NULL,
	actor        TEXT   NOT NULL,
	data         TEXT   NOT NULL,
	state        TEXT   NOT NULL,
	hash         TEXT   NOT NULL
);
CREATE INDEX journal_events_operation ON journal_events (operation_id, seq);

-- One row: the last event, and the last one that was pruned.
CREATE TABLE journal_chain (
	one       BIGINT NOT NULL PRIMARY KEY,
	seq       BIGINT NOT NULL,
	hash      TEXT   NOT NULL,
	base_seq  BIGINT NOT NULL,
	base_hash TEXT   NOT NULL
);
INSERT INTO journal_chain VALUES (1, 0, '', 0, '');

-- Confirmations that were spent, by the token's digest.
CREATE TABLE journal_uses (
	token        TEXT   NOT NULL PRIMARY KEY,
	operation_id TEXT   NOT NULL,
	used_at      BIGINT NOT NULL,
	expires      BIGINT NOT NULL
);
CREATE INDEX journal_uses_expires ON journal_uses (expires);

CREATE TABLE journal_keys (
	name  TEXT NOT NULL PRIMARY KEY,
	value TEXT NOT NULL
);
