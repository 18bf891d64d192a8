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
INSERT INTO records ("opened_at", "call_id", "attempt", "trace_id", "started_at", "ended_at", "target", "model", "user_id", "project_id", "service_tier", "outcome", "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens", "usage_estimated", "pico_dollars", "cost_estimated", "unpriced", "catalogue_version") VALUES (1790000000000, 'in-database', 1, '', 1790000000000, 1790000000005, 'default', 'gpt-5.4', 'alice', 'apollo', '', 'completed', 10, 5, 0, 0, 0, 0, 123, 0, 0, '1');
INSERT INTO days ("day", "model", "user_id", "project_id", "target", "outcome", "attempts", "estimated_attempts", "unpriced_attempts", "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens", "pico_dollars") VALUES ('2026-09-21', 'gpt-5.4', 'alice', 'apollo', 'default', 'completed', 1, 0, 0, 10, 5, 0, 0, 0, 123);
INSERT INTO retention ("deleted_before") VALUES (0);
PRAGMA user_version = 1;
