# SPDX-License-Identifier: MIT OR Apache-2.0
# ffmpeg aligns every buffer and pools its frames, one thread for each codec, filter and file.
# needs: ffmpeg ffmpeg
# needs: sha256sum coreutils

ff() { ffmpeg -nostdin -hide_banner -loglevel error -y "$@"; }
ff -f lavfi -i testsrc2=size=320x240:rate=25:duration=4 -f lavfi -i sine=frequency=440:duration=4 \
    -c:v ffv1 -threads 2 -c:a flac -bitexact made.mkv
ff -i made.mkv -f framemd5 - | sha256sum
ff -i made.mkv -vf 'scale=640:360,hue=h=40,boxblur=3,split[a][b];[b]hflip[c];[a][c]hstack,noise=alls=9:all_seed=1' \
    -af 'aecho=0.8:0.9:500:0.3,atempo=1.5' -f framemd5 - | sha256sum
for codec in mpeg4 libx264 libvpx-vp9 mjpeg libx265; do
    ff -i made.mkv -an -c:v $codec -threads 2 -b:v 500k -t 1 -bitexact $codec.mkv 2> log || cat log
    ff -i $codec.mkv -f framemd5 -an - > frames
    grep -vc '^#' frames
done
for codec in aac libmp3lame libopus libvorbis ac3; do
    ff -i made.mkv -vn -c:a $codec -bitexact $codec.mka
    ff -i $codec.mka -f null -
    ffprobe -v error -show_entries stream=codec_name -of csv $codec.mka
done
ff -i absent.mkv x.mkv 2> /dev/null || echo "absent: status $?"
