# SPDX-License-Identifier: MIT OR Apache-2.0
use strict;
use warnings;

my $scale = $ENV{SCALE};
my (%seen, @lines);
for my $n (1 .. 260_000 * $scale) {
    my $key = join '-', map { chr(97 + ($n * $_) % 26) x ($_ % 4 + 1) } 1 .. 5;
    push @{ $seen{$key}{list} }, $n;
    $seen{$key}{text} .= "<$n>";
    push @lines, "$key $n" if $n % 3 == 0;
}
print scalar(keys %seen), " keys, ", scalar(@lines), " lines\n";

my $text = join "\n", sort @lines;
my $changes = ($text =~ s/([a-m]+)-([n-z]+)/$2=$1/g);
print length($text), " bytes, $changes changes\n";

my @words = map { [ length, lc ] } split /[^a-z]+/, $text;
my %by;
push @{ $by{ $_->[0] } }, $_->[1] for @words;
print join(' ', map { "$_:" . scalar @{ $by{$_} } } sort { $a <=> $b } keys %by), "\n";
