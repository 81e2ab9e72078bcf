-- name: share_registry
-- Nobody makes a version live while this transaction is open.
SELECT pg_advisory_xact_lock_shared(1936025453);

-- name: hold_registry
-- Wait until no transaction is open that touched or worked memberships; hold off new ones.
SELECT pg_advisory_xact_lock(1936025453);

-- name: hold_names
-- Of those who change which segments name which, one at a time: two at once could each name the other.
SELECT pg_advisory_xact_lock(1936025454);

-- name: keep_plans
-- For the transaction: the statements of leaves come again and again, and always look up a few rows by index. To plan one
-- takes longer than to run it.
SELECT set_config('plan_cache_mode', 'force_generic_plan', true);

-- name: add_segment
-- A new segment, without a version; no row where the name is taken.
INSERT INTO segment (name, kind, stage_of, created_at)
VALUES (:name, :kind, :stage_of, :now)
    ON CONFLICT (name) DO NOTHING
RETURNING id;

-- name: find_segments
-- Those with these names or ids, with the version that is live and the one that is being worked at.
SELECT s.id, s.name, s.kind, s.version, s.stage_of, s.created_at, s.archived_at, live.rule AS live_rule,
       next.version AS next_version, next.state AS next_state, next.rule AS next_rule,
       coalesce(nullif(next.phase, ''), live.phase, '') AS phase,
       coalesce(next.done, live.done, 0) AS done, coalesce(next.steps, live.steps, 0) AS steps,
       coalesce(next.estimate_s, live.estimate_s) AS estimate_s
  FROM segment s
  LEFT JOIN segment_version live ON live.segment_id = s.id AND live.version = s.version
  LEFT JOIN segment_version next ON next.segment_id = s.id AND next.state IN ('draft', 'building')
 WHERE s.name = ANY (:names::text[]) OR s.id = ANY (:ids::integer[]) OR :everything
 ORDER BY s.name;

-- name: segment_names
-- What segments are called, for rules that name them.
SELECT id, name FROM segment;

-- name: lock_segment
-- Nobody else changes what it is.
SELECT id FROM segment WHERE id = :segment_id FOR UPDATE;

-- name: save_draft
-- The rule that it may become; a draft there was is written over. No row while a version is being built.
INSERT INTO segment_version AS v (segment_id, version, rule, state, kinds, needs, by, created_at, changed_at)
SELECT :segment_id, coalesce(max(old.version), 0) + 1, :rule, 'draft', :kinds, :needs, :by, :now, :now
  FROM segment_version old
 WHERE old.segment_id = :segment_id AND old.state <> 'draft'
    ON CONFLICT (segment_id, version) DO UPDATE
   SET rule = excluded.rule, kinds = excluded.kinds, needs = excluded.needs, by = excluded.by,
       changed_at = excluded.changed_at
 WHERE v.state = 'draft'
RETURNING version;

-- name: drop_draft
-- As if it had never been written.
DELETE FROM segment_version WHERE segment_id = :segment_id AND state = 'draft' RETURNING version;

-- name: start_build
-- The draft is to go live.
UPDATE segment_version
   SET state = 'building', published_at = :now, building_since = clock_timestamp(), phase = 'looking', done = 0, steps = 1,
       estimate_s = :estimate_s
 WHERE segment_id = :segment_id AND state = 'draft'
RETURNING version;

-- name: list_versions
-- All versions of a segment, the newest first.
SELECT version, rule, state, by, created_at, changed_at, published_at
  FROM segment_version
 WHERE segment_id = :segment_id
 ORDER BY version DESC;

-- name: watched_versions
-- What can change each live segment, and what it names.
SELECT v.segment_id, v.version, v.kinds, v.needs
  FROM segment s
  JOIN segment_version v ON v.segment_id = s.id AND v.version = s.version
 WHERE v.state = 'live';

