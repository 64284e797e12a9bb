# SPDX-License-Identifier: MIT OR Apache-2.0
# Libraries that mix many small blocks with a few large ones: OpenSSL, curl.
# needs: openssl openssl
# needs: curl curl
# needs: awk mawk

awk 'BEGIN { for (i = 0; i < 300000; i++) print i * 7919 % 300007, "some text" }' > data
for name in md5 sha256 sha512 sha3-256 blake2b512; do openssl dgst -$name data; done
openssl enc -aes-256-ctr -pbkdf2 -S 0011223344556677 -pass pass:word -in data -out sealed
openssl enc -d -aes-256-ctr -pbkdf2 -S 0011223344556677 -pass pass:word -in sealed | cmp - data
openssl dgst -sha256 sealed
openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem 2>/dev/null ||
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem
openssl req -new -x509 -key key.pem -subj /CN=test -days 2 -out cert.pem
openssl x509 -in cert.pem -noout -subject -issuer
openssl verify -CAfile cert.pem cert.pem
openssl cms -sign -nodetach -binary -in data -outform DER -out signed \
    -signer cert.pem -inkey key.pem
openssl cms -verify -binary -inform DER -in signed -out back \
    -CAfile cert.pem -purpose any 2>/dev/null
cmp back data
openssl ciphers -v 'ALL' | wc -l

curl -sS "file://$PWD/data" -o copy "file://$PWD/sealed" -o copy2
cmp copy data
cmp copy2 sealed
curl -sS "file://$PWD/absent" 2>/dev/null || echo "curl: status $?"
