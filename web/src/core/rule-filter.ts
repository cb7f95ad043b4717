// SPDX-License-Identifier: GPL-3.0-or-later
// What can be typed into the search field of the rules: words, fields, alternatives, numbers, what a rule is.
import { list } from './format'
import { counters } from './live'
import { endpoint_words, type Line } from './rules'

const FIELDS: Record<string, (line: Line) => string[]> = {
	id: line => [line.rule.id],
	from: line => list(line.rule.from),
	to: line => list(line.rule.to),
	source: line => endpoint_words(line.rule.source),
	destination: line => endpoint_words(line.rule.destination),
	service: line => list(line.rule.service),
	action: line => list(line.rule.action),
	tag: line => list(line.rule.tags),
	description: line => list(line.rule.description),
	interface: line => [...list(line.rule['in-interface'] as string[]), ...list(line.rule['out-interface'] as string[])],
	schedule: line => list(line.rule.schedule as string),
}
const WITH_WORDS = Object.values(FIELDS)

const STATES: Record<string, (line: Line) => boolean> = {
	enabled: line => line.rule.enabled !== false,
	disabled: line => line.rule.enabled === false,
	generated: line => line.generated,
	logged: line => line.rule.log === true,
	limited: line => line.rule.limit !== undefined,
	changed: line => line.mark !== undefined,
	new: line => line.mark === 'new',
	edited: line => line.mark === 'edited',
	moved: line => line.mark === 'moved',
	shadowed: line => line.finding?.finding === 'shadowed' || line.finding?.finding === 'redundant',
	unused: line => line.finding?.finding === 'never-hit',
	live: line => (counters.get(line.rule.id)?.rate ?? 0) > 0,
}

/** What is not known of a rule is neither much nor little: no comparison holds. One that is not in force has no counter. */
const counter_of = (line: Line) => counters.get(line.rule.id)

const NUMBERS: Record<string, (line: Line) => number> = {
	hits: line => {
		const have = counter_of(line)
		return have ? have.before[0] + have.packets : NaN
	},
	number: line => line.number,
}

/** How long ago, in seconds; what never was is longer ago than anything. */
const age = (iso: string | undefined, never: number) => iso ? (Date.now() - Date.parse(iso)) / 1000 : never
const AGES: Record<string, (line: Line) => number> = {
	first: line => age(counter_of(line)?.first, counter_of(line) ? Infinity : NaN),
	last: line => age(counter_of(line)?.last, counter_of(line) ? Infinity : NaN),
	since: line => age(counter_of(line)?.since, NaN),
}
const SECONDS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86400, w: 604800 }

type Test = (line: Line) => boolean

const applies = (names: string | string[] | undefined, zone: string) => list(names).some(name => name === zone || (name === 'any' && zone !== 'any'))

/** May this rule decide connections from one zone to another? */
export const in_pair = (line: Line, from: string, to: string) => !line.generated && applies(line.rule.from, from) && applies(line.rule.to, to)

function number_test(read: (line: Line) => number, sign: string, value: string): Test {
	const [, digits, unit] = value.match(/^(\d+(?:\.\d+)?)([kmg]?)$/) ?? []
	const limit = Number(digits ?? NaN) * { '': 1, k: 1e3, m: 1e6, g: 1e9 }[unit ?? '']!
	return sign === '>' ? line => read(line) > limit : sign === '<' ? line => read(line) < limit : line => read(line) === limit
}

/** "last<30d": within thirty days; ":" and "=" say so too. */
function age_test(read: (line: Line) => number, sign: string, value: string): Test {
	const [, digits, unit] = value.match(/^(\d+(?:\.\d+)?)([smhdw])$/) ?? []
	const limit = Number(digits ?? NaN) * SECONDS[unit ?? 's']
	return sign === '>' ? line => read(line) > limit : line => read(line) <= limit
}

/** One word of the search as a test; null: it says nothing yet ("from:"). */
function test_of(word: string): Test | null {
	const [, name, sign, raw] = word.match(/^([a-z]+)([:=<>])(.*)$/) ?? []
	if (!name)
		return line => WITH_WORDS.some(read => read(line).some(one => one.toLowerCase().includes(word)))
	if (!raw)
		return null
	if (name === 'is')
		return STATES[raw] ?? (() => false)
	if (name in NUMBERS)
		return number_test(NUMBERS[name], sign, raw)
	if (name in AGES)
		return age_test(AGES[name], sign, raw)
	if (name === 'pair') {
		const [from, to] = raw.split('>')
		return line => in_pair(line, from, to ?? '')
	}
	const read = FIELDS[name]
	if (!read)
		return line => WITH_WORDS.some(some => some(line).some(one => one.toLowerCase().includes(word)))
	const values = raw.split('|').filter(Boolean)
	return sign === '=' ? line => read(line).some(one => values.includes(one.toLowerCase())) : line => read(line).some(one => values.some(value => one.toLowerCase().includes(value)))
}

/** "two words" in quotes are one. */
const words_of = (text: string) => [...text.toLowerCase().matchAll(/(-?)((?:[a-z]+[:=<>])?)(?:"([^"]*)"?|(\S+))/g)]
	.map(([, not, head, quoted, bare]) => ({ not: not === '-', word: head + (quoted ?? bare) }))

/** All words must hold; null when there is none. */
export function matcher(text: string): Test | null {
	const tests = words_of(text).flatMap(({ not, word }) => {
		const test = word && word !== '-' ? test_of(word) : null
		return test ? [not ? (line: Line) => !test(line) : test] : []
	})
	return tests.length ? line => tests.every(test => test(line)) : null
}

/** Does the answer change with the counters? */
export const is_live = (text: string) => /(^|\s)-?((hits|first|last|since)[:=<>]|is:live)/.test(text)
