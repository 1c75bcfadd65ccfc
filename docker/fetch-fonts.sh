#!/bin/sh
# The official faces and the full-coverage fallback out of Debian packages, as portal.py does it; $1: where to.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get update -qq
for package in texlive-lang-chinese fonts-noto-cjk; do
    apt-get download -qq "$package"
    dpkg -x "$package"_*.deb root
    cp "root/usr/share/doc/$package/copyright" "$1/$package.copyright"
done
for face in FandolFang-Regular.otf FandolSong-Regular.otf FandolSong-Bold.otf FandolHei-Regular.otf FandolHei-Bold.otf \
    FandolKai-Regular.otf NotoSerifCJK-Regular.ttc NotoSansCJK-Regular.ttc; do
    file=$(find root -name "$face")
    install -m 0644 "$file" "$1/$face"
done
