// SPDX-License-Identifier: GPL-3.0-or-later
// Objects of the configuration by their place in the schema: a page of a list, an entry, the parts of a container. All are read from the
// workspace when there is one, so that what was edited is seen.
import { call, patiently, Problem } from './api'
import { patch_of, same, secrets_of, tidy, type Value } from './draft'
import { form_node, is_list, type FormNode } from './schema'
import { count_changes, ensure_workspace, workspace, workspace_edits } from './store'
import { t } from './words'

const here = () => ({ workspace: workspace.value?.id })
export const entry_path = (list: string, key: string) => `${list}/${encodeURIComponent(key)}`

export interface Page {
	rows: Value[]
	all: number | null
	next: string | null		// the cursor of the next page
}

/** One page of a list, searched on the appliance. */
export async function read_page(list: FormNode, { q = '', cursor = '', fields = [] as string[], limit = 100, sort = '' }): Promise<Page> {
	const query = new URLSearchParams({ limit: String(limit), count: 'true' })
	for (const [name, value] of Object.entries({ q, cursor, sort, fields: fields.join(',') }))
		if (value)
			query.set(name, value)
	try {
		const answer = await call<Value[]>('GET', `/configuration${list.path}?${query}`, here())
		const next = answer.link?.match(/[?&]cursor=([^&>]+)[^>]*>;\s*rel="?next/)
		return { rows: Array.isArray(answer.body) ? answer.body : [], all: answer.count, next: next ? decodeURIComponent(next[1]) : null }
	} catch (error) {
		if (error instanceof Problem && error.status === 404)		// nothing of it is there yet
			return { rows: [], all: 0, next: null }
		throw error
	}
}

/** The keys of a list that others refer to. */
export async function reference_values(path: string): Promise<string[]> {
	const list = await form_node(path)
	const key = list?.['key-name']
	if (!list || !key)
		return []
	try {
		return (await read_page(list, { fields: [key], limit: 500 })).rows.map(row => String(row[key] ?? '')).filter(Boolean)
	} catch {
		return []		// the field can still be typed into
	}
}

/** Where an entry is referred to: paths below /configuration. The first few, and how many there are. */
export async function references_to(path: string, limit: number): Promise<{ paths: string[]; all: number }> {
	const answer = await call<{ users?: { path: string }[] }>('GET', `/usage?${new URLSearchParams({ path, limit: String(limit), count: 'true' })}`, here())
	const paths = (answer.body?.users ?? []).map(user => user.path)
	return { paths, all: answer.count ?? paths.length }
}

/** How often each entry of a list is referred to. */
export async function counts_of(path: string): Promise<Map<string, number>> {
	const answer = await call<{ counts?: { name: string; count: number }[] }>('GET', `/usage?${new URLSearchParams({ path, counts: 'true' })}`, here())
	return new Map((answer.body?.counts ?? []).map(one => [one.name, one.count]))
}

const PART = 1 << 20

/** The entries of a list from a file, in parts: in force when it returns. onPart is told the share of the file that the appliance has. */
export async function upload_entries(name: string, file: Blob, onPart: (share: number) => void) {
	let at = 0
	do {
		onPart(file.size ? at / file.size : 0)
		await call('PUT', `/lists/${encodeURIComponent(name)}/entries?offset=${at}&size=${file.size}`, { body: file.slice(at, at + PART), type: 'application/octet-stream' })
		at += PART
	} while (at < file.size)
}

interface Part {
	value: unknown
	etag: string | null
}

async function read_part(path: string): Promise<Part> {
	try {
		const answer = await call<unknown>('GET', '/configuration' + path, here())
		return { value: answer.body, etag: answer.etag }
	} catch (error) {
		if (error instanceof Problem && error.status === 404)
			return { value: undefined, etag: null }
		throw error
	}
}

export const read_entry = (list: FormNode, key: string) => read_part(entry_path(list.path, key))

const has_lists = (node: FormNode): boolean => (node.children ?? []).some(child => is_list(child) || (child.kind === 'container' && has_lists(child)))
/** A container without the lists below it: those have pages of their own, and may be long. */
export const without_lists = (node: FormNode): FormNode => ({ ...node, children: (node.children ?? []).filter(child => !is_list(child))
	.map(child => child.kind === 'container' && has_lists(child) ? without_lists(child) : child) })

/** What is said of a container apart from its lists. */
export async function read_container(node: FormNode): Promise<Value> {
	const answer = await call<Value | null>('GET', `/configuration${node.path}?lists=false`, here())
	return tidy(without_lists(node), answer.body ?? {})
}

async function write_secrets(id: string, secrets: Record<string, string>) {
	if (Object.keys(secrets).length)
		await patiently(() => call('PATCH', '/secrets', { workspace: id, body: secrets }))
}

/** What changed of a container, in one step; false when nothing did. Only what was touched is written: others work on its lists meanwhile. */
export async function write_container(node: FormNode, before: Value, draft: Value): Promise<boolean> {
	const patch = patch_of(before, tidy(without_lists(node), draft))
	const secrets = secrets_of(node, draft, node.path)
	if (!patch && !Object.keys(secrets).length)
		return false
	const { id } = await ensure_workspace()
	if (patch) {
		if (!same(await read_container(node), before))
			throw new Problem(412, { type: 'urn:patronus:problem:stale', title: t('shell-somebody-changed-it-meanwhile') })
		await patiently(() => call('POST', '/batch', { workspace: id, body: { operations: [{ op: 'patch', path: node.path, value: patch }] } }))
	}
	await write_secrets(id, secrets)
	workspace_edits.value++
	await count_changes()
	return true
}

/** A new entry, or what changed of one; answers its key. */
export async function write_entry(list: FormNode, key: string | null, before: Value, draft: Value, etag: string | null): Promise<string> {
	const { id } = await ensure_workspace()
	const body = tidy(list, draft)
	const name = list['key-name'] ?? ''
	let made = key ?? String(body[name] ?? '')
	if (key === null) {
		const answer = await patiently(() => call<Value>('POST', '/configuration' + list.path, { workspace: id, body }))
		made = decodeURIComponent(answer.location?.split('/').pop() ?? '') || String(answer.body?.[name] ?? made)
	} else {
		const patch = patch_of(tidy(list, before), body)
		if (patch)
			await patiently(() => call('PATCH', '/configuration' + entry_path(list.path, key), { workspace: id, body: patch, ifMatch: etag }))
	}
	await write_secrets(id, secrets_of(list, draft, entry_path(list.path, made)))
	workspace_edits.value++
	await count_changes()
	return made
}
