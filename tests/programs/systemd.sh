# SPDX-License-Identifier: MIT OR Apache-2.0
# systemd grows its arrays to what malloc_usable_size answers, and uses all of it.
# needs: systemd-analyze systemd
# needs: systemd-tmpfiles systemd
# needs: systemd-sysusers systemd
# needs: awk mawk
# needs: sha256sum coreutils

awk 'BEGIN { for (i = 0; i < 50; i++) print "Mon..Fri *-*-" i % 28 + 1 " 0/" i % 11 + 1 ":" i % 60 }' > calendars
while read -r spec; do
    systemd-analyze calendar --base-time="2024-01-01 00:00:00" "$spec" |
        sed -n 's/^ *Normalized form: //p; s/^ *Next elapse: //p'
done < calendars | sha256sum
systemd-analyze timespan 1y7d 3ms 90min | sha256sum
mkdir -p root/etc/systemd/system root/usr/lib/systemd/system
i=0
while [ $i -lt 80 ]; do
    cat > root/etc/systemd/system/u$i.service <<END
[Unit]
Description=Number $i
After=u$((i / 2)).service u$((i / 3)).service
[Service]
Environment=$(seq -s ' ' -f 'V%g=x' 1 $((i % 50 + 1)))
ExecStart=/bin/echo $i
END
    i=$((i + 1))
done
cp -r /usr/lib/systemd/system/*.target root/usr/lib/systemd/system
systemd-analyze --root="$PWD/root" --man=no verify u7.service 2>&1 | wc -l
systemd-analyze --root="$PWD/root" --no-pager cat-config systemd/system.conf 2>&1 | wc -l
systemd-analyze --no-pager exit-status | sha256sum
systemd-analyze --no-pager syscall-filter | sha256sum
systemd-analyze --no-pager filesystems 2>/dev/null | sha256sum
awk 'BEGIN { for (i = 0; i < 400; i++) printf "d /there/d%d 0755 - - -\nf /there/d%d/f 0644 - - - text %d\n", i, i, i }' > tmp.conf
systemd-tmpfiles --root="$PWD/root" --create "$PWD/tmp.conf"
find root/there | wc -l
awk 'BEGIN { for (i = 0; i < 100; i++) printf "u user%d %d \"Number %d\" /home/u%d\n", i, 5000 + i, i, i }' > users.conf
systemd-sysusers --root="$PWD/root" "$PWD/users.conf" > /dev/null 2>&1
wc -l < root/etc/passwd
sha256sum < root/etc/passwd
systemd-id128 show --no-pager | wc -l
systemd-escape -p /some/long/path/with/parts "a b" | sha256sum
