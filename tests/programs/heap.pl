# SPDX-License-Identifier: MIT OR Apache-2.0
# Perl as a user of malloc: strings that grow, hashes that split, sort, regular expressions,
# closures, string eval.  Hash order is random in Perl: everything is sorted before it counts.
use strict;
use warnings;

my $seed = 12345;
sub number { $seed = ($seed * 1103515245 + 12345) % 2147483648; return $seed % $_[0]; }

my %count;
my $text = '';
for my $i (1 .. 200_000) {
    my $word = 'w' . number(20_000);
    $count{$word}++;
    $text .= $word . (number(12) ? ' ' : "\n") if $i % 4 == 0;
}
my @ranked = sort { $count{$b} <=> $count{$a} || $a cmp $b } keys %count;
print "hash ", scalar(@ranked), " @ranked[0 .. 4]\n";

my %by_length;
push @{ $by_length{ length $_ } }, $_ for split /\s+/, $text;
print "length $_ ", scalar(@{ $by_length{$_} }), "\n" for sort { $a <=> $b } keys %by_length;

my $changed = $text;
my $hits = ($changed =~ s/(w\d)(\d+)\s(?=w1)/<$2-$1>/g);
$changed =~ tr/0-9/a-j/;
print "regex $hits ", length($changed), " ", unpack('%32C*', $changed), "\n";

my @closures = map { my $n = $_; my @held = (1 .. $n % 50); sub { $n + @held } } 1 .. 20_000;
my $sum = 0;
$sum += $_->() for reverse @closures;
print "closures $sum\n";

my $made = 0;
for my $n (1 .. 1500) {
    my $code = "sub { my \@a = map { \$_ * $n } 1 .. 20; return \$a[-1] }";
    $made += eval($code)->();
}
print "eval $made\n";

my $grown = '';
for my $i (1 .. 300) {
    $grown = substr($grown, 0, number(length($grown) + 1)) . ('x' x ($i * 500));
}
print "grown ", length($grown), "\n";

my $deep = [];
$deep = [ $_, $deep, { depth => $_, text => 'd' x ($_ % 30) } ] for 1 .. 20_000;
my $depth = 0;
while (@$deep) { $depth += length $deep->[2]{text}; $deep = $deep->[1]; }
print "deep $depth\n";

open(my $pipe, '-|', $^X, '-e', 'print join("\n", map { $_ ** 2 } 1 .. 5000)') or die;
my @squares = <$pipe>;
close $pipe or die;
print "pipe ", scalar(@squares), " $squares[-1]\n";
