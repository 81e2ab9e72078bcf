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

-- The same of the whole company: few rows, whatever it sends. A quarter of an hour, because a day begins on one in every
-- time zone. Kept for ever: at most some thousand rows a day.
CREATE TABLE counter_quarter (
  quarter timestamptz NOT NULL,
  kind    text NOT NULL,
  channel text NOT NULL,
  n       bigint NOT NULL,
  amount  double precision NOT NULL DEFAULT 0,
  PRIMARY KEY (quarter, kind, channel)
) WITH (fillfactor = 80);

-- A person's last messages of one cell (a channel and a kind of message: metrics/cells.py), the newest in the lowest bit
-- of history; a bit that is set was answered. Grows to 62 messages, of which 40 count (metrics/window.py).
-- sent_at: product time of the newest.
CREATE TABLE response (
  bucket     smallint NOT NULL,
  cell       smallint NOT NULL,
  sent       smallint NOT NULL,
  profile_id bigint NOT NULL,
  history    bigint NOT NULL,
  sent_at    timestamptz NOT NULL,
  -- One window per person and cell; read by person.
  PRIMARY KEY (bucket, profile_id, cell)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);

-- People who moved from one pair of numbers to another: appended by whoever writes response, one batch per transaction; a
-- keeper folds them into response_grid. They count from settles_at on, when the newest message has had its time to
-- be answered: before, everybody who was just written to would look as if they never answer.
CREATE TABLE response_part (
  settles_at timestamptz NOT NULL,
  cell       smallint NOT NULL,
  sent       smallint NOT NULL,
  answered   smallint NOT NULL,
  people     integer NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.05);

-- How many people have so many messages in their window and answered so many of them: at most 860 rows a cell, and as
-- many for each hour that has not come yet. What has settled is at -infinity.
CREATE TABLE response_grid (
  settles_at timestamptz NOT NULL,
  cell       smallint NOT NULL,
  sent       smallint NOT NULL,
  answered   smallint NOT NULL,
  people     bigint NOT NULL,
  PRIMARY KEY (settles_at, cell, sent, answered)
) WITH (fillfactor = 80);

-- What was learned of everybody in a cell: the Beta distribution of people's shares of answers. sent and answered are sums
-- over the grid it was learned from: they tell when it is worth learning anew.
CREATE TABLE response_prior (
  cell      smallint PRIMARY KEY,
  alpha     double precision NOT NULL,
  beta      double precision NOT NULL,
  people    bigint NOT NULL,
  sent      bigint NOT NULL,
  answered  bigint NOT NULL,
  fitted_at timestamptz NOT NULL
);

-- When in their day somebody answers: 24 counts of one byte each, from their midnight. Only for those who ever did.
CREATE TABLE active_hour (
  bucket     smallint NOT NULL,
  profile_id bigint NOT NULL,
  hours      bytea NOT NULL,
  last_at    timestamptz NOT NULL,
  PRIMARY KEY (bucket, profile_id)
) WITH (fillfactor = 80);

-- Answers of everybody by local hour, as they are appended; folded into hour_total.
CREATE TABLE hour_part (
  hour smallint NOT NULL,
  n    integer NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.05);

-- Answers of everybody by local hour.
CREATE TABLE hour_total (
  hour smallint PRIMARY KEY,
  n    bigint NOT NULL
);
