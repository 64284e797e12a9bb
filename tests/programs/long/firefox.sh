# SPDX-License-Identifier: MIT OR Apache-2.0
# Firefox exports a malloc of its own (mozjemalloc) from its executables, which goes before a preloaded one.
# needs: firefox-esr firefox-esr
# needs: sha256sum coreutils

cat > page.html <<'END'
<!doctype html><body><p id=p>none</p><script>
const m = new Map(); for (let i = 0; i < 50000; i++) m.set('k' + i * 7919 % 20011, [i, 'x'.repeat(i % 90)]);
document.getElementById('p').textContent = m.size;
for (let i = 0; i < 400; i++) document.body.append('row ' + i, document.createElement('br'));
</script>
END
export MOZ_HEADLESS=1 MOZ_CRASHREPORTER_DISABLE=1
mkdir profile
timeout 150 firefox-esr --headless --no-remote --profile "$PWD/profile" --window-size=400,500 \
    --screenshot "$PWD/shot.png" "file://$PWD/page.html" > log 2>&1
[ -s shot.png ] && echo "a picture"
grep -e 'secmalloc:' -e 'ld.so:' log || :
