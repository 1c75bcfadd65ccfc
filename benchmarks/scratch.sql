-- A group of 1,000 companies with risk points: the rows `pages.py` measures on, run by scratch.py as superuser with
-- triggers off. bench.rows and bench.hash (of everybody's password) are settings of the session; random() is seeded.

-- == people
-- One regulator, one group with 999 companies below it, eight small groups beside it, each with an audit chain of its own.
INSERT INTO org_unit (id, kind, name, short_name, code, credit_code, party_name, path, sort_no, is_active, parent_id)
SELECT id, kind, name, replace(name, '有限公司', ''), 'U' || id, '', '',
       CASE WHEN parent IS NULL THEN '' ELSE '000001/' END || CASE WHEN parent > 1 THEN '000002/' ELSE '' END
       || lpad(id::text, 6, '0') || '/', id, true, parent
FROM (SELECT 1 AS id, 'regulator' AS kind, '某市国资委' AS name, NULL::int AS parent
      UNION ALL SELECT 2, 'group', 'M集团有限公司', 1
      UNION ALL SELECT n, 'second', 'M第' || n || '建设有限公司', 2 FROM generate_series(3, 1001) n
      UNION ALL SELECT n, 'group', 'N第' || n || '集团公司', 1 FROM generate_series(1002, 1009) n) u;

INSERT INTO org_department (id, name, sort_no, is_active, unit_id)
SELECT (u.id - 2) * 5 + d, (ARRAY['工程管理部', '综合办公室', '财务管理部', '合同法务部', '经营发展部'])[d], d, true, u.id
FROM org_unit u, generate_series(1, 5) d WHERE u.id > 1;

INSERT INTO org_post (id, name, code, is_key, is_active, department_id, unit_id)
SELECT (d.id - 1) * 3 + p, (ARRAY['主管', '专员', '经办'])[p] || '岗', '', p = 1, true, d.id, d.unit_id
FROM org_department d, generate_series(1, 3) p;

-- Ten people a company, person and account of the same number: company u has (u - 2) * 10 + 1 … + 10.
INSERT INTO accounts_user (id, password, is_superuser, username, name, email, phone, phone_index, is_active, is_administrator_account,
       password_changed_at, must_change_password, old_passwords, prefers_large, prefers_dark, menu_state, list_looks)
SELECT (u.id - 2) * 10 + p, current_setting('bench.hash'), false, 'u' || ((u.id - 2) * 10 + p),
       substr('赵钱孙李周吴郑王冯陈', p, 1) || substr('静立敏强磊洋勇艳杰涛', 1 + (u.id % 10)::int, 1), '', '', '', true, false,
       now(), false, '[]', false, false, '{}', '{}'
FROM org_unit u, generate_series(1, 10) p WHERE u.id > 1;

INSERT INTO org_person (id, name, title, category, is_secretary, id_number, id_number_index, phone, phone_index, sort_no, is_active,
       account_id, department_id, unit_id)
SELECT a.id, a.name,
       (ARRAY['职员', '联络员', '部门经理', '副总经理', '党委书记', '纪委书记', '党群专员', '职员', '职员', '职员'])[1 + (a.id - 1) % 10],
       (ARRAY['staff', 'staff', 'head', 'leader', 'committee', 'committee', 'staff', 'staff', 'staff', 'staff'])[1 + (a.id - 1) % 10],
       a.id % 10 = 5, '', '', '', '', a.id, true, a.id, ((a.id - 1) / 10) * 5 + 1 + a.id % 5, (a.id - 1) / 10 + 2
FROM accounts_user a;

UPDATE org_department SET head_id = (unit_id - 2) * 10 + 3, leader_id = (unit_id - 2) * 10 + 4;

-- Of every ten: worker, clerk, head, leader, secretary, discipline, party office, two workers, a filer.
INSERT INTO org_assignment (role, include_subtree, since, granted_at, reason, user_id, unit_id)
SELECT (ARRAY['R20', 'R16', 'R15', 'R05', 'R13', 'R14', 'R06', 'R20', 'R20', 'R19'])[1 + (id - 1) % 10], false, '2026-01-01', now(), '',
       id, (id - 1) / 10 + 2
FROM accounts_user WHERE id > 10;

-- The group's own people see all below it; the ninth is the regulator's.
INSERT INTO org_assignment (role, include_subtree, since, granted_at, reason, user_id, unit_id)
SELECT role, true, '2026-01-01', now(), '', id, unit
FROM (VALUES (1, 'R18', 2), (2, 'R07', 2), (3, 'R03', 2), (4, 'R05', 2), (6, 'R04', 2), (9, 'R01', 1)) v(id, role, unit);

SELECT setval(pg_get_serial_sequence(t, 'id'), 100000)
FROM unnest(ARRAY['org_unit', 'org_department', 'org_post', 'accounts_user', 'org_person']) t;

-- == points
CREATE FUNCTION pg_temp.word(list text, n bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT a[1 + n % cardinality(a)] FROM (SELECT CASE list
    WHEN 'subject' THEN '{变更签证,工程结算,招标文件编制,供应商入库,合同审批,资金支付,资产评估,租金减免,干部选任,薪酬发放,公务接待,公车使用,
印章管理,物资采购,投资论证,应收账款清收,安全检查,档案借阅,信息系统权限,劳务分包}'::text[]
    WHEN 'fault' THEN '{把关不严,审核流于形式,虚增数量,化整为零规避审批,先办理后补手续,泄露关键信息,收受礼品礼金,设置排他条款,利益输送,
未按规定回避,超标准列支,私设小金库,随意变更条件,监管缺位,资料造假,围标串标,违规决策,拖延不办,优亲厚友,以权谋私}'
    WHEN 'place' THEN '{前期,立项,编制,评审,谈判,签订,履行,验收,计量,结算,支付,归档,复核,公示,移交,盘点,询价,比选,抽检,回访,续签,清退,
调拨,处置,巡查}'
    WHEN 'measure' THEN '{单项变更超过10万元须四方现场会签并上传影像,每季度开展一次专项检查并通报结果,实行不相容岗位分离,关键岗位每三年轮岗,
