CREATE TABLE records (
    opened_at INTEGER NOT NULL,
    call_id TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    trace_id TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at INTEGER NOT NULL,
    target TEXT NOT NULL,
    model TEXT NOT NULL,
    user_id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    service_tier TEXT NOT NULL,
    outcome TEXT NOT NULL,
    input_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    cache_read_tokens INTEGER NOT NULL,
    cache_write_tokens INTEGER NOT NULL,
    reasoning_tokens INTEGER NOT NULL,
    usage_estimated INTEGER NOT NULL,
    pico_dollars INTEGER,
    cost_estimated INTEGER,
    unpriced INTEGER,
    catalogue_version TEXT,
    PRIMARY KEY (opened_at, call_id, attempt)
  ) STRICT, WITHOUT ROWID;
CREATE INDEX records_by_end ON records (ended_at);
CREATE TABLE days (
    day TEXT NOT NULL,
    model TEXT NOT NULL,
    user_id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    target TEXT NOT NULL,
    outcome TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    estimated_attempts INTEGER NOT NULL,
    unpriced_attempts INTEGER NOT NULL,
    input_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    cache_read_tokens INTEGER NOT NULL,
    cache_write_tokens INTEGER NOT NULL,
    reasoning_tokens INTEGER NOT NULL,
    pico_dollars INTEGER NOT NULL,
    PRIMARY KEY (day, model, user_id, project_id, target, outcome)
  ) STRICT, WITHOUT ROWID;
CREATE TABLE retention (deleted_before INTEGER NOT NULL) STRICT;
CREATE TABLE batches (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    owner TEXT NOT NULL,
    idempotency_key TEXT,
    display_name TEXT NOT NULL,
    metadata TEXT NOT NULL,
    state TEXT NOT NULL,
    execution TEXT NOT NULL,
    expired INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    finished_at INTEGER,
    total INTEGER NOT NULL DEFAULT 0,
    completed INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0,
    input_tokens INTEGER NOT NULL DEFAULT 0,
    output_tokens INTEGER NOT NULL DEFAULT 0,
    cache_read_tokens INTEGER NOT NULL DEFAULT 0,
    cache_write_tokens INTEGER NOT NULL DEFAULT 0,
    reasoning_tokens INTEGER NOT NULL DEFAULT 0,
    usage_estimated INTEGER NOT NULL DEFAULT 0,
    pico_dollars INTEGER,
    cost_estimated INTEGER NOT NULL DEFAULT 0,
    unpriced INTEGER NOT NULL DEFAULT 0,
    catalogue_version TEXT NOT NULL DEFAULT '',
    problems TEXT NOT NULL DEFAULT '[]'
  ) STRICT;
CREATE UNIQUE INDEX batches_by_key ON batches (owner, idempotency_key)
    WHERE idempotency_key IS NOT NULL;
CREATE TABLE batch_parts (
    batch INTEGER NOT NULL,
    number INTEGER NOT NULL,
    execution TEXT NOT NULL,
    upstream TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    model TEXT NOT NULL,
    model_id TEXT NOT NULL,
    file TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting',
    since INTEGER NOT NULL DEFAULT 0,
    size INTEGER NOT NULL DEFAULT 0,
    file_id TEXT NOT NULL DEFAULT '',
    upstream_batch_id TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (batch, number)
  ) STRICT, WITHOUT ROWID;
CREATE TABLE batch_items (
    batch INTEGER NOT NULL,
    number INTEGER NOT NULL,
    custom_id TEXT NOT NULL,
    part INTEGER NOT NULL,
    offset INTEGER NOT NULL,
    length INTEGER NOT NULL,
    user_id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    most INTEGER,
    input_tokens INTEGER NOT NULL,
    context TEXT NOT NULL,
    sequence INTEGER
  ) STRICT;
CREATE UNIQUE INDEX batch_items_by_custom_id ON batch_items (batch, custom_id);
CREATE INDEX open_batch_items ON batch_items (batch, part, number) WHERE sequence IS NULL;
CREATE TABLE batch_results (
    batch INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    custom_id TEXT NOT NULL,
    result TEXT NOT NULL
  ) STRICT;
CREATE UNIQUE INDEX batch_results_by_sequence ON batch_results (batch, sequence);
INSERT INTO records ("opened_at", "call_id", "attempt", "trace_id", "started_at", "ended_at", "target", "model", "user_id", "project_id", "service_tier", "outcome", "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens", "usage_estimated", "pico_dollars", "cost_estimated", "unpriced", "catalogue_version") VALUES (1790000000000, 'in-database', 1, '', 1790000000000, 1790000000005, 'default', 'gpt-5.4', 'alice', 'apollo', '', 'completed', 10, 5, 0, 0, 0, 0, 123, 0, 0, '1');
INSERT INTO days ("day", "model", "user_id", "project_id", "target", "outcome", "attempts", "estimated_attempts", "unpriced_attempts", "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens", "pico_dollars") VALUES ('2026-09-21', 'gpt-5.4', 'alice', 'apollo', 'default', 'completed', 1, 0, 0, 10, 5, 0, 0, 0, 123);
INSERT INTO retention ("deleted_before") VALUES (0);
INSERT INTO batches ("number", "id", "owner", "idempotency_key", "display_name", "metadata", "state", "execution", "expired", "created_at", "expires_at", "finished_at", "total", "completed", "failed", "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens", "usage_estimated", "pico_dollars", "cost_estimated", "unpriced", "catalogue_version", "problems") VALUES (1, 'batch-old', 'apollo', 'k', 'Old', '{}', 'queued', 'upstream', 0, 1790000000000, 1790086400000, NULL, 2, 0, 0, 0, 0, 0, 0, 0, 0, NULL, 0, 0, '', '[]');
INSERT INTO batch_parts ("batch", "number", "execution", "upstream", "endpoint", "model", "model_id", "file", "state", "since", "size", "file_id", "upstream_batch_id") VALUES (1, 1, 'upstream', 'default', '/v1/chat/completions', 'gpt-5.4', 'gpt-5.4', '1.jsonl', 'running', 1790000000000, 0, 'file-1', 'batch_1');
INSERT INTO batch_items ("batch", "number", "custom_id", "part", "offset", "length", "user_id", "project_id", "most", "input_tokens", "context", "sequence") VALUES (1, 1, 'item-1', 1, 10, 9, 'alice', 'apollo', 5, 7, '{}', NULL);
INSERT INTO batch_items ("batch", "number", "custom_id", "part", "offset", "length", "user_id", "project_id", "most", "input_tokens", "context", "sequence") VALUES (1, 2, 'item-2', 1, 20, 9, 'alice', 'apollo', 5, 7, '{}', NULL);
PRAGMA user_version = 2;
