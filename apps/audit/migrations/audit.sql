-- The audit's own machinery. Everything below works for PostgreSQL 15 and newer with core functions only.
-- Buffers of the running transaction: filled by audit_note and audit_net, emptied at COMMIT by audit_flush.
-- No row of theirs is ever committed, so they need no WAL.
CREATE UNLOGGED TABLE audit_pending (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  txid xid8 NOT NULL,
  stream text NOT NULL CHECK (stream <> ''),
  at timestamptz NOT NULL,
  actor_id bigint, actor_name text NOT NULL DEFAULT '',
  acting_for bigint, acting_for_name text NOT NULL DEFAULT '',
  ip inet, session_hash text NOT NULL DEFAULT '', request_id text NOT NULL DEFAULT '',
  event_type text NOT NULL CHECK (event_type <> ''),
  object_type text NOT NULL DEFAULT '', object_id text NOT NULL DEFAULT '', object_label text NOT NULL DEFAULT '',
  unit_id bigint, result text NOT NULL DEFAULT 'ok', reason text NOT NULL DEFAULT '', body text NOT NULL DEFAULT '{}'
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
CREATE INDEX audit_pending_of ON audit_pending (txid, object_type, object_id);

CREATE UNLOGGED TABLE audit_change (
  txid xid8 NOT NULL, table_name text NOT NULL, op text NOT NULL,
  object_type text NOT NULL, object_id text NOT NULL, parent_type text, parent_id text
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
CREATE INDEX audit_change_of ON audit_change (txid);

CREATE UNLOGGED TABLE audit_turn (txid xid8 PRIMARY KEY, last boolean NOT NULL DEFAULT false)
  WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);

ALTER TABLE audit_head SET (fillfactor = 50);

-- The link's hash: a JSON array of texts is safe against shifted field borders; apps/audit/chain.py computes the same.
CREATE FUNCTION audit_hash(e audit_event) RETURNS bytea LANGUAGE sql STABLE AS $$
  SELECT sha256(convert_to(json_build_array(
    e.stream, e.seq::text, to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    e.actor_id::text, e.actor_name, e.acting_for::text, e.acting_for_name, host(e.ip), e.session_hash, e.request_id,
    e.event_type, e.object_type, e.object_id, e.object_label, e.unit_id::text, e.result, e.reason, e.body,
    e.alg, encode(e.prev_hash, 'hex'))::text, 'UTF8'))
$$;

-- The one door for events.
CREATE FUNCTION audit_note(
  p_stream text, p_at timestamptz, p_actor_id bigint, p_actor_name text, p_acting_for bigint, p_acting_for_name text,
  p_ip inet, p_session_hash text, p_request_id text, p_event_type text, p_object_type text, p_object_id text,
  p_object_label text, p_unit_id bigint, p_result text, p_reason text, p_body text
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = @schema@, pg_temp SET enable_seqscan = off AS $$
DECLARE
  me xid8 := pg_current_xact_id();
BEGIN
  INSERT INTO audit_pending (txid, stream, at, actor_id, actor_name, acting_for, acting_for_name, ip, session_hash,
      request_id, event_type, object_type, object_id, object_label, unit_id, result, reason, body)
    VALUES (me, p_stream, p_at, p_actor_id, p_actor_name, p_acting_for, p_acting_for_name, p_ip, p_session_hash,
      p_request_id, p_event_type, p_object_type, p_object_id, p_object_label, p_unit_id, p_result, p_reason, p_body);
  IF NOT EXISTS (SELECT FROM audit_turn WHERE txid = me) THEN
    INSERT INTO audit_turn (txid) VALUES (me);
  END IF;
END $$;

-- The net: remembers which rows this transaction changed.
-- Arguments: label, key column, parent's label, column of the parent's key, column of the parent's content type.
CREATE FUNCTION audit_net() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = @schema@, pg_temp SET enable_seqscan = off AS $$
DECLARE
  me xid8 := pg_current_xact_id();
  fields jsonb := CASE WHEN TG_OP = 'DELETE' THEN to_jsonb(OLD) ELSE to_jsonb(NEW) END;
  parent text := nullif(TG_ARGV[2], '');
BEGIN
  IF TG_ARGV[4] <> '' THEN
    SELECT app_label || '.' || model INTO parent FROM django_content_type WHERE id = (fields ->> TG_ARGV[4])::int;
  END IF;
  INSERT INTO audit_change (txid, table_name, op, object_type, object_id, parent_type, parent_id)
    VALUES (me, TG_TABLE_NAME, TG_OP, TG_ARGV[0], coalesce(fields ->> TG_ARGV[1], ''), parent, fields ->> TG_ARGV[3]);
  IF NOT EXISTS (SELECT FROM audit_turn WHERE txid = me) THEN
    INSERT INTO audit_turn (txid) VALUES (me);
  END IF;
  RETURN NULL;
END $$;

-- Changed rows that no event of the transaction names become events of their own, more than 20 of a kind become one.
CREATE FUNCTION audit_strays(me xid8) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  moment timestamptz := clock_timestamp();
BEGIN
  INSERT INTO audit_pending (txid, stream, at, actor_name, event_type, object_type, object_id, body)
  SELECT DISTINCT me, 'sys', moment, session_user::text, 'unattributed', s.object_type,
    CASE WHEN s.n > 20 THEN '' ELSE s.object_id END,
    format('{"count":%s,"op":%s,"table":%s}', CASE WHEN s.n > 20 THEN s.n ELSE 1 END, to_json(s.op), to_json(s.table_name))
  FROM (
    SELECT d.*, count(*) OVER (PARTITION BY d.table_name, d.op) AS n
    FROM (
      SELECT DISTINCT c.table_name, c.op, c.object_type, c.object_id FROM audit_change c
      WHERE c.txid = me
        AND (c.object_id = '' OR NOT EXISTS (SELECT FROM audit_pending p
          WHERE p.txid = me AND p.object_type = c.object_type AND p.object_id = c.object_id))
        AND NOT EXISTS (SELECT FROM audit_pending p
          WHERE p.txid = me AND p.object_type = c.parent_type AND p.object_id = c.parent_id AND p.object_id <> '')
    ) d
  ) s;
  DELETE FROM audit_change WHERE txid = me;
END $$;

-- Adds the transaction's events to their chains. The streams are taken in sorted order, so two transactions cannot wait
-- for each other; the head's lock lasts from here to the end of COMMIT. A transaction whose snapshot is older than the
-- head (REPEATABLE READ) gets a serialization error, never a fork.
CREATE FUNCTION audit_append(me xid8) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  p audit_pending%ROWTYPE;
  e audit_event%ROWTYPE;
  h audit_head%ROWTYPE;
BEGIN
  FOR p IN SELECT * FROM audit_pending WHERE txid = me ORDER BY stream COLLATE "C", id LOOP
    IF h.stream IS DISTINCT FROM p.stream THEN
      UPDATE audit_head SET seq = h.seq, hash = h.hash WHERE stream = h.stream;
      INSERT INTO audit_head (stream, seq, hash, alg)
        SELECT p.stream, 0, decode(repeat('00', 32), 'hex'), 'sha256'
        WHERE NOT EXISTS (SELECT FROM audit_head WHERE stream = p.stream) ON CONFLICT DO NOTHING;
      SELECT * INTO STRICT h FROM audit_head WHERE stream = p.stream FOR UPDATE;
    END IF;
    e.stream := p.stream; e.seq := h.seq + 1; e.at := p.at;
    e.actor_id := p.actor_id; e.actor_name := p.actor_name;
    e.acting_for := p.acting_for; e.acting_for_name := p.acting_for_name;
    e.ip := p.ip; e.session_hash := p.session_hash; e.request_id := p.request_id;
    e.event_type := p.event_type; e.object_type := p.object_type; e.object_id := p.object_id;
    e.object_label := p.object_label; e.unit_id := p.unit_id;
    e.result := p.result; e.reason := p.reason; e.body := p.body;
    e.alg := h.alg; e.prev_hash := h.hash;
    e.hash := audit_hash(e);
    INSERT INTO audit_event SELECT e.*;
    h.seq := e.seq; h.hash := e.hash;
  END LOOP;
  UPDATE audit_head SET seq = h.seq, hash = h.hash WHERE stream = h.stream;
  DELETE FROM audit_pending WHERE txid = me;
END $$;

-- Fires at COMMIT. The first firing only queues a second one behind all other deferred checks: a foreign key check after
-- the heads are locked would wait for a row whose holder waits for a head.
CREATE FUNCTION audit_flush() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = @schema@, pg_temp SET enable_seqscan = off AS $$
BEGIN
  IF NOT NEW.last THEN
    UPDATE audit_turn SET last = true WHERE txid = NEW.txid;
    RETURN NULL;
  END IF;
  IF EXISTS (SELECT FROM audit_change WHERE txid = NEW.txid) THEN
    PERFORM audit_strays(NEW.txid);
  END IF;
  PERFORM audit_append(NEW.txid);
  DELETE FROM audit_turn WHERE txid = NEW.txid;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER audit_turn_flush AFTER INSERT OR UPDATE ON audit_turn
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_flush();

CREATE FUNCTION audit_checkpoint_add(
  p_number bigint, p_at timestamptz, p_heads text, p_root bytea, p_prev_hash bytea, p_hash bytea, p_alg text,
  p_key_id text, p_signature bytea
) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = @schema@, pg_temp AS $$
  INSERT INTO audit_checkpoint (number, at, heads, root, prev_hash, hash, alg, key_id, signature)
    VALUES (p_number, p_at, p_heads, p_root, p_prev_hash, p_hash, p_alg, p_key_id, p_signature)
$$;

-- Nobody changes what was written, the owner and a superuser included.
CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% on % is refused: audit rows are never changed', TG_OP, TG_TABLE_NAME USING ERRCODE = '42501';
END $$;
CREATE TRIGGER audit_event_kept BEFORE UPDATE OR DELETE ON audit_event FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_event_whole BEFORE TRUNCATE ON audit_event FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_checkpoint_kept BEFORE UPDATE OR DELETE ON audit_checkpoint FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_checkpoint_whole BEFORE TRUNCATE ON audit_checkpoint FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_head_kept BEFORE DELETE ON audit_head FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_head_whole BEFORE TRUNCATE ON audit_head FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();

-- A head starts at zero and moves only forward, onto an event that exists.
CREATE FUNCTION audit_head_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' AND NEW.seq = 0 THEN
    RETURN NEW;
  END IF;
  IF TG_OP = 'UPDATE' AND NEW.stream = OLD.stream AND NEW.alg = OLD.alg AND NEW.seq > OLD.seq
     AND EXISTS (SELECT FROM audit_event e WHERE e.stream = NEW.stream AND e.seq = NEW.seq AND e.hash = NEW.hash) THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION '% on % is refused: a head follows its events', TG_OP, TG_TABLE_NAME USING ERRCODE = '42501';
END $$;
CREATE TRIGGER audit_head_step BEFORE INSERT OR UPDATE ON audit_head FOR EACH ROW EXECUTE FUNCTION audit_head_step();

REVOKE ALL ON FUNCTION audit_note, audit_net, audit_strays, audit_append, audit_flush, audit_checkpoint_add FROM PUBLIC;
