// SPDX-License-Identifier: GPL-3.0-or-later
// A value that is being edited: what of it says something, what changed, and where an error belongs. Pure functions.
import type { FormNode } from './schema'
import type { FieldError } from './types'

export type Value = Record<string, unknown>

export const same = (a: unknown, b: unknown) => JSON.stringify(a ?? null) === JSON.stringify(b ?? null)

const is_object = (value: unknown): value is Value => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Only what says something: what was left empty, and what is the default anyway, is not written into the document. */
export function tidy(node: FormNode, value: Value): Value {
	const out: Value = {}
	for (const child of node.children ?? []) {
		const kept = tidy_member(child, value[child.name])
		if (kept !== undefined)
			out[child.name] = kept
	}
	return out
}

function tidy_member(node: FormNode, value: unknown): unknown {
	if (node.secret)
		return is_object(value) ? value : undefined		// as it was read; a new one goes another way
	if (node.kind === 'container') {
		const inner = tidy(node, is_object(value) ? value : {})
		return Object.keys(inner).length || (node.presence && is_object(value)) ? inner : undefined
	}
	if (node.kind === 'list' || node.kind === 'leaf-list') {
		const items = (Array.isArray(value) ? value : value === undefined || value === '' ? [] : [value])
			.map(item => node.kind === 'list' && is_object(item) ? tidy(node, item) : item)
		return items.length ? items : undefined
	}
	if (value === undefined || value === null || value === '' || (!node.mandatory && value === node.default))
		return undefined
	return value
}

/** The merge patch (RFC 7396) from one tidy value to another; undefined when nothing changed. */
export function patch_of(before: Value, after: Value): Value | undefined {
	const patch: Value = {}
	for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
		const a = before[name]
		const b = after[name]
		if (same(a, b))
			continue
		patch[name] = b === undefined ? null : is_object(a) && is_object(b) ? patch_of(a, b) : b
	}
	return Object.keys(patch).length ? patch : undefined
}

/** "/firewall/groups/admins/addresses/0" below "/firewall/groups/admins" is about the field "addresses". */
export function field_of(error: FieldError, base: string) {
	const pointer = error.pointer ?? ''
	const inner = pointer.startsWith(base + '/') ? pointer.slice(base.length + 1) : pointer.replace(/^\//, '')
	return inner.split('/').filter(part => !/^\d+$/.test(part)).join('-')
}

/** New secrets that were typed into a form: their paths below the entry, and their values. */
export function secrets_of(node: FormNode, value: Value, base: string): Record<string, string> {
	const out: Record<string, string> = {}
	for (const child of node.children ?? []) {
		const inner = value[child.name]
		if (child.secret && typeof inner === 'string' && inner)
			out[`${base}/${child.name}`] = inner
		else if (child.kind === 'container' && is_object(inner))
			Object.assign(out, secrets_of(child, inner, `${base}/${child.name}`))
		else if (child.kind === 'list' && Array.isArray(inner))
			for (const item of inner as Value[])
				Object.assign(out, secrets_of(child, item, `${base}/${child.name}/${String(item[child["key-name"] ?? ""] ?? "")}`))
	}
	return out
}
