// SPDX-License-Identifier: GPL-3.0-or-later
// What the heap of a page is made of: how many objects of which constructor there are, from a snapshot of the browser's own profiler.

/** {"object Array": {count, size}, "closure then": ..., "string": ...} after a collection of garbage; sizes are bytes without what they refer to. */
export async function census(page) {
	const client = await page.context().newCDPSession(page)
	const chunks = []
	client.on('HeapProfiler.addHeapSnapshotChunk', ({ chunk }) => chunks.push(chunk))
	await client.send('HeapProfiler.enable')
	await client.send('HeapProfiler.collectGarbage')
	await client.send('HeapProfiler.takeHeapSnapshot', { reportProgress: false, captureNumericValue: false })
	await client.detach()
	const { snapshot: { meta }, nodes, strings } = JSON.parse(chunks.join(''))
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
