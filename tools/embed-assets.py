#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make one C file out of the built web app: a const table of every file in its plain, gzip and brotli form.

    embed-assets.py --dist DIR --output FILE.c     the app in DIR (every file beside its .gz and .br)
    embed-assets.py --none --output FILE.c         a page that says that the app was left out

The contract of the table is patronus-httpd/assets.h. The output depends on the files alone: the same app gives the same C file.
"""
import argparse
import gzip
import hashlib
import os
import re
import sys

TYPES = {
    '.html': 'text/html; charset=utf-8',
    '.js': 'text/javascript; charset=utf-8',
    '.css': 'text/css; charset=utf-8',
    '.svg': 'image/svg+xml',
    '.json': 'application/json',
    '.txt': 'text/plain; charset=utf-8',
    '.png': 'image/png',
    '.ico': 'image/x-icon',
    '.woff2': 'font/woff2',
}
# What vite writes between the name and the ending: eight characters of a hash of the contents.
HASHED = re.compile(r'-[A-Za-z0-9_-]{8}\.[a-z0-9]+$')

NONE_PAGE = b'''<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Patronus</title></head>
<body>
<h1>Patronus is running without its web pages</h1>
<p>This build left the web app out (<code>-Dui=none</code>). The API at <code>/api/v1</code> and
<code>patronusctl</code> do everything that the pages would do.</p>
</body>
</html>
'''


def read(path):
    with open(path, 'rb') as file:
        return file.read()


def collect(dist):
    """Every file of the app as (path, plain, gzip, br)."""
    files = []
    for folder, dirs, names in os.walk(dist):
        dirs[:] = sorted(d for d in dirs if not d.startswith('.'))
        for name in sorted(names):
            full = os.path.join(folder, name)
            if name.startswith('.') or name.endswith(('.gz', '.br')):
                continue
            for ending in ('.gz', '.br'):
                if not os.path.exists(full + ending):
                    sys.exit(f'{full}{ending} is missing: run the build of web/ to its end')
            path = '/' + os.path.relpath(full, dist).replace(os.sep, '/')
            files.append((path, read(full), read(full + '.gz'), read(full + '.br')))
    if not any(path == '/index.html' for path, *_ in files):
        sys.exit(f'{dist} holds no index.html: build the web app first (npm ci && npm run build in web/)')
    return sorted(files, key=lambda f: f[0].encode())


def content_type(path):
    ending = os.path.splitext(path)[1]
    if ending not in TYPES:
        sys.exit(f'{path}: no content type is known for {ending or "a name without ending"}')
    return TYPES[ending]


def c_bytes(out, name, data):
    out.append(f'static const uint8_t {name}[{len(data)}] = {{')
    for at in range(0, len(data), 32):
        out.append('\t' + ','.join(str(b) for b in data[at:at + 32]) + ',')
    out.append('};')


def body(out, name, data, plain):
    """The initialiser of a struct asset_body; the bytes are written only when they are worth sending."""
    if data is not plain and len(data) >= len(plain):
        return '{NULL, 0}'
    c_bytes(out, name, data)
    return f'{{{name}, {len(data)}u}}'


def generate(files):
    out = ['/* Made by tools/embed-assets.py; not for editing. */', '#include "assets.h"', '']
    rows = []
    for number, (path, plain, gz, br) in enumerate(files):
        bodies = ', '.join(body(out, f'asset_{number}_{kind}', data, plain)
                           for kind, data in (('plain', plain), ('gzip', gz), ('br', br)))
        hashed = 'true' if HASHED.search(path) else 'false'
        etag = hashlib.sha256(plain).hexdigest()[:32]
        rows.append(f'\t{{"{path}", "{content_type(path)}", {hashed},\n\t {bodies},\n\t "\\"{etag}\\""}},')
    out += ['', 'const struct asset assets[] = {', *rows, '};',
            'const size_t nassets = sizeof(assets) / sizeof(assets[0]);', '']
    return '\n'.join(out)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument('--dist')
    source.add_argument('--none', action='store_true')
    parser.add_argument('--output', required=True)
    args = parser.parse_args()
    if args.none:
        files = [('/index.html', NONE_PAGE, gzip.compress(NONE_PAGE, 9, mtime=0), NONE_PAGE)]
    else:
        files = collect(args.dist)
    for path, *_ in files:
        if re.search(r'[^A-Za-z0-9._/-]', path):
            sys.exit(f'{path}: a name with such characters cannot be served')
    with open(args.output, 'w', encoding='ascii') as file:
        file.write(generate(files))


if __name__ == '__main__':
    main()
