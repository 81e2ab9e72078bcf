-- name: read_leads
-- Which of these numbers were merged away, and whose they are.
SELECT a.id, a.profile_id
  FROM unnest(:profiles::bigint[]) AS given(profile_id)
  JOIN known_alias a ON a.bucket = (given.profile_id & 255)::smallint AND a.id = given.profile_id;

-- name: note_sent
-- One more message for each, none named twice; the moves of the grid go with it. 4611686018427387903 are the 62 bits that
-- are kept, 1099511627775 the 40 that count: tests hold them against window.py.
WITH noted AS (
       INSERT INTO response AS r (bucket, cell, sent, profile_id, history, sent_at)
       SELECT (given.profile_id & 255)::smallint, given.cell, 1, given.profile_id, 0, :now
         FROM unnest(:profiles::bigint[], :cells::smallint[]) AS given(profile_id, cell)
        ORDER BY 1, 4, 2
           ON CONFLICT (bucket, profile_id, cell)
           DO UPDATE SET sent = least(r.sent + 1, 62), history = (r.history << 1) & 4611686018427387903,
                         sent_at = greatest(r.sent_at, excluded.sent_at)
       RETURNING cell, sent, history),
     moved (cell, sent, answered, people) AS (
       SELECT cell, least(sent, 40), bit_count((history & 1099511627775)::bit(64)), 1 FROM noted
        UNION ALL
       SELECT cell, least(sent - 1, 40), bit_count((history >> 1 & 1099511627775)::bit(64)), -1 FROM noted
        WHERE sent > 1)
INSERT INTO response_part (settles_at, cell, sent, answered, people)
SELECT :settles_at::timestamptz, cell, sent, answered, sum(people) FROM moved
 GROUP BY cell, sent, answered
HAVING sum(people) <> 0;

-- name: lock_windows
-- The windows of these people in these cells, in the order in which everybody locks them.
SELECT r.profile_id, r.cell, r.sent, r.history, r.sent_at
  FROM unnest(:profiles::bigint[], :cells::smallint[]) AS given(profile_id, cell)
  JOIN response r
    ON r.bucket = (given.profile_id & 255)::smallint AND r.profile_id = given.profile_id AND r.cell = given.cell
 ORDER BY r.bucket, r.profile_id, r.cell
   FOR UPDATE OF r;

-- name: lock_windows_of_people
-- All windows of these people.
SELECT r.profile_id, r.cell, r.sent, r.history, r.sent_at
  FROM unnest(:profiles::bigint[]) AS given(profile_id)
  JOIN response r ON r.bucket = (given.profile_id & 255)::smallint AND r.profile_id = given.profile_id
 ORDER BY r.bucket, r.profile_id, r.cell
   FOR UPDATE OF r;

-- name: write_windows
-- What became of windows that are locked, and the moves of the grid that go with it.
WITH written AS (
       UPDATE response r
          SET sent = given.sent, history = given.history, sent_at = given.sent_at
         FROM unnest(:profiles::bigint[], :cells::smallint[], :sents::smallint[], :histories::bigint[],
                     :sent_ats::timestamptz[])
              AS given(profile_id, cell, sent, history, sent_at)
        WHERE r.bucket = (given.profile_id & 255)::smallint AND r.profile_id = given.profile_id AND r.cell = given.cell)
INSERT INTO response_part (settles_at, cell, sent, answered, people)
SELECT * FROM unnest(:moved_settles::timestamptz[], :moved_cells::smallint[], :moved_sents::smallint[],
                     :moved_answereds::smallint[], :moved_people::integer[]);

-- name: insert_empty_windows
-- A place for what an alias brings along, where the person had none.
INSERT INTO response (bucket, cell, sent, profile_id, history, sent_at)
SELECT DISTINCT (given.profile_id & 255)::smallint, r.cell, 0, given.profile_id, 0, '-infinity'::timestamptz
  FROM unnest(:aliases::bigint[], :profiles::bigint[]) AS given(alias, profile_id)
  JOIN response r ON r.bucket = (given.alias & 255)::smallint AND r.profile_id = given.alias
 ORDER BY 1, 4, 2
    ON CONFLICT DO NOTHING;

-- name: delete_windows
-- All windows of these people, and the moves of the grid that go with it.
WITH gone AS (
       DELETE FROM response r
        USING unnest(:profiles::bigint[]) AS given(profile_id)
        WHERE r.bucket = (given.profile_id & 255)::smallint AND r.profile_id = given.profile_id)
INSERT INTO response_part (settles_at, cell, sent, answered, people)
SELECT * FROM unnest(:moved_settles::timestamptz[], :moved_cells::smallint[], :moved_sents::smallint[],
                     :moved_answereds::smallint[], :moved_people::integer[]);

-- name: read_windows
-- The windows of these people.
SELECT r.profile_id, r.cell, r.sent, r.history, r.sent_at > :waiting_since AS is_waiting
  FROM unnest(:profiles::bigint[]) AS given(profile_id)
  JOIN response r ON r.bucket = (given.profile_id & 255)::smallint AND r.profile_id = given.profile_id;

-- name: export_responses
-- How often a person was written to and answered, as far as it still counts.
SELECT named.channel, named.kind, least(r.sent, 40) AS sent,
       bit_count((r.history & 1099511627775)::bit(64)) AS answered, r.sent_at
  FROM unnest(:profiles::bigint[]) AS given(profile_id)
  JOIN response r ON r.bucket = (given.profile_id & 255)::smallint AND r.profile_id = given.profile_id
  JOIN unnest(:cells::smallint[], :channels::text[], :kinds::text[]) AS named(cell, channel, kind)
    ON named.cell = r.cell
 ORDER BY r.profile_id, r.cell;
