// SPDX-License-Identifier: GPL-3.0-or-later
// Fails when the app weighs more than it may (brotli bytes), or when the page could ask another host or run inline code.
// Of the languages one counts, the heaviest. First paint is everything index.html names plus the first page a person can see (sign in or dashboard) with all it imports.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const dist = process.argv[2]
const manifest = JSON.parse(readFileSync(join(dist, '.vite/manifest.json'), 'utf8'))
const limits = { firstPaint: 40 * 1024, chunk: 25 * 1024, all: 220 * 1024 }
const size = file => readFileSync(join(dist, file + '.br')).length
const failures = []
const total = files => [...files].reduce((sum, file) => sum + size(file), 0)

function closure(key, files = new Set()) {
	const chunk = manifest[key]
	if (!chunk || files.has(chunk.file))
		return files
	files.add(chunk.file)
	for (const css of chunk.css ?? [])
		files.add(css)
	for (const next of chunk.imports ?? [])
		closure(next, files)
	return files
}

/** One language is fetched, so one is counted: the heaviest. */
const catalogues = Object.keys(manifest).filter(key => key.endsWith('.ftl'))
const languages = [...new Set(catalogues.map(key => key.split('/').at(-2)))]
const words = names => Math.max(...languages.map(language => total(new Set(catalogues
	.filter(key => key.split('/').at(-2) === language && (!names || names.includes(key.split('/').at(-1).replace('.ftl', ''))))
	.map(key => manifest[key].file)))))

const entry = Object.keys(manifest).find(key => manifest[key].isEntry)
// A page that another chunk shares parts with has no name of a source: its chunk has its name.
const page_of = key => manifest[key].isDynamicEntry && !key.endsWith('.ftl') ? manifest[key].name : ''
const first = Object.keys(manifest).filter(key => ['signin', 'dashboard'].includes(page_of(key)))
if (first.length !== 2)
	failures.push('the sign-in page or the dashboard is not in the manifest: the budget cannot be judged')
const html = readFileSync(join(dist, 'index.html'), 'utf8')
const shell = closure(entry)
for (const [, file] of html.matchAll(/(?:src|href)="\/([^"]+\.(?:js|css))"/g))
	shell.add(file)

const first_words = { signin: ['shell', 'signin'], dashboard: ['shell', 'dashboard', 'links'] }
const paints = first.map(key => [key, total(new Set([...shell, ...closure(key)])) + words(first_words[page_of(key)])])
for (const [key, bytes] of paints) {
	console.log(`first paint ${page_of(key)}: ${bytes} bytes brotli (limit ${limits.firstPaint})`)
	if (bytes > limits.firstPaint)
		failures.push(`first paint with ${page_of(key)} weighs ${bytes} bytes, more than ${limits.firstPaint}`)
}

const everything = new Set()
for (const [key, chunk] of Object.entries(manifest)) {
	if (key.endsWith('.ftl'))
		continue
	for (const file of [chunk.file, ...(chunk.css ?? [])])
		everything.add(file)
	if (!chunk.isEntry && size(chunk.file) > limits.chunk)
		failures.push(`${chunk.file} weighs ${size(chunk.file)} bytes, more than ${limits.chunk}`)
}
const all = total(everything) + words()
console.log(`all pages with one language: ${all} bytes brotli (limit ${limits.all})`)
if (all > limits.all)
	failures.push(`all pages together weigh ${all} bytes, more than ${limits.all}`)

// The strict policy of httpd would refuse these at run time; find them at build time.
if (/<script(?![^>]*\ssrc=)|<style|\sstyle=|\son[a-z]+=/i.test(html))
	failures.push('index.html carries inline script or style')
if (/(?:src|href)="(?:https?:)?\/\//i.test(html))
	failures.push('index.html names another host')
for (const file of everything)
	if (file.endsWith('.css') && /url\(\s*['"]?(?:https?:|data:|\/\/)/i.test(readFileSync(join(dist, file), 'utf8')))
		failures.push(`${file} names another host or a data: address`)

for (const failure of failures)
	console.error(`budget: ${failure}`)
process.exit(failures.length ? 1 : 0)
