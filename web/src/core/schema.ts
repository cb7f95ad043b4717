// SPDX-License-Identifier: GPL-3.0-or-later
// What the appliance says about its own forms. Read once.
import { get } from './api'

let wanted: Promise<unknown> | null = null

const schema = () => wanted ??= get('/schema').catch(() => null)

/** Every list of words that a node of this name allows, wherever the description keeps it. */
function enums_of(node: unknown): string[] {
	if (!node || typeof node !== 'object')
		return []
	const found: string[] = []
	for (const [key, value] of Object.entries(node)) {
		if ((key === 'enum' || key === 'enums' || key === 'values') && Array.isArray(value))
			found.push(...value.map(one => typeof one === 'string' ? one : String((one as { name?: string; value?: string })?.name ?? (one as { value?: string })?.value ?? '')))
		else if (typeof value === 'object')
			found.push(...enums_of(value))
	}
	return found.filter(Boolean)
}

function find(node: unknown, path: string[]): unknown {
	if (path.length === 0 || !node || typeof node !== 'object')
		return path.length ? null : node
	if (Array.isArray(node))
		return find(node.find(one => (one as { name?: string })?.name === path[0]), path.slice(1))
	const object = node as Record<string, unknown>
	if (path[0] in object)
		return find(object[path[0]], path.slice(1))
	for (const inner of ['children', 'properties', 'items', 'nodes', 'fields', 'sections']) {
		if (object[inner] && typeof object[inner] === 'object') {
			const deeper = find(object[inner], path)
			if (deeper)
				return deeper
		}
	}
	return null
}

export async function builtin_services() {
	return [...new Set(enums_of(find(await schema(), ['firewall', 'rules', 'service'])))]
}
