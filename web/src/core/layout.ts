// SPDX-License-Identifier: GPL-3.0-or-later
// Which widgets a person wants to see, in which order and how wide. Kept by the box, for each person.
import { signal } from '@preact/signals'
import { prefer, preferences, type Kept } from './preferences'

export type Size = 'full' | 'half' | 'third'
export const SIZES: Size[] = ['full', 'half', 'third']

export interface Place {
	key: string
	size: Size
	hidden?: boolean
}

/** What was kept, without what is not there any more, and with what is new at its usual place. */
export function mend(kept: Kept[], usual: Place[]): Place[] {
	const known = new Map(usual.map(one => [one.key, one]))
	const places: Place[] = kept.filter(one => known.has(one.widget) && SIZES.includes(one.size as Size))
		.map(({ widget, size, hidden }) => ({ key: widget, size: size as Size, hidden: hidden === true }))
	const have = new Set(places.map(one => one.key))
	usual.forEach((one, at) => { if (!have.has(one.key)) places.splice(at, 0, { ...one }) })
	return places
}

export const layout = signal<Place[]>([])

export function read_layout(usual: Place[]) {
	layout.value = preferences.value ? mend(preferences.value.dashboard ?? [], usual) : []
}

export function keep_layout(next: Place[]) {
	layout.value = next
	void prefer({ dashboard: next.map(({ key, size, hidden }) => ({ widget: key, size, ...hidden && { hidden } })) })
}

export const forget_layout = () => void prefer({ dashboard: null })

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
