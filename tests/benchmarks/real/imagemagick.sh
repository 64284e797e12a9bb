# SPDX-License-Identifier: MIT OR Apache-2.0
# Few, but large blocks: whole images, made anew by each step.
# needs: /usr/bin/convert imagemagick
prepare() { scaled 1600 > side; }
run() {
    read -r side < "$INPUTS/side" || :
    MAGICK_THREAD_LIMIT=1 OMP_NUM_THREADS=1 exec /usr/bin/convert -seed 1 \
        -size "${side}x600" gradient:navy-gold -rotate 7 -resize 120% -blur 0x2 -unsharp 0x3 \
        \( +clone -flop -modulate 120,80 \) +append -resize 50% -colorspace Lab -normalize out.ppm
}