-- name: rules_of
-- The rules of versions.
SELECT v.segment_id, v.version, v.rule
  FROM unnest(:segments::integer[], :versions::integer[]) AS g (segment_id, version)
  JOIN segment_version v ON v.segment_id = g.segment_id AND v.version = g.version;

-- name: rule_of_version
-- One rule.
SELECT rule FROM segment_version WHERE segment_id = :segment_id AND version = :version;

-- name: needs_of_all
-- Which segments each names, live or to come: for order and cycles.
SELECT v.segment_id, s.name, v.needs, v.state
  FROM segment_version v
  JOIN segment s ON s.id = v.segment_id
 WHERE v.state IN ('draft', 'building', 'live');

-- name: unfinished_builds
-- Versions that are being built, or whose changes are not all written.
SELECT segment_id
  FROM segment_version
 WHERE state = 'building' OR (state = 'live' AND phase <> '')
 ORDER BY segment_id;

-- name: building
-- The version at work: a newer one goes before one whose changes are not all written, for it makes them needless.
SELECT v.version, v.state, v.phase, v.done, s.version = 0 AS is_first
  FROM segment_version v
  JOIN segment s ON s.id = v.segment_id
 WHERE v.segment_id = :segment_id AND (v.state = 'building' OR (v.state = 'live' AND v.phase <> ''))
 ORDER BY v.version DESC
 LIMIT 1;

-- name: unbuilt_needs
-- Segments that have no members yet, for their first version is being built, and that a version names which is being built.
SELECT s.id
  FROM segment_version v
  JOIN segment s ON s.id = ANY (v.needs) AND s.kind = 'rule' AND s.version = 0
  JOIN segment_version n ON n.segment_id = s.id AND n.state = 'building'
 WHERE v.segment_id = :segment_id AND v.state = 'building'
 ORDER BY s.id;

-- name: unpublished_needs
-- Segments that a draft names, and that have no version that is live or being built.
SELECT s.name
  FROM segment_version v
  JOIN segment s ON s.id = ANY (v.needs)
 WHERE v.segment_id = :segment_id AND v.state = 'draft'
   AND (s.archived_at IS NOT NULL
        OR (s.kind = 'rule' AND s.version = 0
            AND NOT EXISTS (SELECT FROM segment_version n WHERE n.segment_id = s.id AND n.state = 'building')))
 ORDER BY s.name;

-- name: archive
-- It is kept up no longer.
WITH past AS (
  UPDATE segment_version SET state = 'past', phase = '' WHERE segment_id = :segment_id AND state IN ('live', 'building'))
UPDATE segment SET archived_at = :now, version = 0 WHERE id = :segment_id;

-- name: lock_archived
-- Nobody brings it back meanwhile; no row where somebody has.
SELECT id FROM segment WHERE id = :segment_id AND archived_at IS NOT NULL FOR UPDATE;

-- name: unarchive
-- It may have a version again.
UPDATE segment SET archived_at = NULL WHERE id = :segment_id;

-- name: delete_segment
-- As if it had never been: only one that never had members.
DELETE FROM segment WHERE id = :segment_id;

-- name: set_computed
-- A computed trait; one that is there keeps its day of birth.
INSERT INTO computed_trait AS c (name, definition, created_at)
VALUES (:name, :definition, :now)
    ON CONFLICT (name) DO UPDATE SET definition = excluded.definition;

-- name: drop_computed
-- It is no more.
DELETE FROM computed_trait WHERE name = :name RETURNING name;

-- name: computed_traits
-- All of them.
SELECT name, definition, created_at FROM computed_trait ORDER BY name;

-- name: rules_naming_computed
-- Segments whose live or coming rule names a computed trait.
SELECT DISTINCT s.name
  FROM segment_version v
  JOIN segment s ON s.id = v.segment_id
 WHERE v.state IN ('draft', 'building', 'live')
   AND v.rule @? format('$.** ? (@.computed == %s)', to_json(:name::text))::jsonpath
 ORDER BY s.name;