建立供应商黑名单并动态更新,大额资金支付实行双人复核,结果在门户公示五个工作日,每年至少开展一次廉政谈话}'
    ELSE '{与施工单位串通虚增工程量,先施工后补签,以各种名义变更规避分级审批,利用职务便利为特定关系人谋取利益,未严格执行集体决策程序,
评标专家抽取不规范,对供应商履约评价流于形式,超合同约定比例支付进度款,未经评估低价出租资产,对逾期租金不催缴不起诉,违反回避规定参与决策,
私自向投标人透露标底,验收时降低标准,虚列支出套取资金,接受可能影响公正执行公务的宴请,将大额采购拆分为多次零星采购,未按规定公示结果,
档案资料缺失难以追溯,对下属单位监管缺位,重要岗位长期不轮岗}' END AS a) w $$;

CREATE TEMP TABLE draw AS
SELECT n, made, 2022 + floor(5 * a)::int AS year, t, c, post, (post - 1) / 3 + 1 AS department, (post - 1) / 15 + 2 AS unit,
       CASE WHEN k < 80 THEN 'draft' WHEN k < 105 THEN 'department' WHEN k < 125 THEN 'leader' WHEN k < 145 THEN 'discipline'
            WHEN k < 155 THEN 'party' WHEN k < 180 THEN 'publicity' WHEN k < 185 THEN 'objection' WHEN k < 890 THEN 'in_force'
            WHEN k < 905 THEN 'adjusting' WHEN k < 970 THEN 'struck' ELSE 'void' END AS state,
       made + b * (timestamptz '2026-11-20' - made) AS changed, 1 + (t % 4)::int AS l, 1 + (t / 4 % 4)::int AS s
