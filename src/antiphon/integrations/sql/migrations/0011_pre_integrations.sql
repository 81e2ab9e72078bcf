-- A file that somebody uploaded, and how far its import is. It lies in the data folder, for seven days at most.
CREATE TABLE import_job (
  id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind          text NOT NULL CHECK (kind IN ('people', 'events')),
  name          text NOT NULL,           -- as whoever uploaded it calls it
  file          text,                    -- its name in the folder; null: deleted
  size          bigint NOT NULL,         -- bytes as it lies there
  lines         bigint NOT NULL,         -- line ends of the clear contents: about how many rows there are
  form          jsonb NOT NULL,          -- what the first reading found: format, encoding, delimiter, columns, digest
  mapping       jsonb,                   -- null: nobody has said yet which field is what, and nothing could be guessed
  mode          text NOT NULL DEFAULT 'upsert' CHECK (mode IN ('upsert', 'create', 'update', 'suppress')),
  state         text NOT NULL DEFAULT 'uploaded'
                CHECK (state IN ('uploaded', 'queued', 'running', 'done', 'failed', 'cancelled')),
  by            text NOT NULL,           -- who uploaded it
  started_by    text NOT NULL DEFAULT '',
  created_at    timestamptz NOT NULL,
  started_at    timestamptz,
  ended_at      timestamptz,
  problem       text NOT NULL DEFAULT '', -- why it failed
  counts        jsonb NOT NULL DEFAULT '{}', -- rows, new, updated … as far as it is
  bytes_done    bigint NOT NULL DEFAULT 0,
  refused_bytes bigint NOT NULL DEFAULT 0, -- of the file of refused rows: what lies beyond is told again after a crash
  worked_s      double precision NOT NULL DEFAULT 0, -- wall time
  lease_until   timestamptz,             -- wall time: somebody works on it
  lease         integer NOT NULL DEFAULT 0
);
-- serves the claim
CREATE INDEX import_job_open ON import_job (id) WHERE state IN ('queued', 'running');
