# SPDX-License-Identifier: MIT OR Apache-2.0
# Pictures: a few large blocks, aligned ones, OpenMP's threads, coders that are loaded when they are needed; and
# a PostScript interpreter with collected memory of its own.
# needs: convert imagemagick
# needs: gs ghostscript
# needs: awk mawk
# needs: sha256sum coreutils

export MAGICK_THREAD_LIMIT=2 OMP_NUM_THREADS=2
convert -seed 1 -size 400x300 gradient:navy-gold -rotate 7 -resize 120% -blur 0x2 -unsharp 0x3 \
    \( +clone -flop -modulate 120,80 \) +append -colorspace Lab -normalize -depth 8 made.ppm
sha256sum made.ppm
for form in png jpg gif tiff bmp miff; do
    convert made.ppm made.$form
    convert made.$form -resize 37% -swirl 60 -paint 2 back-$form.ppm
    sha256sum back-$form.ppm
done
convert -size 60x40 xc:red xc:green xc:blue -morph 4 moving.gif
identify moving.gif | wc -l
montage made.png made.jpg made.gif -tile 3x1 -geometry 90x60+2+2 wall.ppm
sha256sum wall.ppm
compare -metric AE made.png made.miff null: 2>&1 || :
convert absent.png x.png 2> /dev/null || echo "absent: status $?"

awk 'BEGIN {
    print "%!PS\n/Times-Roman findfont 9 scalefont setfont"
    for (p = 1; p <= 2; p++) {
        for (y = 760; y > 40; y -= 11) {
            printf "40 %d moveto (", y
            for (w = 0; w < 14; w++) printf "word%d ", (p * y * (w + 3)) % 9973
            print ") show"
        }
        for (c = 0; c < 200; c++)
            printf "newpath %d %d moveto %d %d %d %d %d %d curveto stroke\n",
                c % 600, c * 3 % 800, c * 7 % 600, c * 11 % 800, c * 13 % 600, c * 17 % 800,
                c * 19 % 600, c * 23 % 800
        print "showpage"
    }
}' > pages.ps
gs -q -dNOPAUSE -dBATCH -dSAFER -sDEVICE=ppmraw -r60 -dTextAlphaBits=4 -o page%d.ppm pages.ps
gs -q -dNOPAUSE -dBATCH -dSAFER -sDEVICE=pdfwrite -o pages.pdf pages.ps
gs -q -dNOPAUSE -dBATCH -dSAFER -sDEVICE=pgmraw -r40 -o again%d.pgm pages.pdf
sha256sum page?.ppm again?.pgm
