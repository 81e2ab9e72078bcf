-- name: read_settings
-- What the operator has set, all of it: there are few.
SELECT name, value FROM setting;

-- name: write_setting
-- Set one; the newest value counts.
INSERT INTO setting (name, value)
VALUES (:name, :value)
    ON CONFLICT (name) DO UPDATE SET value = excluded.value;

-- name: reset_setting
-- Back to the default, which is not stored.
DELETE FROM setting WHERE name = :name;
