# SPDX-License-Identifier: MIT OR Apache-2.0
# A PostScript interpreter that draws pages of text and curves.
# needs: /usr/bin/gs ghostscript
prepare() {
    awk -v pages="$(scaled 3)" 'BEGIN {
        print "%!PS\n/Times-Roman findfont 9 scalefont setfont"
        for (p = 1; p <= pages; p++) {
            for (y = 760; y > 40; y -= 11) {
                printf "40 %d moveto (", y
                for (w = 0; w < 14; w++) printf "word%d ", (p * y * (w + 3)) % 9973
                print ") show"
            }
            for (c = 0; c < 400; c++) {
                printf "%.2f %.2f %.2f setrgbcolor newpath ", c % 10 / 10, c % 7 / 7, c % 3 / 3
                printf "%d %d moveto %d %d ", c % 600, c * 3 % 800, c * 7 % 600, c * 11 % 800
                printf "%d %d %d %d curveto stroke\n",
                    c * 13 % 600, c * 17 % 800, c * 19 % 600, c * 23 % 800
            }
            print "0 setgray showpage"
        }
    }' > pages.ps
}
run() {
    exec /usr/bin/gs -q -dNOPAUSE -dBATCH -dSAFER -sDEVICE=ppmraw -r110 \
        -dTextAlphaBits=4 -dGraphicsAlphaBits=4 -o page%d.ppm "$INPUTS/pages.ps"
}
