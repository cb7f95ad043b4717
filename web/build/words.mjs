// SPDX-License-Identifier: GPL-3.0-or-later
// Judges the words of the app. Fails when
//  * a language lacks a message that English has, has one more, or uses other variables in it;
//  * the source asks for a message that no catalogue has, or a catalogue has one that nobody asks for;
//  * the source shows words that come from no catalogue, or a style sheet says left or right where it must say start or end.
// node build/words.mjs [WEB]
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import ts from 'typescript'
import { parse } from './fluent.mjs'

const web = process.argv[2] ?? '.'
const src = join(web, 'src')
const failures = []
const fail = text => failures.push(text)

/* ---- catalogues ---- */

const languages = readdirSync(join(src, 'locales')).filter(name => name !== 'en')
const catalogues = readdirSync(join(src, 'locales/en'))

/** The variables of a pattern, each once. */
function variables(pattern, found = new Set()) {
	for (const part of [pattern].flat()) {
		if (part?.type === 'var')
			found.add(part.name)
		else if (part?.type === 'select')
			[part.selector, ...part.variants.map(one => one.value)].forEach(inner => variables(inner, found))
		else if (part?.type === 'func')
			part.args.forEach(inner => variables(inner, found))
	}
	return found
}

function read(language, name) {
	try {
		return parse(readFileSync(join(src, 'locales', language, name), 'utf8'), `${language}/${name}`)
	} catch (error) {
		fail(error.message)
		return {}
	}
}

const known = new Map()		// id: the catalogue that has it
for (const name of catalogues) {
	const english = read('en', name)
	for (const id of Object.keys(english)) {
		if (known.has(id))
			fail(`en/${name}: ${id} is also in ${known.get(id)}`)
		known.set(id, name)
	}
	for (const language of languages) {
		const other = read(language, name)
		for (const id of new Set([...Object.keys(english), ...Object.keys(other)])) {
			if (!(id in other) || !(id in english)) {
				fail(`${id in other ? 'en' : language}/${name}: ${id} is missing`)
				continue
			}
			const [a, b] = [english, other].map(one => [...variables(one[id])].sort().join(' '))
			if (a !== b)
				fail(`${language}/${name}: ${id} has the variables "${b}", in English "${a}"`)
		}
	}
}
for (const language of languages)
	for (const name of readdirSync(join(src, 'locales', language)))
		if (!catalogues.includes(name))
			fail(`${language}/${name} is no catalogue of English`)

/* ---- source ---- */

/** Members and attributes that people read. */
const READ = new Set(['label', 'title', 'lead', 'hint', 'placeholder', 'alt', 'text', 'error', 'legend', 'aria-label', 'aria-description', 'aria-roledescription'])
const CALLS = new Set(['toast', 'set_error', 'set_trouble', 'Error'])
const letters = text => /\p{L}{2}/u.test(text)
const asked = new Set()

function judge(file) {
	const text = readFileSync(file, 'utf8')
	const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true, file.endsWith('x') ? ts.ScriptKind.TSX : ts.ScriptKind.TS)
	const where = node => `${relative(web, file)}:${source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1}`
	const name_of = node => node.getText(source).replace(/^['"]|['"]$/g, '')

	/** Words where people read them: what a condition or a choice may come to be, too. */
	function shown(node) {
		if (ts.isStringLiteralLike(node) || ts.isTemplateExpression(node)) {
			const said = ts.isStringLiteralLike(node) ? node.text : node.head.text + node.templateSpans.map(span => span.literal.text).join(' ')
			if (letters(said) && said !== 'Patronus')
				fail(`${where(node)}: words that are in no catalogue: ${said.trim().slice(0, 60)}`)
		} else if (ts.isConditionalExpression(node)) {
			shown(node.whenTrue)
			shown(node.whenFalse)
		} else if (ts.isParenthesizedExpression(node)) {
			shown(node.expression)
		} else if (ts.isBinaryExpression(node) && /^(&&|\|\||\?\?)$/.test(node.operatorToken.getText(source))) {
			shown(node.right)
			if (node.operatorToken.getText(source) !== '&&')
				shown(node.left)
		}
	}
	function walk(node) {
		if (ts.isImportDeclaration(node) || ts.isTypeNode(node))
			return
		if (ts.isStringLiteralLike(node) && known.has(node.text))
			asked.add(node.text)
		if (ts.isCallExpression(node) && ['t', 'msg'].includes(node.expression.getText(source)) && ts.isStringLiteralLike(node.arguments[0]) && !known.has(node.arguments[0].text))
			fail(`${where(node)}: no catalogue has ${node.arguments[0].text}`)
		if (ts.isJsxText(node) && letters(node.text) && node.text !== 'Patronus')
			fail(`${where(node)}: words that are in no catalogue: ${node.text.trim().slice(0, 60)}`)
		else if (ts.isJsxExpression(node) && node.expression && !ts.isJsxAttribute(node.parent))
			shown(node.expression)
		else if (ts.isJsxAttribute(node) && node.initializer && node.name.getText(source) === 'id' && node.parent.parent.tagName.getText(source) === 'T') {
			if (ts.isStringLiteral(node.initializer) && !known.has(node.initializer.text))
				fail(`${where(node)}: no catalogue has ${node.initializer.text}`)
		} else if (ts.isJsxAttribute(node) && node.initializer && READ.has(node.name.getText(source)))
			shown(ts.isJsxExpression(node.initializer) ? node.initializer.expression ?? node : node.initializer)
		else if (ts.isPropertyAssignment(node) && READ.has(name_of(node.name)))
			shown(node.initializer)
		else if ((ts.isCallExpression(node) || ts.isNewExpression(node)) && CALLS.has(node.expression.getText(source)))
			(node.arguments ?? []).slice(node.expression.getText(source) === 'toast' ? 1 : 0).forEach(shown)
		ts.forEachChild(node, walk)
	}
	walk(source)
}

const files = readdirSync(src, { recursive: true }).map(name => join(src, name))
for (const file of files.filter(name => /\.tsx?$/.test(name)))
	judge(file)
for (const [id, name] of known)
	if (!asked.has(id))
		fail(`en/${name}: nobody asks for ${id}`)

/* ---- styles ---- */

const PHYSICAL = /(?:^|[\s;{])((?:margin|padding|border)-(?:left|right)[\w-]*|(?:left|right)|border-(?:top|bottom)-(?:left|right)-radius|(?:text-align|float|clear):\s*(?:left|right))\s*[:;]/g
for (const file of files.filter(name => name.endsWith('.css')))
	readFileSync(file, 'utf8').split('\n').forEach((line, at) => {
		if (line.includes('/* physical: '))		// says why
			return
		for (const [, found] of line.replace(/\/\*.*?\*\//g, '').matchAll(PHYSICAL))
			fail(`${relative(web, file)}:${at + 1}: ${found}: say start or end, so that it also reads from right to left`)
	})

for (const text of failures)
	console.error(`words: ${text}`)
process.exit(failures.length ? 1 : 0)
