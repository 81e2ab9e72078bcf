-- Counts as they are appended, one batch per process and transaction; a keeper folds them into counter.
CREATE TABLE counter_part (
  source_id bigint NOT NULL,
  channel   text NOT NULL,
  variant   text NOT NULL,
  kind      text NOT NULL,
  minute    timestamptz NOT NULL,
  n         bigint NOT NULL,
  amount    double precision NOT NULL DEFAULT 0
) WITH (autovacuum_vacuum_scale_factor = 0.05);

-- How many of a kind in a product minute.
CREATE TABLE counter (
  source_id bigint NOT NULL,
  channel   text NOT NULL,
  variant   text NOT NULL,
  kind      text NOT NULL,
  minute    timestamptz NOT NULL,
  n         bigint NOT NULL,
  amount    double precision NOT NULL DEFAULT 0,
  PRIMARY KEY (source_id, minute, kind, channel, variant)
) WITH (fillfactor = 80);
