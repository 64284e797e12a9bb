# SPDX-License-Identifier: MIT OR Apache-2.0
# A Java machine: metaspace, arenas of two compilers, garbage collectors with threads of their own, direct
# buffers, zip and native libraries on malloc, a heap of its own for objects.
# needs: java openjdk-17-jre-headless
# needs: javac openjdk-17-jdk-headless
# needs: sha256sum coreutils

cat > Work.java <<'END'
import java.nio.ByteBuffer;
import java.util.*;
import java.util.concurrent.*;
import java.util.stream.*;
import java.util.zip.*;
public class Work {
    record Item(int key, String name, List<Integer> more) {}
    public static void main(String[] a) throws Exception {
        var items = IntStream.range(0, 200000).mapToObj(i -> new Item(i * 7919 % 100003, "n" + i, List.of(i, i + 1))).toList();
        var kinds = items.parallelStream().collect(Collectors.groupingBy(i -> i.key() % 97, TreeMap::new, Collectors.counting()));
        System.out.println(kinds.firstEntry() + " " + kinds.lastEntry());
        long direct = 0;
        for (int i = 0; i < 3000; i++) { ByteBuffer b = ByteBuffer.allocateDirect(1 + i * 37 % 90000); b.put(0, (byte) i); direct += b.get(0) + b.capacity(); }
        System.out.println(direct);
        var pool = Executors.newFixedThreadPool(8);
        var sums = new ArrayList<Future<Long>>();
        for (int t = 0; t < 60; t++) {
            final int n = t;
            sums.add(pool.submit(() -> {
                byte[] data = String.join(",", Collections.nCopies(3000, "word" + n)).getBytes();
                var d = new Deflater(9); d.setInput(data); d.finish();
                byte[] out = new byte[data.length]; int size = d.deflate(out); d.end();
                var in = new Inflater(); in.setInput(out, 0, size); byte[] back = new byte[data.length]; int got = in.inflate(back); in.end();
                var c = new CRC32(); c.update(back, 0, got); return c.getValue();
            }));
        }
        long sum = 0; for (var s : sums) sum += s.get(); pool.shutdown();
        System.out.println(sum);
        for (int i = 0; i < 300; i++) { Thread t = new Thread(() -> {}); t.start(); t.join(); }
        System.out.println(new java.math.BigInteger("3").pow(20000).mod(java.math.BigInteger.valueOf(1000000007)));
        System.out.println("a1b22".repeat(20000).replaceAll("[0-9]+", "-").length());
    }
}
END
javac Work.java
java -Xmx256m Work
for collector in Serial Parallel G1 Shenandoah Z; do
    echo $collector
    java -XX:+UnlockExperimentalVMOptions -XX:+Use${collector}GC -Xmx256m Work | sha256sum
done
java -Xint -version 2>&1 | wc -l
