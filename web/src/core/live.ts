// SPDX-License-Identifier: GPL-3.0-or-later
// What is kept of the events: rates, counters, the newest of the log.
import { signal } from '@preact/signals'
import { get, list_of } from './api'
import { number_of } from './format'
import { start_stream as open_stream, stop_stream as close_stream } from './stream'
import type { Commit, Count, InterfaceState, LogEvent, RuleState } from './types'

export { connected } from './stream'

const TOPICS = ['counters', 'log', 'commits', 'drift', 'status', 'interfaces']
const RING = 600		// seconds of throughput that a plot shows
const LOG_RING = 2000
const SPARK = 40

export interface Series {
	name: string
	time: number[]
	rx: number[]		// bytes per second
	tx: number[]
	rxTotal: number
	txTotal: number
	linkUp: boolean | undefined
	last: { at: number; rx: number; tx: number } | null
}

export interface RuleCounter {
	packets: number
	bytes: number
	before: [number, number]	// packets and bytes of the counters that the kernel had before this one
	since?: string
	first?: string			// absent: never
	last?: string
	rate: number		// bytes per second
	packetRate: number
	spark: number[]
	at: number
}

export const series = new Map<string, Series>()
export const series_tick = signal(0)
export const counters = new Map<string, RuleCounter>()
export const counter_tick = signal(0)
export const log_events = signal<LogEvent[]>([])
export const log_lost = signal(0)

type Listener = (data: never) => void
const listeners: Record<string, Listener[]> = {}

export function on_event(topic: 'commits' | 'drift' | 'status' | 'open', then: (data: never) => void) {
	(listeners[topic] ??= []).push(then)
}

function tell(topic: string, data: unknown) {
	for (const then of listeners[topic] ?? [])
		then(data as never)
}

export function series_of(name: string): Series {
	let one = series.get(name)
	if (!one) {
		one = { name, time: [], rx: [], tx: [], rxTotal: 0, txTotal: 0, linkUp: undefined, last: null }
		series.set(name, one)
	}
	return one
}

export function keep_ring(one: Series) {
	const over = one.time.length - RING
	if (over > 0) {
		for (const values of [one.time, one.rx, one.tx])
			values.splice(0, over)
	}
}

/** What a page read: it fills the totals, but only the stream, which is measured at once for all, draws the lines. */
export function seed_interfaces(rows: InterfaceState[]) {
	for (const row of rows) {
		const one = series_of(row.name)
		if (one.last)
			continue
		one.linkUp = row['link-up']
		one.rxTotal = number_of(row['rx-bytes'])
		one.txTotal = number_of(row['tx-bytes'])
	}
	series_tick.value++
}

function take_interfaces(rows: InterfaceState[], now = Date.now()) {
	for (const row of rows) {
		if (!row.name)
			continue		// not configured
		const one = series_of(row.name)
		const rx = number_of(row['rx-bytes'])
		const tx = number_of(row['tx-bytes'])
		const seconds = one.last ? Math.max(0.1, (now - one.last.at) / 1000) : 0
		one.linkUp = row['link-up'] ?? one.linkUp
		one.rxTotal = rx
		one.txTotal = tx
		// A counter that went back or a long silence is a new start, never a spike.
		if (one.last && seconds < 10 && rx >= one.last.rx && tx >= one.last.tx) {
			one.time.push(now / 1000)
			one.rx.push((rx - one.last.rx) / seconds)
			one.tx.push((tx - one.last.tx) / seconds)
			keep_ring(one)
		}
		one.last = { at: now, rx, tx }
	}
	series_tick.value++
}

const fresh_counter = (at: number): RuleCounter => ({ packets: 0, bytes: 0, before: [0, 0], rate: 0, packetRate: 0, spark: [], at })

export function seed_counters(rows: RuleState[]) {
	for (const row of rows) {
		const have = counters.get(row.id) ?? fresh_counter(0)
		have.packets = number_of(row.packets)
		have.bytes = number_of(row.bytes)
		have.before = [Math.max(0, number_of(row['total-packets']) - have.packets), Math.max(0, number_of(row['total-bytes']) - have.bytes)]
		have.since = row['counted-since']
		have.first = row['first-hit']
		have.last = row['last-hit']
		counters.set(row.id, have)
	}
	counter_tick.value++
}

let counters_at = 0

