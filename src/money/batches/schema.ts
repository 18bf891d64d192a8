/**
 * The tables of batches. Numbers of parts and items count from 1 within a batch, and so do sequences
 * of results. Items and results are rows of their own: one file may hold millions of them.
 */
export const BATCH_TABLES = `
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
`;
