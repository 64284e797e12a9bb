# SPDX-License-Identifier: MIT OR Apache-2.0
# PHP: a heap of its own in chunks of 2 MiB, then the same on malloc itself, object by object.
# needs: php php-cli

cat > heap.php <<'END'
<?php
class Node { public ?Node $next = null; public array $more = []; function __construct(public string $name) {} }
$words = [];
for ($i = 0; $i < 120000; $i++) { $words["w" . $i * 7919 % 30011][] = $i; }
ksort($words);
echo count($words), " ", md5(serialize($words)), "\n";
$json = json_encode($words);
echo strlen($json), " ", json_decode($json, true) == $words ? "same" : "different", "\n";
$text = implode(" ", array_keys($words));
echo md5(preg_replace_callback('/w(\d)(\d+)/', fn($m) => $m[2] . strtoupper($m[1]) . "x", $text)), "\n";
$head = null;
for ($i = 0; $i < 40000; $i++) {
    $node = new Node(str_repeat(chr(97 + $i % 26), $i % 300));
    $node->next = $head; $node->more[] = $node; $head = $node;
    if ($i % 1000 === 0) { $head = null; }
}
$head = null;
echo gc_collect_cycles() > 0 ? "collected" : "nothing", "\n";
function walk(int $n) { for ($i = 0; $i < $n; $i++) { $got = yield str_repeat("y", $i % 5000); } return $n; }
$sum = 0; foreach (walk(30000) as $s) { $sum += strlen($s); }
$list = new SplPriorityQueue;
for ($i = 0; $i < 30000; $i++) { $list->insert("v$i", $i * 7919 % 30011); }
echo $sum, " ", $list->extract(), " ", $list->count(), "\n";
try { (function() { throw new RuntimeException(str_repeat("e", 70)); })(); } catch (Exception $e) { echo strlen($e->getMessage()), "\n"; }
$big = ""; for ($i = 0; $i < 300000; $i++) { $big .= pack("N", $i); }
echo strlen($big), " ", md5($big), "\n";
END
php -n heap.php
USE_ZEND_ALLOC=0 php -n heap.php
USE_ZEND_ALLOC=0 php -n -r 'echo md5(implode(",", array_map(fn($x) => $x ** 2 % 97, range(1, 90000)))), "\n";'
php -n -d memory_limit=4M -r '$a = str_repeat("a", 9 << 20);' 2>&1 | grep -o 'Allowed memory size.*exhausted' | head -n 1
