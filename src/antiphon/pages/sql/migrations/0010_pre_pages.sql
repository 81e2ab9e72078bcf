-- Visits to an e-mail that may be a person's, until it is known whose they were: seconds, or five minutes for an open that
-- came very early. One row for a delivery. What it has counted already is taken back when it is judged, in the transaction
-- that counts it for good. Names nobody: what a person did is in the delivery afterwards.
CREATE TABLE visit_held (
  bucket      smallint NOT NULL,
  delivery_id bigint NOT NULL,
  source_id   bigint NOT NULL,
  channel     text NOT NULL,
  variant     text NOT NULL,
  handed_at   timestamptz,
  due_at      timestamptz NOT NULL,          -- product time
  seen        bytea NOT NULL,                -- visits, packed: pages/sessions.py
  swept       boolean NOT NULL DEFAULT false,
  opened      timestamptz,                   -- counted as opened in this minute, for now
  clicked     timestamptz,
  -- prevents two verdicts on one session
  PRIMARY KEY (bucket, delivery_id)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);
-- serves whoever judges what is due, across buckets
CREATE INDEX visit_held_due ON visit_held (due_at);
