# SPDX-License-Identifier: MIT OR Apache-2.0
# memcached: its own slabs on top of malloc, four threads, libevent, a hash table that doubles while it
# is in use. Over a Unix socket, by perl.
# needs: memcached memcached
# needs: perl perl

user=""
[ "$(id -u)" -ne 0 ] || user="-u root"
memcached $user -s "$PWD/s" -m 24 -t 4 -o hashpower=13,slab_reassign,slab_automove=1 -vv 2> log &
server=$!
trap 'kill $server 2>/dev/null || :' EXIT
cat > client.pl <<'END'
use strict; use IO::Socket::UNIX; use Time::HiRes 'sleep';
my @all;
for my $n (1 .. 8) {
    for my $try (1 .. 200) {
        last if $all[$n] = IO::Socket::UNIX->new(Peer => "$ENV{SOCKET}");
        sleep 0.05;
    }
    die "no server" unless $all[$n];
}
my ($stored, $hits, $right) = (0, 0, 0);
for my $i (1 .. 30000) {
    my $s = $all[1 + $i % 8];
    my $value = "v$i," x ($i * 7919 % ($i % 500 ? 90 : 9000) + 1);
    printf $s "set k%d %d 0 %d\r\n%s\r\n", $i % 9000, $i % 7, length $value, $value;
    $s->flush;
    my $answer = <$s>;
    $stored++ if $answer eq "STORED\r\n";
    next if $i % 3;
    my $t = $all[1 + $i % 7];
    print $t "get k" . $i % 9000 . "\r\n"; $t->flush;
    my $line = <$t>;
    next unless $line =~ /^VALUE k\d+ \d (\d+)/;
    read $t, my $got, $1 + 2;
    <$t>;
    $hits++;
    $right++ if $got eq "$value\r\n";
}
print "$stored stored, $hits hits, $right right\n";
my $s = $all[3];
for my $line ("incr k1 1", "delete k2", "append k3 0 0 3\r\nabc", "touch k4 100", "flush_all", "get k5", "version") {
    print $s "$line\r\n"; $s->flush;
    my $answer = <$s>; $answer =~ s/VERSION.*/VERSION/; $answer =~ s/\s+$//; print "$answer\n";
}
END
SOCKET="$PWD/s" perl client.pl
kill "$server"
trap - EXIT
wait $server
echo "server ended with $?"
grep -e 'secmalloc:' -e 'ld.so:' log || :
