// SPDX-License-Identifier: GPL-3.0-or-later
// What the box remembers: lines of the last ten minutes begin there, not with this tab, and those of the last day come from nowhere else.
import { signal } from '@preact/signals'
import { get, list_of } from './api'
import { number_of } from './format'
import { keep_ring, series, series_of, series_tick } from './live'
import type { Count, Machine } from './types'

export const DAY = 86400
export const SPANS = [600, DAY]

/** Seconds that plots show at most. */
export const span = signal(SPANS[0])

interface Told {
	step: number
	newest: string
	series: { name: string; interface?: string; values: Count[] }[]
}

export interface Line {
	time: number[]		// seconds since 1970
	values: number[]
}

/** Lines of the box itself: cpu, memory, disk; and all lines of the last day, by "name" or "name interface". */
export const box_lines = new Map<string, Line>()
export const day_lines = new Map<string, Line>()

const key_of = (name: string, link?: string) => link ? `${name} ${link}` : name

function line_of(told: Told, values: Count[]): Line {
	const newest = Date.parse(told.newest) / 1000
	return { time: values.map((_, at) => newest - (values.length - 1 - at) * told.step), values: values.map(number_of) }
}

/** Only what is older than the first that this tab has seen itself. */
function put_before(told: Told) {
	for (const one of told.series.filter(each => each.interface && each.name === 'rx')) {
		const mine = series_of(one.interface ?? '')
		const rx = line_of(told, list_of<Count>(one, 'values'))
		const tx = list_of<Count>(told.series.find(each => each.interface === one.interface && each.name === 'tx'), 'values').map(number_of)
		const shift = rx.values.length - tx.length
		const old = rx.time.filter(time => mine.time.length === 0 || time < mine.time[0] - 0.5).length
		mine.time.unshift(...rx.time.slice(0, old))
		mine.rx.unshift(...rx.values.slice(0, old))
		mine.tx.unshift(...rx.time.slice(0, old).map((_, at) => tx[at - shift] ?? 0))
		keep_ring(mine)
	}
}

/** Read what the box remembers; forget: the stream was interrupted, and what this tab has has a hole. */
export async function fetch_history(forget = false) {
	const told = await get<Told>('/state/history')
	if (forget) {
		for (const one of series.values())
			one.time.length = one.rx.length = one.tx.length = 0
	}
	put_before(told)
	for (const one of told.series.filter(each => !each.interface))
		box_lines.set(one.name, line_of(told, list_of<Count>(one, 'values')))
	series_tick.value++
}

export async function fetch_day() {
	const told = await get<Told>('/state/history?step=60')
	for (const one of told.series)
		day_lines.set(key_of(one.name, one.interface), line_of(told, list_of<Count>(one, 'values')))
	series_tick.value++
}

/** What the status says of the machine goes on where the history ended. */
export function put_machine(machine: Machine, now = Date.now() / 1000) {
	for (const [name, value] of [['cpu', machine.cpu], ['memory', machine['memory-used']], ['disk', machine['disk-used']]] as [string, Count | undefined][]) {
		if (value === undefined)
			continue
		const line = box_lines.get(name) ?? { time: [], values: [] }
		line.time.push(now)
		line.values.push(number_of(value))
		while (line.time.length > 0 && line.time[0] < now - SPANS[0]) {
			line.time.shift()
			line.values.shift()
		}
		box_lines.set(name, line)
	}
	series_tick.value++
}

/** What a plot of an interface, or of the box, draws now. */
export function lines_of(names: string[], link?: string): number[][] {
	if (span.value === DAY) {
		const all = names.map(name => day_lines.get(key_of(name, link)))
		return [all[0]?.time ?? [], ...all.map(one => one?.values ?? [])]
	}
	if (link) {
		const one = series.get(link)
		return one ? [one.time, ...names.map(name => name === 'rx' ? one.rx : one.tx)] : [[], ...names.map(() => [])]
	}
	const all = names.map(name => box_lines.get(name))
	return [all[0]?.time ?? [], ...all.map(one => one?.values ?? [])]
}

/** Again and again, and not while nobody looks. */
export function every(milliseconds: number, then: () => void) {
	const timer = setInterval(() => {
		if (!document.hidden)
			then()
	}, milliseconds)
	return () => clearInterval(timer)
}
