#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Called by meson: build.sh MODE WEB_SOURCE PRIVATE_DIR EMBED OUTPUT.c DEPFILE
# build: npm ci when the lockfile changed, vite build into PRIVATE_DIR, compress, budget, embed. prebuilt: embed WEB_SOURCE/dist as it is.
set -eu
mode=$1 web=$2 private=$3 embed=$4 output=$5 depfile=$6
output=$(realpath -m "$output")

install_packages() {
	# One tree of packages serves every build directory; the lock keeps two builds from installing at the same time.
	exec 9> "$web/.npm-lock"
	flock 9
	want=$(sha256sum "$web/package-lock.json" | cut -d' ' -f1)
	if [ "$(cat "$web/node_modules/.installed-lock" 2> /dev/null || true)" != "$want" ]; then
		command -v npm > /dev/null || {
			echo "npm is needed to build the web app; configure with -Dui=prebuilt or -Dui=none to do without" >&2
			exit 1
		}
		(cd "$web" && npm ci --no-audit --no-fund --loglevel=error)
		echo "$want" > "$web/node_modules/.installed-lock"
	fi
	flock -u 9
}

case $mode in
build)
	install_packages
	mkdir -p "$private"
	dist=$(realpath "$private")/dist
	(cd "$web" && node build/words.mjs && node node_modules/.bin/tsc --noEmit &&
		node node_modules/vite/bin/vite.js build --logLevel warn --outDir "$dist" --emptyOutDir &&
		node build/compress.mjs "$dist" && node build/budget.mjs "$dist")
	;;
prebuilt)
	dist=$web/dist
	;;
*)
	echo "build.sh: no mode $mode" >&2
	exit 2
	;;
esac
"$embed" --dist "$dist" --output "$output"
# ninja learns which files the app is made of; a new file is imported by one of these, which changes with it.
{
	printf '%s:' "$5"
	find "$web/src" "$web/build" "$web/index.html" "$web/vite.config.mjs" "$web/package-lock.json" -type f -printf ' %p'
	[ "$mode" = build ] || find "$dist" -type f -printf ' %p'
	echo
} > "$depfile"
