-- Product time: one row that every process follows.
CREATE TABLE product_clock (
  singleton   boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  time_offset interval NOT NULL DEFAULT '0',
  held_at     timestamptz               -- not null: the clock stands still at this instant
);
INSERT INTO product_clock DEFAULT VALUES;

-- What this installation keeps secret: the key that signs tokens, the keys that sign mail and pushes.
CREATE TABLE secret (
  name  text PRIMARY KEY,
  value bytea NOT NULL
);

-- What the operator has set, by name; docs/reference/settings.md lists the names.
CREATE TABLE setting (
  name  text PRIMARY KEY,
  value jsonb NOT NULL
);
