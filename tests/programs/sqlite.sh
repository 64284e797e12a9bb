# SPDX-License-Identifier: MIT OR Apache-2.0
# A database of some 100 MB: page cache, sorter, statement compiler, full text.
# needs: sqlite3 sqlite3

sqlite3 base.db <<'END'
PRAGMA journal_mode = off;
PRAGMA synchronous = off;
PRAGMA cache_size = -30000;
PRAGMA threads = 2;
CREATE TABLE item (id INTEGER PRIMARY KEY, kind INTEGER, name TEXT, body TEXT);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 110000)
INSERT INTO item
SELECT i, i * 7919 % 97, printf('name-%06d', i * 31337 % 1000003),
       substr(replace(hex(zeroblob(500)), '0', char(97 + i % 26)), 1, 600 + i % 400)
FROM n;
CREATE INDEX item_name ON item (name, kind);
SELECT count(*), sum(length(body)), min(name), max(name) FROM item;
SELECT kind, count(*), avg(length(body)) FROM item GROUP BY kind ORDER BY 2 DESC, 1 LIMIT 5;
SELECT id, name FROM item ORDER BY substr(body, 1, 1), name DESC LIMIT 5;
SELECT count(*) FROM item a JOIN item b ON b.name = 'name-' || substr('000000' || a.id, -6);
SELECT max(r) FROM (SELECT rank() OVER (PARTITION BY kind ORDER BY name) AS r FROM item);
SELECT length(group_concat(name)) FROM item;
SELECT json_array_length(json_group_array(json_object('n', name))) FROM item WHERE kind < 40;
UPDATE item SET body = body || body WHERE id % 11 = 0;
DELETE FROM item WHERE id % 13 = 0;
CREATE VIRTUAL TABLE words USING fts5(t);
INSERT INTO words SELECT name || ' k' || kind FROM item WHERE id < 20000;
SELECT count(*) FROM words WHERE words MATCH 'k7 OR k9';
PRAGMA integrity_check;
SELECT page_count * page_size > 100000000 FROM pragma_page_count, pragma_page_size;
END
sqlite3 base.db '.dump words' | wc -l
