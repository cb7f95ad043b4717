// SPDX-License-Identifier: GPL-3.0-or-later
// Where everything of the topology stands: bands of zones below each other, in each its interfaces, their networks and the routers behind them from start to end
// (below each other where there is no room), and lines from zone to zone in a gutter before them. Pure functions; lengths are in CSS pixels, from the start side.
import { shown_name, type Area, type Gate, type Port, type Reach } from '../core/topology'

export interface Box {
	x: number
	y: number
	w: number
	h: number
}

/** One thing that can be pressed. */
export interface Thing extends Box {
	id: string
	kind: 'area' | 'reach' | 'port' | 'net' | 'gate' | 'more'
	area: Area
	reach?: Reach
	port?: Port
	text?: string		// of a network
	own?: string[]
	gate?: Gate
	count?: number		// of those that are not drawn
}

/** From an interface to its networks, and from those to their routers. */
export interface Wire {
	id: string
	port: Port
	d: number[]		// x, y of both ends
	is_down: boolean	// from above to below
}

/** From zone to zone: leaves the band of `from` at y1, goes in a track, enters that of `to` at y2. */
export interface Way {
	id: string
	from: string
	to: string
	verdict: 'open' | 'some'
	track: number		// x of its long part
	y1: number
	y2: number
}

export interface Picture {
	width: number
	height: number
	start: number		// where the bands begin
	bands: (Box & { area: Area })[]
	notes: { x: number; y: number; area: Area }[]		// before those whom a zone reaches
	things: Thing[]
	wires: Wire[]
	ways: Way[]
	are_hidden: boolean	// there are more ways than can be told apart
}

/** How wide a text of a reach is: its zone's name, and what passes. */
export type Measure = (reach: Reach) => number
export type Wide = (area: Area) => number

const MOST_GATES = 6		// drawn of one network
const MOST_TRACKS = { wide: 16, narrow: 11 }
const HIDDEN_TRACKS = 7		// kept free for those of one zone

interface Sizes {
	unit: number		// pixels of a rem / 16
	is_narrow: boolean
	measure: Measure
	head: Wide
	note: Wide
}

/** Pairs of bands whose ways fit beside each other: each takes the innermost track that nobody crosses. */
function tracks_of(spans: { from: number; to: number }[]) {
	const taken: [number, number][][] = []
	const order = spans.map((span, at) => ({ at, low: Math.min(span.from, span.to), high: Math.max(span.from, span.to) })).sort((a, b) => a.high - a.low - (b.high - b.low) || a.low - b.low)
	const tracks: number[] = []
	for (const { at, low, high } of order) {
		let track = 0
		while (taken[track]?.some(([a, b]) => low < b && a < high))
			track++
		;(taken[track] ??= []).push([low, high])
		tracks[at] = track
	}
	return tracks
}

/** Along the edge of a band: ways up come first, from the inner to the outer track, then ways down from the outer to the inner one. So none crosses another one. */
function ends_of(band: Box, at: number, spans: { from: number; to: number }[], tracks: number[]) {
	const ends = spans.flatMap((span, way) => span.from === at || span.to === at ? [{ way, is_start: span.from === at, is_up: (span.from === at ? span.to : span.from) < at, track: tracks[way] }] : [])
		.sort((a, b) => Number(b.is_up) - Number(a.is_up) || (a.is_up ? a.track - b.track : b.track - a.track))
	const step = Math.min(14, (band.h - 20) / Math.max(ends.length, 1))
	const up = ends.filter(end => end.is_up).length
	return ends.map((end, place) => ({ ...end, y: end.is_up ? band.y + 14 + place * step : band.y + band.h - 14 - (ends.length - 1 - place) * step, up }))
}

function ways_of(bands: Picture['bands'], start: number, gap: number, tracks: number[], pairs: { from: number; to: number; reach: Reach }[]): Way[] {
	const ends = bands.map((band, at) => ends_of(band, at, pairs, tracks)).flat()
	return pairs.map(({ from, to, reach }, way) => ({ id: `way ${bands[from].area.key} ${bands[to].area.key}`, from: bands[from].area.key, to: bands[to].area.key, verdict: reach.verdict as Way['verdict'],
		track: start - 16 - tracks[way] * gap, y1: ends.find(end => end.way === way && end.is_start)?.y ?? 0, y2: ends.find(end => end.way === way && !end.is_start)?.y ?? 0 }))
}

