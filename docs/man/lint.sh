#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# lint.sh MANDOC PAGE...: every page is clean down to matters of style.
set -u
mandoc=$1
shift
# That a page is not installed on this machine is no fault of the page.
out=$("$mandoc" -Tlint -W style "$@" 2>&1 | grep -v -e 'referenced manual not found' -e 'outdated mandoc.db')
if [ -n "$out" ]; then
	echo "$out"
	exit 1
fi
for page in "$@"; do
	"$mandoc" -Tmarkdown "$page" | grep -q '^# DESCRIPTION' || { echo "$page: describes nothing"; exit 1; }
done
