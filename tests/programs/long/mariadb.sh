# SPDX-License-Identifier: MIT OR Apache-2.0
# A server with a thread for each connection, arenas, a pool of buffers of its own.
# needs: mariadbd mariadb-server
# needs: mariadb mariadb-client
# needs: sha256sum coreutils

as=""
[ "$(id -u)" -ne 0 ] || as=--user=root
mariadb-install-db --no-defaults $as --datadir="$PWD/data" --auth-root-authentication-method=normal --skip-test-db > install 2>&1 || { cat install; exit 1; }
mariadbd --no-defaults $as --datadir="$PWD/data" --socket="$PWD/s" --skip-networking --innodb-flush-log-at-trx-commit=0 \
    --innodb-buffer-pool-size=32M --pid-file="$PWD/pid" > log 2>&1 &
server=$!
trap 'kill $server 2>/dev/null || :' EXIT
tries=0
until mariadb --no-defaults -u root -S "$PWD/s" -e 'SELECT 1' > /dev/null 2>&1; do
    tries=$((tries + 1))
    [ $tries -lt 400 ] || { cat log; exit 1; }
    sleep 0.1
done
mariadb --no-defaults -u root -S "$PWD/s" -e 'CREATE DATABASE d'
cat > work.sql <<'END'
CREATE TABLE item (i INT PRIMARY KEY, kind INT, name VARCHAR(60), body TEXT, KEY (kind, name), KEY (name)) AS
    SELECT seq AS i, seq * 7919 % 97 AS kind, MD5(seq) AS name, REPEAT('x', seq % 900) AS body FROM seq_1_to_20000;
SELECT kind, COUNT(*), SUM(LENGTH(body)) FROM item GROUP BY kind ORDER BY 2 DESC, 1 LIMIT 4;
SELECT COUNT(*) FROM item a JOIN item b ON a.name = b.name WHERE a.kind < b.kind + 1;
SELECT MAX(r) FROM (SELECT RANK() OVER (PARTITION BY kind ORDER BY body, name) AS r FROM item) x;
SET group_concat_max_len = 10000000;
SELECT MD5(GROUP_CONCAT(name ORDER BY name)), JSON_LENGTH(JSON_ARRAYAGG(name)) FROM item;
SELECT SUM(LENGTH(REGEXP_REPLACE(name, '[0-9]+', '<>'))) FROM item;
DELETE FROM item WHERE i % 3 = 0;
SELECT COUNT(*) FROM item;
END
mariadb --no-defaults -u root -S "$PWD/s" d < work.sql
for n in 1 2 3 4 5 6; do
    mariadb --no-defaults -u root -S "$PWD/s" d -N -e "UPDATE item SET body = CONCAT(body, 'y') WHERE kind % 6 = $n - 1; SELECT $n, SUM(LENGTH(body)) FROM item WHERE kind % 6 = $n - 1" > out$n &
    clients="${clients-} $!"
done
for client in $clients; do wait "$client"; done
cat out?
mariadb --no-defaults -u root -S "$PWD/s" -e SHUTDOWN
trap - EXIT
wait $server
echo "server ended with $?"
grep -e 'secmalloc:' -e 'ld.so:' log install || :