function take_counters(rows: { id: string; packets: Count; bytes: Count }[], now = Date.now()) {
	const seconds = counters_at && now - counters_at < 10_000 ? Math.max(0.2, (now - counters_at) / 1000) : 0
	counters_at = now
	for (const row of rows) {
		const packets = number_of(row.packets)
		const bytes = number_of(row.bytes)
		const have = counters.get(row.id)
		if (!have) {
			counters.set(row.id, { ...fresh_counter(now), packets, bytes })
			continue
		}
		if (packets < have.packets)		// the kernel counts anew: what it had is not lost
			have.before = [have.before[0] + have.packets, have.before[1] + have.bytes]
		if (packets && packets !== have.packets) {
			have.last = new Date(now).toISOString()
			have.first ??= have.last
		}
		have.rate = seconds && bytes >= have.bytes ? (bytes - have.bytes) / seconds : 0
		have.packetRate = seconds && packets >= have.packets ? (packets - have.packets) / seconds : 0
		have.packets = packets
		have.bytes = bytes
		have.at = now
	}
	// Only rules that changed are named: the others stand still.
	for (const have of counters.values()) {
		if (have.at !== now) {
			have.rate = 0
			have.packetRate = 0
		}
		if (have.at === now || have.spark.length) {
			have.spark.push(have.packetRate)
			if (have.spark.length > SPARK)
				have.spark.shift()
		}
	}
	counter_tick.value++
}

let waiting: LogEvent[] = []
let flush_timer = 0
/** The sequence of the last event of the log; numbers that do not come are rows that nobody will see. */
let log_last = 0
/** What passed while there was no stream is read from the box again. */
let is_log_anew = true

function flush_log() {
	flush_timer = 0
	const newest = number_of(log_events.value[0]?.sequence ?? -1)
	const fresh = waiting.filter(event => number_of(event.sequence) > newest)
	waiting = []
	if (fresh.length)
		log_events.value = [...fresh.reverse(), ...log_events.value].slice(0, LOG_RING)
}

/** Events are gathered and shown four times a second, however many arrive. */
function take_log(event: LogEvent) {
	const sequence = number_of(event.sequence)
	if (sequence < log_last) {		// the firewall started anew, and counts from 1
		waiting = []
		log_events.value = []
	} else if (!is_log_anew) {
		log_lost.value += Math.max(sequence - log_last - 1, 0)
	}
	log_last = sequence
	is_log_anew = false
	waiting.push(event)
	if (waiting.length > LOG_RING) {
		log_lost.value += waiting.length - LOG_RING
		waiting = waiting.slice(-LOG_RING)
	}
	if (!flush_timer)
		flush_timer = window.setTimeout(flush_log, 250)
}

/** Rows of the log that the firewall left out, in their place; what got lost on the way shows by the next number. */
function take_gap(gap: { topic?: string; dropped?: Count }) {
	if (gap.topic !== 'log' || is_log_anew)
		return
	log_lost.value += number_of(gap.dropped)
	log_last += number_of(gap.dropped)
}

/** What happened before this tab looked, or while it looked away. */
export async function fetch_log() {
	const body = await get<unknown>('/state/firewall-log?limit=500')
	const known = new Set(log_events.value.map(event => String(event.sequence)))
	const older = list_of<LogEvent>(body, 'events').filter(event => !known.has(String(event.sequence)))
	if (!older.length)
		return
	log_events.value = [...log_events.value, ...older]
		.sort((a, b) => number_of(b.sequence) - number_of(a.sequence)).slice(0, LOG_RING)
}

const takers: Record<string, (data: never) => void> = {
	interfaces: data => take_interfaces(list_of<InterfaceState>(data, 'interfaces')),
	counters: data => take_counters(list_of(data, 'rules')),
	log: data => take_log(data),
	commits: data => tell('commits', data as Commit),
	drift: data => tell('drift', data),
	status: data => tell('status', data),
	open: () => {
		is_log_anew = true
		tell('open', null)
	},
	lost: () => tell('status', null),
	gap: data => take_gap(data),
	away: () => {
		counters_at = 0
		is_log_anew = true
	},
}

export function start_stream() {
	open_stream(TOPICS, (topic, data) => takers[topic]?.(data as never))
}

export function stop_stream() {
	close_stream()
	counters_at = 0
	series.clear()
	counters.clear()
	log_events.value = []
	log_lost.value = 0
	log_last = 0
	is_log_anew = true
}
