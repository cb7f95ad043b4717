// SPDX-License-Identifier: GPL-3.0-or-later
// Which widgets a person wants to see, in which order and how wide. Kept in this browser, for each person.
import { signal } from '@preact/signals'
import { session } from './store'

export type Size = 'full' | 'half' | 'third'
export const SIZES: Size[] = ['full', 'half', 'third']

export interface Place {
	key: string
	size: Size
	hidden?: boolean
}

const KEY = 'patronus-dashboard:'

/** What was kept, without what is not there any more, and with what is new at its usual place. */
export function mend(kept: unknown, usual: Place[]): Place[] {
	const known = new Map(usual.map(one => [one.key, one]))
	const places: Place[] = (Array.isArray(kept) ? kept as Place[] : []).filter(one => known.has(one?.key) && SIZES.includes(one.size))
		.map(({ key, size, hidden }) => ({ key, size, hidden: hidden === true }))
	const have = new Set(places.map(one => one.key))
	usual.forEach((one, at) => { if (!have.has(one.key)) places.splice(at, 0, { ...one }) })
	return places
}

export const layout = signal<Place[]>([])

export function read_layout(usual: Place[]) {
	let kept: unknown = null
	try {
		kept = JSON.parse(localStorage.getItem(KEY + session.value?.user) ?? 'null')
	} catch {
		// as usual, then
	}
	layout.value = mend(kept, usual)
}

export function keep_layout(next: Place[]) {
	layout.value = next
	try {
		localStorage.setItem(KEY + session.value?.user, JSON.stringify(next))
	} catch {
		// for this visit
	}
}

export function forget_layout(usual: Place[]) {
	try {
		localStorage.removeItem(KEY + session.value?.user)
	} catch {
		// it was not kept
	}
	layout.value = mend(null, usual)
}

/** This one at the place of that one. */
export function put_at(places: Place[], key: string, at: string): Place[] {
	const from = places.findIndex(one => one.key === key)
	const to = places.findIndex(one => one.key === at)
	if (from < 0 || to < 0 || from === to)
		return places
	const next = [...places]
	next.splice(to, 0, ...next.splice(from, 1))
	return next
}
