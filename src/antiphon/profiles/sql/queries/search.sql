-- name: keep_words
-- The words of these profiles' names, and none besides. The order of the writes prevents deadlocks.
WITH given AS MATERIALIZED (
       SELECT profile_id, word
         FROM unnest(:profiles::bigint[], :words::text[]) AS given(profile_id, word)),
     gone AS (
       DELETE FROM profile_word
        USING unnest(:whole::bigint[]) AS whole(profile_id)
        WHERE profile_word.bucket = (whole.profile_id & 255)::smallint
          AND profile_word.profile_id = whole.profile_id
          AND NOT EXISTS (SELECT
                            FROM given
                           WHERE given.profile_id = whole.profile_id
                             AND given.word = profile_word.word))
INSERT INTO profile_word (bucket, profile_id, word)
SELECT (profile_id & 255)::smallint, profile_id, word
  FROM given
 ORDER BY 1, 2, 3
    ON CONFLICT DO NOTHING;

-- name: find_values
-- Whoever has one of these identifiers, of whatever kind. Reads across buckets: the directory is asked by value.
SELECT profile_id, kind, value
  FROM identifier
 WHERE value = ANY(:values::text[])
 ORDER BY shared, kind, value, profile_id
 LIMIT :limit;

-- name: find_beginnings
-- Whoever has an identifier that begins so. Reads across buckets: the directory is asked by value.
SELECT found.profile_id, found.kind, found.value
  FROM unnest(:lows::text[], :highs::text[]) AS span(low, high)
 CROSS JOIN LATERAL (SELECT profile_id, kind, value
                       FROM identifier
                      WHERE identifier.value ~>=~ span.low
                        AND identifier.value ~<~ span.high
                      ORDER BY identifier.value USING ~<~
                      LIMIT :limit) AS found
 LIMIT :limit;

-- name: count_bearers
-- How many words or identifiers are in each span, counted no further than a bound. Reads across buckets: so that the
-- rarest word of a question leads.
SELECT CASE WHEN span.named
            THEN (SELECT count(*)
                    FROM (SELECT
                            FROM profile_word
                           WHERE profile_word.word ~>=~ span.low
                             AND profile_word.word ~<~ span.high
                           LIMIT :bound) AS few)
            ELSE (SELECT count(*)
                    FROM (SELECT
                            FROM identifier
                           WHERE identifier.value ~>=~ span.low
                             AND identifier.value ~<~ span.high
                           LIMIT :bound) AS few)
        END AS bearers
  FROM unnest(:lows::text[], :highs::text[], :named::boolean[]) WITH ORDINALITY AS span(low, high, named, place)
 ORDER BY span.place;

-- name: scan_words
-- The next people by one word of their names, those of them to whom all other words apply too, and where the look ended.
-- Reads across buckets: names are asked by word.
WITH candidate AS MATERIALIZED (
       SELECT word, profile_id
         FROM ((SELECT word, profile_id
                  FROM profile_word
                 WHERE word = :word
                   AND profile_id > :after
                 ORDER BY profile_id
                 LIMIT :scan)
               UNION ALL
               (SELECT word, profile_id
                  FROM profile_word
                 WHERE word ~>~ :word
                   AND word ~<~ :high
                 ORDER BY word USING ~<~, profile_id
                 LIMIT :scan)) AS ahead
        ORDER BY word USING ~<~, profile_id
        LIMIT :scan)
