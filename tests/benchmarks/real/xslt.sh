# SPDX-License-Identifier: MIT OR Apache-2.0
# A document tree of many small nodes, transformed.
# needs: /usr/bin/xsltproc xsltproc
prepare() {
    awk -v count="$(scaled 90000)" 'BEGIN {
        print "<list>"
        for (n = 1; n <= count; n++) {
            printf "<item id=\"%d\" group=\"g%d\">", n, n % 500
            printf "<name>name %d</name>", n * 7919 % 10007
            printf "<p>some <b>text %d</b> here</p></item>\n", n % 31
        }
        print "</list>"
    }' > large.xml
    cat > style.xsl <<'XSL'
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
  <xsl:output method="html"/>
  <xsl:key name="by-group" match="item" use="@group"/>
  <xsl:template match="list">
    <html><body>
      <xsl:for-each select="item[position() &lt;= 500]">
        <h1><xsl:value-of select="@group"/></h1>
        <xsl:for-each select="key('by-group', @group)">
          <xsl:sort select="name"/>
          <div title="{concat(@id, ' ', translate(name, 'aeiou', 'AEIOU'))}">
            <xsl:copy-of select="p"/>
          </div>
        </xsl:for-each>
      </xsl:for-each>
    </body></html>
  </xsl:template>
</xsl:stylesheet>
XSL
}
run() { exec /usr/bin/xsltproc -o out.html "$INPUTS/style.xsl" "$INPUTS/large.xml"; }
