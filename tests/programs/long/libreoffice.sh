# SPDX-License-Identifier: MIT OR Apache-2.0
# LibreOffice: components loaded by name, strings in great number, exceptions across libraries.
# needs: soffice libreoffice-writer-nogui
# needs: awk mawk
# needs: sha256sum coreutils

awk 'BEGIN {
    print "<html><body><h1>Title</h1><table>"
    for (i = 0; i < 300; i++) printf "<tr><td>%d</td><td><b>cell %d</b></td></tr>\n", i, i * 7919 % 1009
    print "</table>"
    for (i = 0; i < 200; i++) printf "<p>Paragraph %d, <i>some words</i> that are long enough to wrap.</p>\n", i
    print "</body></html>"
}' > work.html
to() {
    timeout 200 soffice -env:UserInstallation="file://$PWD/profile" --headless --convert-to "$@" > log 2>&1 || { cat log; return 1; }
    grep -e 'secmalloc:' -e 'ld.so:' log || :
}
to odt:writer8 --infilter='HTML (StarWriter)' work.html
to docx work.odt
to pdf work.odt
to txt:Text work.docx
sha256sum work.txt
head -c 5 work.pdf
echo