FROM (SELECT n, floor(1000 * random()) AS k, a, random() AS b, random() AS c, floor(random() * 1e9)::bigint AS t,
             1 + floor(15120 * power(random(), 1.3))::int AS post, timestamptz '2022-01-05' + (a * 1780 || ' days')::interval AS made
      FROM (SELECT n, random() AS a FROM generate_series(1, current_setting('bench.rows')::int) n) x) y;

INSERT INTO risks_riskpoint (id, created_at, updated_at, version, secrecy, writers, state, number, year, layer, power, topic, domain,
       category, name, manifestation, step_name, authority, method, likelihood, severity, consequence, criteria, score, suggested, level, level_source,
       level_reason, lowering_agreed, indicator, basis, ways, source, phone, publicity_scope, publicity_channels, publicity_from,
       publicity_until, effective_on, review_due_on, frozen, created_by_id, department_id, head_id, leader_id, post_id, responsible_id,
       secretary_id, unit_id, updated_by_id)
SELECT n, made, changed, 4, CASE WHEN c < 0.15 THEN 'public' WHEN c < 0.85 THEN 'unit' WHEN c < 0.97 THEN 'internal' ELSE 'limited' END,
       '[]', state, 'FX-U' || unit || '-' || year || '-' || n, year, 'post', pg_temp.word('subject', t) || '审核', 'conduct',
       (ARRAY['decisions', 'personnel', 'works', 'procurement', 'leasing', 'finance', 'contracts', 'safety', 'other'])[1 + t % 9],
       (ARRAY['moral', 'duty', 'process', 'system', 'environment'])[1 + t % 5],
       pg_temp.word('place', t / 400) || pg_temp.word('subject', t) || pg_temp.word('fault', t / 20),
       pg_temp.word('', t / 7) || '、' || pg_temp.word('', t / 140) || '、'
       || CASE WHEN n % 5000 = 0 THEN '靠碳排放指标寻租' ELSE pg_temp.word('', t / 2800) END,
       pg_temp.word('place', t), 'manage', 'lc', l, s, '', '{}', l * s, level, level, '', '', false, '合同结算超概率', '', '{self,organisation}',
       '', '', 'unit', '{portal}', CASE WHEN past THEN made::date + 30 END, CASE WHEN past THEN made::date + 37 END,
       CASE WHEN past THEN made::date + 38 END, CASE WHEN past THEN date '2026-10-01' + (t % 400)::int END,
       '{"risk.method": "lc", "risk.cut_high": 9, "risk.cut_mid": 4, "risk.node_days": 3, "risk.publicity_days": 5, "risk.review.high": 3,
         "risk.review.mid": 6, "risk.review.low": 12}', (unit - 2) * 10 + 2, department, (unit - 2) * 10 + 3, (unit - 2) * 10 + 4, post,
       (unit - 2) * 10 + 1, CASE WHEN level = 'high' THEN (unit - 2) * 10 + 5 END, unit, (unit - 2) * 10 + 2
FROM (SELECT *, CASE WHEN l * s >= 9 THEN 'high' WHEN l * s >= 4 THEN 'mid' ELSE 'low' END AS level,
             state IN ('in_force', 'adjusting', 'struck') AS past FROM draw) e
ON CONFLICT DO NOTHING;

INSERT INTO risks_measure (number, kind, content, due_on, is_standing, basis, progress, progress_note, department_id, person_id, point_id)
SELECT m, (ARRAY['before', 'during', 'after'])[m], pg_temp.word('measure', id + m),
       CASE WHEN (id + m) % 3 > 0 THEN date '2026-06-01' + (id % 500)::int END, (id + m) % 3 = 0, '',
       CASE WHEN (id + m) % 3 = 0 THEN 'standing' WHEN id % 20 = 1 THEN 'ongoing' ELSE 'done' END, '', department_id, head_id, id
FROM risks_riskpoint, generate_series(1, 2) m WHERE m = 1 OR id % 5 < 2;

SELECT setval(pg_get_serial_sequence('risks_riskpoint', 'id'), current_setting('bench.rows')::int);

