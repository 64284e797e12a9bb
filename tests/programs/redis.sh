# SPDX-License-Identifier: MIT OR Apache-2.0
# A server under load: sds strings that grow in place, listpacks, sets that change form, a snapshot
# by fork, threads in the background, Lua.  On a Unix socket: no port to collide with another's.
# needs: redis-server redis-server
# needs: redis-cli redis-tools
# needs: redis-benchmark redis-tools

socket="$PWD/s"
redis-server --port 0 --unixsocket "$socket" --dir "$PWD" --save '' --appendonly no > log 2>&1 &
server=$!
trap 'kill $server 2>/dev/null || :' EXIT
cli() { redis-cli -s "$socket" "$@"; }

tries=0
until cli ping > /dev/null 2>&1; do
    tries=$((tries + 1))
    [ $tries -lt 200 ] || { cat log; exit 1; }
    sleep 0.05
done

for data in 3 900 9000; do
    redis-benchmark -s "$socket" -q -c 20 -P 8 -n 3000 -d $data \
        -t set,get,incr,lpush,rpop,sadd,hset,spop,zadd,lrange_100,mset > bench 2>&1
    cli dbsize
done
# the benchmark leaves what depends on timing; from here on everything is known
cli flushall async
cli --raw eval '
    for i = 1, 20000 do
        redis.call("set", "s" .. i, string.rep("v", i % 700))
        redis.call("hset", "h" .. i % 500, "f" .. i, string.rep("w", i % 90))
        redis.call("zadd", "z" .. i % 50, i * 7919 % 1000, "m" .. i)
        redis.call("rpush", "l" .. i % 300, i)
        redis.call("sadd", "t" .. i % 30, i % 2 == 0 and i or "x" .. i)
        if i % 3 == 0 then redis.call("append", "s" .. i - 1, string.rep("a", i % 3000)) end
        if i % 5 == 0 then redis.call("del", "s" .. i - 2) end
        if i % 7 == 0 then redis.call("lpop", "l" .. i % 300) end
    end
    return redis.call("dbsize")' 0
cli --raw debug digest
cli --raw eval 'local n = 0; for i = 0, 49 do
    n = n + #redis.call("zrangebyscore", "z" .. i, 100, 200) end; return n' 0
cli save
cli --raw debug reload
cli --raw debug digest
cli --raw sort t1 alpha limit 0 5
cli bgsave > /dev/null
persistence() { cli --raw info persistence | tr -d '\r'; }
while [ "$(persistence | sed -n 's/^rdb_bgsave_in_progress://p')" != 0 ]; do
    sleep 0.05
done
persistence | grep rdb_last_bgsave_status
cli shutdown nosave
trap - EXIT
wait $server
echo "server ended with $?"
grep -e 'secmalloc:' -e 'ld.so:' log bench || :
