# SPDX-License-Identifier: MIT OR Apache-2.0
# A server that forks a process for each connection, with memory contexts of its own on malloc, an LLVM that it
# loads when asked, parallel workers; then stopped, and started on what it wrote.
# needs: /usr/lib/postgresql/15/bin/initdb postgresql-15
# needs: /usr/lib/postgresql/15/bin/pgbench postgresql-15
# needs: setpriv util-linux
# needs: sha256sum coreutils

PATH="/usr/lib/postgresql/15/bin:$PATH"
# It refuses to run as root.
as=""
if [ "$(id -u)" -eq 0 ]; then
    chmod 755 .. .
    chown nobody .
    as="setpriv --reuid=65534 --clear-groups"
fi
export PGHOST="$PWD" PGDATA="$PWD/data" PGUSER=tester PGDATABASE=postgres
$as initdb -U tester -A trust -E UTF8 --locale=C.UTF-8 --no-sync > initdb
$as sh -c "printf '%s\n' \"listen_addresses = ''\" \"unix_socket_directories = '\$PGHOST'\" 'fsync = off' \
    'max_parallel_workers_per_gather = 2' 'min_parallel_table_scan_size = 0' >> data/postgresql.conf"
# In this session, not detached by pg_ctl: it ends when the case is ended.
start() {
    $as postgres >> log 2>&1 &
    server=$!
    tries=0
    until pg_isready -q; do
        tries=$((tries + 1))
        [ $tries -lt 600 ] || { cat log; exit 1; }
        sleep 0.1
    done
}
stop() {
    kill -INT $server
    wait $server
}
: > log
trap 'kill -QUIT $server 2>/dev/null || :' EXIT
start
$as pgbench -q -i -s 2 2> made
for mode in simple prepared; do
    $as pgbench -n -c 8 -j 2 -t 150 -M $mode > load 2>&1
    grep -E 'actually processed|failed' load
done
cat > work.sql <<'END'
\pset format unaligned
SET jit_above_cost = 0;
SELECT count(*), sum(aid) FROM pgbench_accounts;
SELECT sum(delta) = (SELECT sum(abalance) FROM pgbench_accounts) FROM pgbench_history;
CREATE TABLE item AS SELECT i, i * 7919 % 97 AS kind, md5(i::text) AS name, repeat(chr(97 + i % 26), i % 900) AS body
    FROM generate_series(1, 40000) i;
CREATE INDEX ON item USING gin (to_tsvector('simple', name));
CREATE INDEX ON item (kind, name);
ANALYZE item;
SELECT kind, count(*), sum(length(body)) FROM item GROUP BY kind ORDER BY 2 DESC, 1 LIMIT 4;
SELECT md5(string_agg(name, ',' ORDER BY name)), length(jsonb_agg(to_jsonb(item))::text) FROM item;
SELECT count(*) FROM item a JOIN item b ON a.name = b.name WHERE a.kind < b.kind + 1;
SELECT sum(length(regexp_replace(name, '[0-9]+', '<\&>', 'g'))) FROM item;
SELECT max(r) FROM (SELECT rank() OVER (PARTITION BY kind ORDER BY body, name) AS r FROM item) x;
DO $$ DECLARE t text := ''; BEGIN FOR i IN 1 .. 20000 LOOP t := t || i; END LOOP; RAISE NOTICE '%', length(t); END $$;
DELETE FROM item WHERE i % 3 = 0;
VACUUM FULL item;
SELECT count(*) FROM item;
SELECT 1 / 0;
END
$as psql -X -q -f work.sql 2>&1
$as pg_dump -t item | grep -v '^--' | grep -v restrict | sha256sum
stop
start
psql -X -A -t -c 'SELECT count(*) FROM item'
stop
trap - EXIT
grep -e 'secmalloc:' -e 'ld.so:' -e 'terminated by signal' -e PANIC log initdb || :
