// SPDX-License-Identifier: GPL-3.0-or-later
// What the heap of a page is made of: how many objects of which constructor there are, from a snapshot of the browser's own profiler.

async function snapshot(page) {
	const client = await page.context().newCDPSession(page)
	const chunks = []
	client.on('HeapProfiler.addHeapSnapshotChunk', ({ chunk }) => chunks.push(chunk))
	await client.send('HeapProfiler.enable')
	await client.send('HeapProfiler.collectGarbage')
	await client.send('HeapProfiler.takeHeapSnapshot', { reportProgress: false, captureNumericValue: false })
	await client.detach()
	return JSON.parse(chunks.join(''))
}

/** {"object Array": {count, size}, "closure then": ..., "string": ...} after a collection of garbage; sizes are bytes without what they refer to. */
export async function census(page) {
	const { snapshot: { meta }, nodes, strings } = await snapshot(page)
	const [type, name, size] = ['type', 'name', 'self_size'].map(field => meta.node_fields.indexOf(field))
	const types = meta.node_types[type]
	const out = new Map()
	for (let at = 0; at < nodes.length; at += meta.node_fields.length) {
		const kind = types[nodes[at + type]]
		const key = /string/.test(kind) ? 'string' : ['number', 'code', 'array', 'hidden'].includes(kind) ? `${kind} ${kind === 'code' || kind === 'array' ? strings[nodes[at + name]].slice(0, 40) : ''}` : `${kind} ${strings[nodes[at + name]].slice(0, 60)}`
		const one = out.get(key) ?? { count: 0, size: 0 }
		one.count++
		one.size += nodes[at + size]
		out.set(key, one)
	}
	return out
}

/** What there is more of by at least so many objects and bytes, the most bytes first. */
export const grown = (before, after, { count = 0, size = 2048 } = {}) => [...after].map(([key, now]) => ({ key, count: now.count - (before.get(key)?.count ?? 0), size: now.size - (before.get(key)?.size ?? 0) }))
	.filter(one => one.count >= count && one.size >= size).sort((a, b) => b.size - a.size)

const DETACHED = 2

/** Elements that stand in no document and are held all the same, those aside that the test's own tools hold: how many there are, and the shortest ways to some of them. */
export async function held_by(page, most = 3) {
	const { snapshot: { meta }, nodes, edges, strings } = await snapshot(page)
	const [fields, each] = [meta.node_fields.length, meta.edge_fields.length]
	const [type, name, edge_count, detachedness] = ['type', 'name', 'edge_count', 'detachedness'].map(field => meta.node_fields.indexOf(field))
	const text = at => `${meta.node_types[type][nodes[at * fields + type]]} ${strings[nodes[at * fields + name]].slice(0, 60)}`
	const count = nodes.length / fields
	const first = new Uint32Array(count + 1)
	for (let at = 0; at < count; at++)
		first[at + 1] = first[at] + nodes[at * fields + edge_count]
	const from = new Int32Array(count).fill(-1)
	const queue = [0]
	for (const at of queue) {
		for (let edge = first[at]; edge < first[at + 1]; edge++) {
			const to = edges[edge * each + 2] / fields
			if (meta.edge_types[0][edges[edge * each]] !== 'weak' && from[to] < 0 && to !== 0 && text(to) !== 'object InjectedScript') {
				from[to] = at
				queue.push(to)
			}
		}
	}
	const held = queue.filter(at => nodes[at * fields + detachedness] === DETACHED && /^native </.test(text(at)))
	const way = at => at ? [...way(from[at]), text(at)] : []
	return { elements: held.length, ways: held.slice(0, most).map(at => way(at).slice(-8).join(' → ')) }
}