/** The interface with what is behind it; answers how high that is. */
function lay_port(port: Port, area: Area, room: Box, { unit, is_narrow }: Sizes, out: Picture) {
	const high = 46 * unit
	const base = `${area.key}/${shown_name(port.link)}`
	const column = is_narrow ? room.w : Math.min((room.w - 2 * 36 * unit) / 3, 348 * unit)
	const gap = is_narrow ? 0 : Math.min(120 * unit, (room.w - 3 * column) / 2)
	const own = { x: room.x, y: room.y, w: column, h: 74 * unit }
	const indent = is_narrow ? 20 * unit : column + gap
	let y = room.y + (is_narrow ? own.h + 8 * unit : 0)
	const wire = (id: string, from: Box, to: Box) => out.wires.push({ id, port, is_down: is_narrow,
		d: is_narrow ? [from.x + 9 * unit, from.y + from.h, to.x, to.y + to.h / 2] : [from.x + from.w, from.y + Math.min(from.h, 74 * unit) / 2, to.x, to.y + to.h / 2] })
	const put = (thing: Omit<Thing, keyof Box | 'area' | 'port'>, from: Box, level: number) => {
		const box = { x: room.x + indent * level, y, w: is_narrow ? room.w - indent * level : column, h: high }
		out.things.push({ ...thing, ...box, area, port })
		wire(thing.id, from, box)
		return box
	}
	const put_gates = (gates: Gate[], id: string, from: Box, level: number) => {
		for (const gate of gates.slice(0, MOST_GATES)) {
			put({ id: `${id}>${gate.via || gate.to[0]}`, kind: 'gate', gate }, from, level)
			y += high + 8 * unit
		}
		if (gates.length > MOST_GATES) {
			put({ id: `${id}>more`, kind: 'more', count: gates.length - MOST_GATES }, from, level)
			y += high + 8 * unit
		}
	}
	out.things.push({ id: base, kind: 'port', area, port, ...own })
	for (const net of port.nets) {
		const box = put({ id: `${base} ${net.text}`, kind: 'net', text: net.text, own: net.own }, own, 1)
		if (is_narrow || !net.gates.length)
			y += high + 8 * unit
		put_gates(net.gates, `${base} ${net.text}`, box, 2)
	}
	put_gates(port.gates, base, own, is_narrow ? 1 : 2)
	return Math.max(own.y + own.h, y - 8 * unit) - room.y
}

/** The name of the zone with whom it reaches; answers how high that is. */
function lay_head(area: Area, room: Box, { unit, is_narrow, measure, head, note }: Sizes, out: Picture) {
	const high = 28 * unit
	const name = { x: room.x, y: room.y, w: Math.min(room.w, head(area)), h: high }
	out.things.push({ id: `zone ${area.key}`, kind: 'area', area, ...name })
	if (area.key)
		out.notes.push({ x: name.x + name.w + 10 * unit, y: room.y, area })
	let x = is_narrow ? room.x : name.x + name.w + 20 * unit + note(area)
	let y = is_narrow && area.reach.length ? room.y + high + 6 * unit : room.y
	for (const reach of area.reach) {
		const w = Math.min(measure(reach), room.w)
		if (x > room.x && x + w > room.x + room.w) {
			x = room.x
			y += high + 6 * unit
		}
		out.things.push({ id: `reach ${area.key} ${reach.to}`, kind: 'reach', area, reach, x, y, w, h: high })
		x += w + 6 * unit
	}
	return y + high - room.y
}

/** width: of the whole picture. lit: the zone whose ways alone are drawn when there are too many. */
export function lay_out(areas: Area[], width: number, unit: number, measure: Measure, head: Wide, note: Wide, lit: string | null): Picture {
	const is_narrow = width < 700 * unit
	const sizes = { unit, is_narrow, measure, head, note }
	const places = new Map(areas.map((area, at) => [area.key, at]))
	const every = areas.flatMap((area, from) => area.reach.filter(reach => reach.to !== area.key).map(reach => ({ from, to: places.get(reach.to) as number, reach })))
	const gap = (is_narrow ? 4.5 : 11) * unit
	const all = tracks_of(every)
	const most = is_narrow ? MOST_TRACKS.narrow : MOST_TRACKS.wide
	const are_hidden = Math.max(0, ...all) >= most
	const pairs = are_hidden ? every.filter(pair => lit !== null && (areas[pair.from].key === lit || areas[pair.to].key === lit)).slice(0, 2 * most) : every
	const tracks = are_hidden ? tracks_of(pairs).map(track => Math.min(track, HIDDEN_TRACKS - 1)) : all
	const used = are_hidden ? HIDDEN_TRACKS : Math.max(0, ...all) + 1
	const start = every.length ? 24 + (used - 1) * gap : 0
	const out: Picture = { width, height: 0, start, bands: [], notes: [], things: [], wires: [], ways: [], are_hidden }
	const pad = (is_narrow ? 10 : 16) * unit
	let y = 1
	for (const area of areas) {
		const room = { x: start + pad, y: y + pad, w: width - start - 2 * pad - 1, h: 0 }
		let high = lay_head(area, room, sizes, out)
		for (const port of area.ports)
			high += 14 * unit + lay_port(port, area, { ...room, y: room.y + high + 14 * unit }, sizes, out)
		const ends = every.filter(pair => areas[pair.from] === area || areas[pair.to] === area).length
		const band = { x: start, y, w: width - start - 1, h: Math.max(high + 2 * pad, are_hidden ? 0 : ends * 8 + 20) }
		out.bands.push({ ...band, area })
		y += band.h + 12 * unit
	}
	out.height = y - 12 * unit + 1
	out.ways = ways_of(out.bands, start, gap, tracks, pairs)
	return out
}

/** The nearest thing in the direction of an arrow key: of those beside it, or else of all, where what is aside counts twice. */
export function neighbour(things: Thing[], from: Thing, key: string): Thing | null {
	const across = key === 'ArrowLeft' || key === 'ArrowRight'
	const sign = key === 'ArrowLeft' || key === 'ArrowUp' ? -1 : 1
	const span = (one: Thing) => across ? [one.x, one.x + one.w, one.y, one.y + one.h] : [one.y, one.y + one.h, one.x, one.x + one.w]
	const [start, end, low, high] = span(from)
	let best: Thing | null = null
	let least = Infinity
	for (const one of things) {
		const [one_start, one_end, one_low, one_high] = span(one)
		const along = sign * (one_start + one_end - start - end) / 2
		const aside = Math.max(0, one_low - high, low - one_high)
		const cost = along + 2 * aside + (aside > 0 ? 1e6 : 0)
		if (one !== from && along > 1 && cost < least) {
			best = one
			least = cost
		}
	}
	return best
}
