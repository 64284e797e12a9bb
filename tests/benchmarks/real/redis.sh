# SPDX-License-Identifier: MIT OR Apache-2.0
# A server under load: the server is measured, its client is not. Strings that grow, lists, hashes,
# sorted sets, values that are overwritten by longer ones.
# needs: /usr/bin/redis-server redis-server
# needs: /usr/bin/redis-cli redis-tools
# needs: /usr/bin/redis-benchmark redis-tools
# output: varies
prepare() { scaled 22000 > requests; }
run() {
    exec /usr/bin/redis-server --port 0 --unixsocket "$PWD/s" --dir "$PWD" --save '' \
        --appendonly no --logfile log --io-threads 1
}
drive() {
    read -r requests < "$INPUTS/requests" || :
    tries=0
    until redis-cli -s "$PWD/s" ping > ping 2>&1; do
        tries=$((tries + 1))
        [ $tries -lt 200 ] || { cat ping log >&2; exit 1; }
        sleep 0.02
    done
    for data in 20 700 5000; do
        redis-benchmark -s "$PWD/s" -q -c 20 -P 16 -n "$requests" -r 20000 -d $data \
            -t set,get,incr,lpush,rpop,sadd,hset,spop,zadd > bench 2>&1
    done
    redis-cli -s "$PWD/s" shutdown nosave > shut 2>&1 || [ ! -S "$PWD/s" ]
}
