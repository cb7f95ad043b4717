// SPDX-License-Identifier: GPL-3.0-or-later
// One event stream for all tabs of this browser. Tabs that are looked at compete for a lock; who has it holds the stream and passes every event
// on to the others. A tab that is hidden gives the lock away, so a browser in which nobody looks asks for nothing.
import { signal } from '@preact/signals'

const LOCK = 'patronus-stream'

export const connected = signal<'yes' | 'no' | 'lost'>('no')

type Take = (topic: string, data: unknown) => void

/** What tabs tell each other: an event, how the stream is, or the question how it is. */
interface Word {
	topic?: string
	data?: unknown
	state?: 'yes' | 'lost'
	ask?: boolean
}

let take: Take = () => {}
let topics: string[] = []
let source: EventSource | null = null
let wanted = false
let retry_timer = 0
let retry_after = 1000
let others: BroadcastChannel | null = null
let asking: AbortController | null = null
let release: (() => void) | null = null

const tell_others = (word: Word) => others?.postMessage(word)

function stand(state: 'yes' | 'lost') {
	connected.value = state
	tell_others({ state })
}

function hear(topic: string, text: string) {
	let data: unknown
	try {
		data = JSON.parse(text)
	} catch (error) {
		console.warn(`an event of ${topic} could not be read`, error)
		return
	}
	take(topic, data)
	tell_others({ topic, data })
}

function open_source() {
	clearTimeout(retry_timer)
	if (source || !wanted || document.hidden)
		return
	source = new EventSource('/api/v1/events?topics=' + topics.join())
	source.onopen = () => {
		retry_after = 1000
		stand('yes')
		take('open', null)
		tell_others({ topic: 'open' })
	}
	source.onerror = () => {
		stand('lost')
		if (source?.readyState !== EventSource.CLOSED)
			return		// the browser tries again by itself
		source = null
		retry_timer = window.setTimeout(open_source, retry_after)
		retry_after = Math.min(retry_after * 2, 15_000)
		take('lost', null)
	}
	for (const topic of [...topics, 'gap'])
		source.addEventListener(topic, event => hear(topic, (event as MessageEvent<string>).data))
}

function close_source() {
	clearTimeout(retry_timer)
	source?.close()
	source = null
}

function on_word({ data: word }: MessageEvent<Word>) {
	if (word.ask && source)
		tell_others({ state: connected.value === 'yes' ? 'yes' : 'lost' })
	if (!wanted || source || document.hidden)
		return
	if (word.state)
		connected.value = word.state
	if (word.topic === 'open')
		connected.value = 'yes'
	if (word.topic)
		take(word.topic, word.data)
}

/** Look: take part in the events, and hold the stream when no other tab does. */
function look() {
	if (!wanted || document.hidden || asking)
		return
	if (!others && 'BroadcastChannel' in window) {
		others = new BroadcastChannel(LOCK)
		others.onmessage = on_word
	}
	// Without a secure context there are no locks: each tab has a stream of its own.
	if (!navigator.locks || !others) {
		open_source()
		return
	}
	tell_others({ ask: true })
	asking = new AbortController()
	navigator.locks.request(LOCK, { signal: asking.signal }, () => new Promise<void>(done => {
		release = done
		open_source()
	})).catch(() => {})		// it was hidden before its turn came
}

function look_away() {
	asking?.abort()
	asking = null
	close_source()
	release?.()
	release = null
	others?.close()
	others = null
	connected.value = 'no'
}

/** Events of these topics from now on; besides "open" (the stream stands, again), "lost" and "gap". */
export function start_stream(names: string[], then: Take) {
	topics = names
	take = then
	wanted = true
	look()
}

export function stop_stream() {
	wanted = false
	look_away()
}

document.addEventListener('visibilitychange', () => {
	if (document.hidden)
		take('away', null)
	document.hidden ? look_away() : look()
})