SELECT candidate.word AS text, candidate.profile_id AS id, candidate.profile_id,
       NOT EXISTS (SELECT
                     FROM profile_word AS earlier
                    WHERE earlier.bucket = (candidate.profile_id & 255)::smallint
                      AND earlier.profile_id = candidate.profile_id
                      AND earlier.word ~>=~ :low
                      AND earlier.word ~<~ candidate.word)
       AND (:terms = 0
         OR (SELECT count(DISTINCT span.place)
               FROM (SELECT word
                       FROM profile_word
                      WHERE profile_word.bucket = (candidate.profile_id & 255)::smallint
                        AND profile_word.profile_id = candidate.profile_id
                      UNION ALL
                     SELECT value
                       FROM identifier
                      WHERE :valued
                        AND identifier.profile_id = candidate.profile_id) AS has(text)
               JOIN unnest(:places::integer[], :lows::text[], :highs::text[]) AS span(place, low, high)
                 ON has.text ~>=~ span.low AND has.text ~<~ span.high) = :terms) AS fits
  FROM candidate
 ORDER BY candidate.word USING ~<~, candidate.profile_id;

-- name: scan_values
-- The next people by the beginning of an identifier, but for those whose name begins so: they came before. Reads across
-- buckets: the directory is asked by value.
WITH candidate AS MATERIALIZED (
       SELECT found.value, found.id, found.profile_id
         FROM unnest(:lows_ahead::text[], :highs_ahead::text[]) AS span(low, high)
        CROSS JOIN LATERAL (SELECT value, id, profile_id
                              FROM identifier
                             WHERE identifier.value ~>=~ span.low
                               AND identifier.value ~<~ span.high
                               AND (identifier.value ~>~ :text OR identifier.id > :after)
                             ORDER BY identifier.value USING ~<~, identifier.id
                             LIMIT :scan) AS found
        ORDER BY found.value USING ~<~, found.id
        LIMIT :scan)
SELECT candidate.value AS text, candidate.id, candidate.profile_id,
       NOT EXISTS (SELECT
                     FROM profile_word
                    WHERE profile_word.bucket = (candidate.profile_id & 255)::smallint
                      AND profile_word.profile_id = candidate.profile_id
                      AND profile_word.word ~>=~ :word
                      AND profile_word.word ~<~ :high)
       AND NOT EXISTS (SELECT
                         FROM identifier AS earlier
                         JOIN unnest(:lows_of::text[], :highs_of::text[]) AS span(low, high)
                           ON earlier.value ~>=~ span.low AND earlier.value ~<~ span.high
                        WHERE earlier.profile_id = candidate.profile_id
                          AND (earlier.value ~<~ candidate.value
                            OR (earlier.value = candidate.value AND earlier.id < candidate.id)))
       AND (:terms = 0
         OR (SELECT count(DISTINCT span.place)
               FROM (SELECT word
                       FROM profile_word
                      WHERE profile_word.bucket = (candidate.profile_id & 255)::smallint
                        AND profile_word.profile_id = candidate.profile_id
                      UNION ALL
                     SELECT value
                       FROM identifier
                      WHERE :valued
                        AND identifier.profile_id = candidate.profile_id) AS has(text)
               JOIN unnest(:places::integer[], :lows::text[], :highs::text[]) AS span(place, low, high)
                 ON has.text ~>=~ span.low AND has.text ~<~ span.high) = :terms) AS fits
  FROM candidate
 ORDER BY candidate.value USING ~<~, candidate.id;

-- name: name_people
-- What these people are called: those traits of theirs that have to do with names.
SELECT profile.id,
       (SELECT jsonb_object_agg(key, profile.traits -> key)
          FROM unnest(:keys::text[]) AS wanted(key)
         WHERE profile.traits ? key) AS traits
  FROM profile
  JOIN unnest(:ids::bigint[]) AS given(id)
    ON profile.bucket = (given.id & 255)::smallint AND profile.id = given.id;

-- name: some_identifiers
-- A few identifiers of each. Reads across buckets: the directory is asked by profile.
SELECT few.profile_id, few.id, few.kind, few.value
  FROM unnest(:ids::bigint[]) AS given(id)
 CROSS JOIN LATERAL (SELECT profile_id, id, kind, value
                       FROM identifier
                      WHERE identifier.profile_id = given.id
                      LIMIT :limit) AS few;
