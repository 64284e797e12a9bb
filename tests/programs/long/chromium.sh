# SPDX-License-Identifier: MIT OR Apache-2.0
# Chromium exports a malloc of its own (PartitionAlloc), which goes before a preloaded one: ours serves
# what the dynamic loader binds before, and the libraries' direct calls. It forks its renderers from a zygote,
# under namespaces, where it may, and seccomp filters. As root it wants --no-sandbox.
# needs: chromium chromium
# needs: sha256sum coreutils

cat > page.html <<'END'
<!doctype html><title>t</title><body><canvas id=c width=300 height=200></canvas><p id=p>none</p><script>
const m = new Map(); for (let i = 0; i < 50000; i++) m.set('k' + i * 7919 % 20011, [i, 'x'.repeat(i % 90)]);
const g = document.getElementById('c').getContext('2d');
for (let i = 0; i < 300; i++) { g.fillStyle = `hsl(${i * 7 % 360} 80% 50%)`; g.fillRect(i % 17 * 17, i % 13 * 15, 40, 9); }
const list = document.createElement('ul'); for (let i = 0; i < 900; i++) { const li = document.createElement('li'); li.textContent = 'row ' + i; list.append(li); }
document.body.append(list); document.getElementById('p').textContent = m.size + ' ' + [...m.keys()].sort()[77];
</script>
END
sandbox=""
[ "$(id -u)" -ne 0 ] || sandbox=--no-sandbox
look() {
    timeout 100 chromium --headless=new $sandbox --disable-gpu --disable-dev-shm-usage --no-first-run --hide-scrollbars \
        --user-data-dir="$PWD/profile" --virtual-time-budget=4000 "$@" "file://$PWD/page.html" 2> log
}
look --dump-dom | sha256sum
look --window-size=500,600 --screenshot="$PWD/shot.png"
[ -s shot.png ] && echo "a picture"
grep -e 'secmalloc:' -e 'ld.so:' log || :
