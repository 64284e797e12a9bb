# SPDX-License-Identifier: MIT OR Apache-2.0
# A server with pools of its own over malloc and posix_memalign: a master that forks workers, a proxy
# before a second server, filters, TLS, compression. Then a reload, and workers that end in good order.
# On Unix sockets: no port to collide with another's.
# needs: nginx nginx-light
# needs: curl curl
# needs: openssl openssl
# needs: awk mawk
# needs: sha256sum coreutils

mkdir -p www temporary/put
awk 'BEGIN { for (i = 0; i < 9000; i++) print i * 7919 % 10007, "the same words again" }' > www/long
head -c 700 www/long > www/short
openssl req -new -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key -out certificate -subj /CN=test \
    -days 2 2> /dev/null
user=""
[ "$(id -u)" -ne 0 ] || user="user root;"
cat > conf <<END
$user
pid $PWD/pid;
worker_processes 2;
error_log $PWD/log error;
events { worker_connections 200; }
http {
    access_log $PWD/access;
    default_type text/plain;
    client_body_temp_path temporary/body;
    proxy_temp_path temporary/proxy;
    fastcgi_temp_path temporary/fastcgi;
    scgi_temp_path temporary/scgi;
    uwsgi_temp_path temporary/uwsgi;
    ssl_certificate $PWD/certificate;
    ssl_certificate_key $PWD/key;
    server {
        listen unix:$PWD/back;
        root $PWD/www;
        location /echo { return 200 "\$request_method \$uri \$args \$http_x_long\n"; }
        location /put { root $PWD/temporary; dav_methods PUT; client_max_body_size 10m; }
    }
    server {
        listen unix:$PWD/front;
        listen unix:$PWD/sealed ssl http2;
        location / {
            proxy_pass http://unix:$PWD/back:;
            proxy_buffers 8 4k;
            gzip on;
            gzip_types *;
            sub_filter same SAME;
            sub_filter_once off;
        }
    }
}
END
nginx -q -p "$PWD" -c conf -t
nginx -q -p "$PWD" -c conf -g 'daemon off;' &
server=$!
trap 'kill $server 2>/dev/null || :' EXIT
tries=0
until [ -S sealed ] && curl -s --unix-socket back http://x/short > first; do
    tries=$((tries + 1))
    [ $tries -lt 200 ] || { cat log; exit 1; }
    sleep 0.05
done

# Forty connections at a time; the answers come in any order.
load() {
    curl -sS -Z --no-progress-meter --parallel-max 40 "$@" > answers
    sort answers | sha256sum
}
load --unix-socket back 'http://x/echo/[1-3000]?a=b'
load --unix-socket front 'http://x/short?[1-800]'
load --unix-socket front --compressed 'http://x/long?[1-60]'
load -k --unix-socket sealed --http2 'https://x/echo/[1-1500]'
load -k --unix-socket sealed --http1.1 'https://x/short?[1-300]'
long=$(head -c 3000 www/long | tr '\n' ' ')
load --unix-socket front -H "X-Long: $long" 'http://x/echo/[1-200]'
for n in 1 2 3 4; do curl -sS --unix-socket front -T www/long "http://x/put/$n"; done
cat temporary/put/? | sha256sum
# the old workers end when their last answer is out
kill -HUP "$server"
load --unix-socket front 'http://x/echo/[1-1500]'
kill -QUIT "$server"
trap - EXIT
wait $server
echo "server ended with $?"
# complete when the workers have ended
awk '{ n[$9]++ } END { for (k in n) print k, n[k] }' access | sort
cut -d " " -f 3- log
