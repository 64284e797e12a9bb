# SPDX-License-Identifier: MIT OR Apache-2.0
# OpenSSH's server in inetd's way: it splits itself, and the half that talks to strangers runs under a
# seccomp filter that kills it at any system call that OpenSSH does not expect of a malloc. Then a shell, and
# sftp, over the connection.
# needs: /usr/sbin/sshd openssh-server
# needs: ssh openssh-client
# needs: sftp openssh-client
# needs: awk mawk
# needs: sha256sum coreutils

umask 077
[ "$(id -u)" -ne 0 ] || mkdir -p /run/sshd
ssh-keygen -q -t ed25519 -N '' -f host
ssh-keygen -q -t ecdsa -N '' -f user
cp user.pub authorized
cat > server <<END
HostKey $PWD/host
AuthorizedKeysFile $PWD/authorized
PidFile none
StrictModes no
PasswordAuthentication no
PermitRootLogin yes
UsePAM no
Subsystem sftp internal-sftp
LogLevel ERROR
END
cat > client <<END
Host *
    ProxyCommand /usr/sbin/sshd -i -f $PWD/server -E $PWD/log
    IdentityFile $PWD/user
    IdentitiesOnly yes
    UserKnownHostsFile $PWD/known
    GlobalKnownHostsFile none
    StrictHostKeyChecking accept-new
    LogLevel ERROR
END
awk 'BEGIN { for (i = 0; i < 60000; i++) print i * 7919 % 10007, "the same words again" }' > data
for cipher in chacha20-poly1305@openssh.com aes256-ctr aes128-gcm@openssh.com; do
    ssh -F client -c $cipher there 'cat | sha256sum; echo done' < data
done
ssh -F client -C there "cat $PWD/data" | sha256sum
for exchange in sntrup761x25519-sha512@openssh.com ecdh-sha2-nistp256 diffie-hellman-group14-sha256; do
    ssh -F client -o KexAlgorithms=$exchange there 'echo exchanged'
done
ssh -F client -i absent -o IdentityFile=none there true 2> /dev/null || echo "refused: status $?"
printf 'put data copy\nget copy back\nls -1 copy\nrm copy\n' > commands
printf 'cd %s\n' "$PWD" | cat - commands > batch
sftp -q -F client -b batch there
cmp data back
cat log
