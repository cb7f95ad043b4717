// SPDX-License-Identifier: GPL-3.0-or-later
// Each page brings the sheets of the classes that it and its parts use: a page that is opened first looks as one that is opened last. node sheets.mjs [SRC]
import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const src = process.argv[2] ?? fileURLToPath(new URL('../../web/src', import.meta.url))
const files = folder => readdirSync(folder, { withFileTypes: true }).flatMap(one => one.isDirectory() ? files(join(folder, one.name)) : [join(folder, one.name)])
const all = files(src)
const text = new Map(all.map(file => [file, readFileSync(file, 'utf8')]))
const sheets = new Map(all.filter(file => file.endsWith('.css')).map(file => [file, new Set([...text.get(file).matchAll(/\.(-?[a-z][a-z0-9-]*)/g)].map(found => found[1]))]))
const file_of = (from, name) => ['', '.ts', '.tsx'].map(end => resolve(dirname(from), name) + end).find(file => text.has(file))

/** What comes with a module: modules and sheets; later is what it fetches when it wants it. */
function closure(file, into = { modules: new Set(), sheets: new Set(), later: new Set() }) {
	if (!file || into.modules.has(file))
		return into
	if (file.endsWith('.css')) {
		into.sheets.add(file)
		return into
	}
	into.modules.add(file)
	for (const [, name] of text.get(file).matchAll(/^import (?!type )(?:[^']* from )?'(\.[^']+)'/gm))
		closure(file_of(file, name), into)
	for (const [, name] of text.get(file).matchAll(/[^.]import\('(\.[^']+)'\)/g))
		into.later.add(file_of(file, name))
	return into
}

const shell = closure(join(src, 'main.tsx'))
const wrong = new Set()
function judge(page, with_sheets) {
	const own = closure(page)
	const known = new Set([...with_sheets, ...own.sheets])
	const has = new Set([...known].flatMap(sheet => [...sheets.get(sheet)]))
	for (const module of own.modules)
		for (const [, names] of text.get(module).matchAll(/class="([a-z][a-z0-9 -]*)"/g))
			for (const name of names.split(' ').filter(one => one && !has.has(one))) {
				const where = [...sheets].filter(([, classes]) => classes.has(name)).map(([sheet]) => basename(sheet))
				if (where.length)
					wrong.add(`${basename(page)}: ${basename(module)} uses .${name} of ${where.join(', ')}`)
			}
	for (const part of own.later)
		if (!shell.later.has(part))
			judge(part, known)
}
for (const page of shell.later)
	if (page?.endsWith('.tsx'))
		judge(page, shell.sheets)
for (const line of [...wrong].sort())
	console.log('✗ ' + line)
console.log(`${shell.later.size} pages, ${wrong.size} sheets missing`)
process.exit(wrong.size || shell.later.size < 15 ? 1 : 0)
