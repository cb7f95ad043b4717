// SPDX-License-Identifier: GPL-3.0-or-later
// Configurations from elsewhere, into the workspace: what another firewall has, with an account of each object, or a document of ours as a whole.
import { call, list_of, patiently } from './api'
import { count_changes, discard, edit_batch, ensure_workspace, read_candidate, session, workspace, workspace_edits } from './store'

export const KINDS = ['patronus', 'iptables', 'nft', 'pf', 'uci'] as const
export type Kind = typeof KINDS[number]

export interface Entry {
	line: string | number
	place: string
	text: string
	outcome: 'done' | 'changed' | 'refused'
	objects: string[]
	notes: string[]
}

export interface Account {
	done: number
	changed: number
	refused: number
	account: Entry[]
}

/* What an import of this page added to a workspace, and a further one into the same takes away again: of everything else it replaces, interfaces are
   only added. */
const added = new Map<string, string[]>()

export const added_before = () => added.get(workspace.value?.id ?? '') ?? []

const interfaces = async () => list_of<{ name: string }>(await read_candidate('/interfaces', []), 'interfaces').map(one => one.name)

async function after_edit() {
	workspace_edits.value++
	await count_changes()
}

/** A document of ours takes the place of the whole draft, but for who does it; one without users leaves all of them. */
async function take_document(id: string, text: string) {
	const users = await read_candidate<unknown[]>('/users', [])
	const roles = await read_candidate<unknown[]>('/roles', [])
	const me = list_of<{ name: string }>(users, 'users').find(one => one.name === session.value?.user)
	await patiently(() => call('PUT', '/configuration', { workspace: id, body: text, type: 'application/yaml' }))
	const is_bare = list_of(await read_candidate<unknown[]>('/users', []), 'users').length === 0
	if (is_bare && users.length)
		await edit_batch([...roles.length ? [{ op: 'put', path: '/roles', value: roles }] : [], { op: 'put', path: '/users', value: users }])
	else if (me)
		await edit_batch([{ op: 'put', path: `/users/${encodeURIComponent(me.name)}`, value: me }])
}

/** What the earlier import into this workspace added goes; the answer puts it back. */
async function take_back(id: string) {
	const mine = added.get(id) ?? []
	const gone = list_of<{ name: string }>(await read_candidate('/interfaces', []), 'interfaces').filter(one => mine.includes(one.name))
	const path = (name: string) => `/interfaces/${encodeURIComponent(name)}`
	if (gone.length)
		await edit_batch(gone.map(one => ({ op: 'delete', path: path(one.name) })))
	return gone.map(one => ({ op: 'put', path: path(one.name), value: one }))
}

/** afresh: what is pending is discarded before. Null: a document was taken, which has no account. */
export async function take_import(kind: Kind, files: File[], afresh = false): Promise<Account | null> {
	if (afresh)
		await discard()
	const { id } = await ensure_workspace()
	const body = new Blob(files.flatMap(file => [file, '\n']))
	if (kind === 'patronus') {
		await take_document(id, await body.text())
		added.delete(id)
		await after_edit()
		return null
	}
	const back = await take_back(id)
	const before = await interfaces()
	try {
		const answer = await patiently(() => call<Account>('POST', `/workspaces/${id}/import?format=${kind}`, { workspace: id, body, type: 'application/octet-stream' }))
		added.set(id, (await interfaces()).filter(name => !before.includes(name)))
		return answer.body
	} catch (error) {
		if (back.length)
			await edit_batch(back)
		throw error
	} finally {
		await after_edit()
	}
}