-- == around
CREATE TEMP VIEW kind AS SELECT id AS kind_id FROM django_content_type WHERE app_label = 'risks' AND model = 'riskpoint';

INSERT INTO flow_step (object_id, move, label, source, target, opinion, by_title, to_names, at, decides, starts_round, version, by_id,
       content_type_id)
SELECT id, move, label, v.source, target, '', '', '', created_at + (k || ' days')::interval, k > 1, k = 1, k, (unit_id - 2) * 10 + who, kind_id
FROM risks_riskpoint, kind, (VALUES
       (1, 'submit', '提交', 'draft', 'department', 2), (2, 'agree', '同意', 'department', 'leader', 3),
       (3, 'agree', '同意', 'leader', 'discipline', 4), (4, 'agree', '同意', 'discipline', 'publicity', 6))
       v(k, move, label, source, target, who)
WHERE state <> 'draft' AND (k = 1 OR id % 3 = 0 AND state IN ('publicity', 'objection', 'in_force', 'adjusting', 'struck'));

INSERT INTO flow_todo (object_id, kind, node, label, title, role, opened_at, due_on, seen_at, done_at, content_type_id, done_by_id,
       from_unit_id, unit_id)
SELECT id, 'handle', node, label, name, v.role, created_at, (created_at + '5 days')::date, created_at,
       CASE WHEN state <> node THEN created_at + '2 days' END, kind_id, CASE WHEN state <> node THEN (unit_id - 2) * 10 + who END,
       unit_id, unit_id
FROM kind, risks_riskpoint JOIN (VALUES ('department', '部门审核', 'R15', 3), ('leader', '分管领导审定', 'R05', 4),
       ('discipline', '纪检复核', 'R14', 6), ('party', '待党委会审定', 'R06', 7)) v(node, label, role, who)
       ON state = node OR (id % 3 = 0 AND node <> 'party' AND state IN ('publicity', 'in_force', 'struck'));

WITH back AS (
  INSERT INTO flow_step (object_id, move, label, source, target, opinion, by_title, to_names, at, decides, starts_round, version, by_id,
         content_type_id)
  SELECT id, 'give_back', '退回', 'department', 'draft', '表现形式过于笼统', '', '', created_at + '3 days'::interval, true, false, 3,
         (unit_id - 2) * 10 + 3, kind_id
  FROM risks_riskpoint, kind WHERE state = 'draft' AND id % 4 = 0 RETURNING id, object_id, by_id, content_type_id)
INSERT INTO flow_return (object_id, back_to, fields, version, by_id, content_type_id, step_id)
SELECT object_id, 'department', '["manifestation"]', 1, by_id, content_type_id, id FROM back;

-- Loans to the clerks of a hundred companies, of points of other companies too.
INSERT INTO risks_riskloan (until, reason, granted_at, permission_id, user_id, content_object_id)
SELECT '2099-12-31', '专项检查', now(), p.id, 10 * (1 + r.id / 400 % 100) + 2, r.id
FROM risks_riskpoint r, auth_permission p WHERE p.codename = 'view_riskpoint' AND r.id % 400 = 0;

INSERT INTO org_recusal (object_id, reason, declared_at, content_type_id, declared_by_id, user_id)
SELECT id, '亲属', now(), kind_id, 2, (unit_id - 2) * 10 + 4 FROM risks_riskpoint, kind WHERE id % 500 = 7;

INSERT INTO notices_notice (kind, key, title, body, url, object_id, created_at, content_type_id, recipient_id, read_at)
SELECT 'risk.publicity', 'bench-' || id, '风险点公示', '', '/risks/' || id || '/', id, created_at, kind_id,
       (unit_id - 2) * 10 + 1 + id % 4, CASE WHEN id % 3 > 0 THEN created_at END
FROM risks_riskpoint, kind WHERE id % 4 = 0;

INSERT INTO core_series (name, last) SELECT 'FX-U' || id || '-2026', 2000000 FROM org_unit;
