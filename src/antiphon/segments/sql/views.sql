CREATE OR REPLACE VIEW segment_member AS SELECT bucket, segment_id, profile_id, entered_at FROM member;
