# SPDX-License-Identifier: MIT OR Apache-2.0
# Python's own regression suite, with every object on malloc: small blocks in great number,
# reference cycles, threads, child processes, C libraries behind modules.
# needs: /usr/bin/python3 python3
# needs: /usr/lib/python3.11/test/test_dict.py libpython3.11-testsuite

export PYTHONMALLOC=malloc
export PYTHONHASHSEED=1

/usr/bin/python3 -m test -j2 --junit-xml "$PWD/results.xml" \
    test_threading test_gc test_dict test_list test_set test_tuple test_deque test_heapq \
    test_bytes test_unicode test_memoryview test_re test_json test_struct test_array \
    test_generators test_coroutines test_descr test_collections test_functools test_contextlib \
    test_zlib test_csv test_xml_etree test_ordered_dict test_sort test_userdict test_copy \
    test_dataclasses test_enum test_thread test_weakset test_shelve test_typing test_mmap \
    test_tempfile > log 2>&1 || {
    cat log
    exit 1
}

# One line a test: what took how long is left out, what came out is kept.
/usr/bin/python3 - results.xml <<'END'
import sys
import xml.etree.ElementTree as tree

lines = sorted(
    f"{case.get('name')} {case.get('status')} {case.get('result')} {[e.tag for e in case]}"
    for case in tree.parse(sys.argv[1]).iter("testcase")
)
print("\n".join(lines))
END
# regrtest shows the stderr of its workers here
grep -e 'secmalloc:' -e 'ld.so:' log || :
