// SPDX-License-Identifier: GPL-3.0-or-later
// How a person wants the pages, as the box keeps it: the same on each computer. What cannot be kept there is so for this visit.
import { signal } from '@preact/signals'
import { call, Problem } from './api'
import { theme, THEMES, type Theme } from './theme'
import { language, LANGUAGES, set_language } from './words'

export interface Kept {
	widget: string
	size: string
	hidden?: boolean
}

interface Preferences {
	language?: string
	theme?: Theme
	dashboard?: Kept[]
	'single-keys'?: boolean
}

type Change = { [Member in keyof Preferences]: Preferences[Member] | null }

const PATH = '/users/me/preferences'

export const preferences = signal<Preferences | null>(null)		// null: not known yet
let told: { etag: string | null; body: Preferences } = { etag: null, body: {} }		// what the box has, as far as is known here
let waiting: Change = {}		// what it has not got yet
let is_writing = false
let overtaken = () => {}

/** The dashboard was arranged elsewhere meanwhile, and stands as it was arranged there. */
export function on_overtaken(then: () => void) {
	overtaken = then
}

const merge = (base: Preferences, change: Change): Preferences =>
	Object.fromEntries(Object.entries({ ...base, ...change }).filter(([, value]) => value !== null))

function show() {
	const next = merge(told.body, waiting)
	preferences.value = next
	if (next.theme && THEMES.includes(next.theme))
		theme.value = next.theme
	if (next.language && next.language !== language.value && next.language in LANGUAGES)
		set_language(next.language).catch(() => {})
}

async function read() {
	const { etag, body } = await call<Preferences>('GET', PATH)
	told = { etag, body }
}

export async function read_preferences() {
	if (is_writing)
		return
	await read().catch(() => {})
	show()
}

async function write(change: Change): Promise<void> {
	try {
		const { etag, body } = await call<Preferences>('PATCH', PATH, { body: change, type: 'application/merge-patch+json', ifMatch: told.etag, keepalive: true })
		told = { etag, body }
	} catch (error) {
		if (!(error instanceof Problem) || ![412, 428].includes(error.status))
			return
		const before = JSON.stringify(told.body.dashboard)
		await read()
		const { dashboard, ...rest } = change
		const is_overtaken = dashboard !== undefined && JSON.stringify(told.body.dashboard) !== before
		if (is_overtaken)
			overtaken()
		if (!is_overtaken || Object.keys(rest).length)
			await write(is_overtaken ? rest : change)
	}
}

/** Shown at once, and written; null is as usual. */
export async function prefer(change: Change) {
	if (!preferences.value)
		return
	waiting = { ...waiting, ...change }
	preferences.value = merge(preferences.value, change)
	if (is_writing)
		return
	is_writing = true
	while (Object.keys(waiting).length) {
		const next = waiting
		waiting = {}
		await write(next).catch(() => {})
	}
	is_writing = false
	if (preferences.value)
		show()
}

/** Who comes back to this tab may have been at another one. */
addEventListener('focus', () => { if (preferences.value) void read_preferences() })

export function forget_preferences() {
	told = { etag: null, body: {} }
	waiting = {}
	preferences.value = null
}
