// SPDX-License-Identifier: GPL-3.0-or-later
// What every page shares: who is signed in, the status of the box, the workspace being edited, the commit on trial.
import { batch, computed, signal } from '@preact/signals'
import { allow_reads, call, forget_reads, get, list_of, on_signed_out, patiently, post, Problem, set_csrf, words_of } from './api'
import { on_event, seed_counters, seed_interfaces, start_stream, stop_stream } from './live'
import { forget_preferences, read_preferences } from './preferences'
import { go } from './router'
import type { Commit, Session, Status, Workspace } from './types'
import { speak_to } from './words'

export const session = signal<Session | null | undefined>(undefined)	// undefined: not known yet
export const claimable = signal(false)
export const status = signal<Status | null>(null)
export const status_at = signal(0)
export const status_error = signal('')
export const workspace = signal<Workspace | null>(null)
export const workspace_edits = signal(0)		// goes up with each edit, so that pages may read again
export const running_edits = signal(0)			// goes up when another revision runs
export const trial = signal<Commit | null>(null)	// the commit that waits for confirmation
export const trial_until = signal(0)			// by our clock
export const trial_lost = signal(false)			// it is over, and nobody answers
export const outcome = signal<Commit | null>(null)	// the last commit that ended, until it is looked at
export const now = signal(Date.now())

/** What the session may do somewhere; the appliance judges each request again. */
export const may = (right: string) => session.value?.rights?.includes(right) ?? false
export const may_edit = computed(() => may('configuration:edit'))

/** Nobody has given this box an interface yet. */
const is_blank = (told: Status | null) => told?.interfaces?.every(row => !row.name) ?? false
export const blank = computed(() => is_blank(status.value))

export interface Toast {
	id: number
	tone: 'good' | 'bad' | 'note'
	text: string
	undo?: () => void
}

export const toasts = signal<Toast[]>([])
let next_toast = 1

export function toast(tone: Toast['tone'], text: string, undo?: () => void) {
	const id = next_toast++
	toasts.value = [...toasts.value.slice(-3), { id, tone, text, undo }]
	setTimeout(() => dismiss(id), tone === 'bad' ? 12_000 : 6000)
}

export function dismiss(id: number) {
	toasts.value = toasts.value.filter(one => one.id !== id)
}

export const complain = (error: unknown) => toast('bad', words_of(error))

/* ---- session ---- */

/* Whether this browser has been signed in: a stranger is not asked for a session that cannot be there. */
const KNOWN = 'patronus-known'

function remember(known: boolean) {
	try {
		known ? localStorage.setItem(KNOWN, 'yes') : localStorage.removeItem(KNOWN)
	} catch {
		// a browser that keeps nothing is asked each time
	}
}

function is_known() {
	try {
		return localStorage.getItem(KNOWN) !== null
	} catch {
		return true
	}
}

function enter(who: Session) {
	set_csrf(who.csrf)
	speak_to(who.user).catch(complain)
	remember(true)
	batch(() => {
		session.value = who
		claimable.value = false
	})
	start_stream()
	void refresh_status()
	void read_preferences()
	workspace_found = find_workspace()
}

/** Who comes in and asks for no page begins a box that is blank with its first start. */
async function admit(who: Session) {
	if (!location.hash && is_blank(await get<Status>('/status').catch(() => null)))
		go('setup')
	enter(who)
}

function leave() {
	stop_stream()
	set_csrf('')
	remember(false)
	forget_preferences()
	batch(() => {
		session.value = null
		status.value = null
		workspace.value = null
		trial.value = null
		outcome.value = null
	})
}

on_signed_out(leave)

/** Whoever comes from another address of the box brings a ticket, which is good once. */
async function go_on() {
	const [, ticket] = location.hash.match(/^#continue=([0-9a-f]{64})$/) ?? []
	if (!ticket)
		return false
	location.replace('#/pending')
	try {
		enter(await post<Session>('/session/continue', { ticket }))
		return true
	} catch {
		return false		// and signs in
	}
}

export async function begin() {
	if (await go_on())
		return
	if (is_known()) {
		try {
			enter(await get<Session>('/session'))
			return
		} catch (error) {
			if (!(error instanceof Problem) || error.status !== 401)
				status_error.value = words_of(error)
		}
	}
	try {
		claimable.value = (await get<{ claimable: boolean }>('/claim')).claimable
	} catch {
		claimable.value = false
	}
	session.value = null
}

export async function sign_in(user: string, password: string, otp?: string) {
	await admit(await post<Session>('/session', otp ? { user, password, otp } : { user, password }))
}

export async function claim(code: string, user: string, password: string, fullName: string) {
	const body: Record<string, string> = { code, user, password }
	if (fullName)
		body['full-name'] = fullName
	await admit(await post<Session>('/claim', body))
}

export async function sign_out() {
	stop_stream()
	forget_reads()		// what is under way would be told that nobody is signed in
	try {
		await call('DELETE', '/session')
	} catch {
		// the session is over for this tab in any case
	}
	leave()
	allow_reads()
}

/* ---- status ---- */

export async function refresh_status() {
	if (!session.value)
		return
	try {
		const next = await get<Status>('/status')
		seed_interfaces((next.interfaces ?? []).filter(row => row.name))
		seed_counters(next['top-rules'] ?? [])
		if (next.pending && !trial.value)
			void find_trial()
		batch(() => {
			if (status.value && status.value.revision !== next.revision)
				running_edits.value++
			status.value = next
			status_at.value = Date.now()
			status_error.value = ''
		})
	} catch (error) {
		status_error.value = words_of(error)
	}
}

/* ---- workspace ---- */

export let workspace_found: Promise<void> | undefined		// it has been looked for

/** The newest workspace of this person with changes is the one that goes on. */
async function find_workspace() {
	try {
		const mine = list_of<Workspace>(await get('/workspaces'), 'workspaces')
			.filter(one => one.owner === session.value?.user)
			.sort((a, b) => (b['created-at'] ?? '').localeCompare(a['created-at'] ?? ''))
		workspace.value = mine.find(one => one.changes > 0) ?? mine[0] ?? null
	} catch (error) {
		complain(error)
	}
}

export async function ensure_workspace() {
	if (!workspace.value)
		workspace.value = await post<Workspace>('/workspaces')
	return workspace.value
}

export async function adopt_workspace(next: Workspace) {
	const before = workspace.value
	workspace.value = next
	workspace_edits.value++
	if (before && before.id !== next.id)
		await call('DELETE', `/workspaces/${before.id}`).catch(() => {})
	await count_changes()
}

export async function count_changes() {
	const mine = workspace.value
	if (!mine)
		return
	try {
		const fresh = await get<Workspace>(`/workspaces/${mine.id}`)
		if (workspace.value?.id === mine.id)
			workspace.value = fresh
	} catch (error) {
		if (error instanceof Problem && error.status === 404)
			workspace.value = null
		else
			complain(error)
	}
}

/** One edit in the workspace: read the node for its ETag, write it, count again. */
export async function edit<T>(method: string, path: string, body?: unknown, options: { fresh?: boolean; etag?: string | null } = {}) {
	const { id } = await ensure_workspace()
	let ifMatch = options.etag ?? null
	if (!ifMatch && !options.fresh && method !== 'POST')
		ifMatch = (await call('GET', '/configuration' + path, { workspace: id })).etag
	const answer = await patiently(() => call<T>(method, '/configuration' + path, {
		workspace: id, body, ifMatch, ifNoneMatch: options.fresh && method === 'PUT' ? '*' : undefined }))
	workspace_edits.value++
	await count_changes()
	return answer
}

/** A node of the candidate, or what is said when there is none. */
export async function read_candidate<T>(path: string, otherwise: T): Promise<T> {
	try {
		return (await call<T | null>('GET', '/configuration' + path, { workspace: workspace.value?.id })).body ?? otherwise
	} catch (error) {
		if (error instanceof Problem && error.status === 404)		// nothing of it is there yet
			return otherwise
		throw error
	}
}

/** Several edits, all or none. */
export async function edit_batch(operations: unknown[]) {
	const { id } = await ensure_workspace()
	await patiently(() => call('POST', '/batch', { workspace: id, body: { operations } }))
	workspace_edits.value++
	await count_changes()
}

export async function discard() {
	const mine = workspace.value
	if (!mine)
		return
	await patiently(() => call('DELETE', `/workspaces/${mine.id}`))
	batch(() => {
		workspace.value = null
		workspace_edits.value++
	})
}

/* ---- commits ---- */

function take_commit(commit: Commit) {
	batch(() => {
		if (commit.state === 'awaiting-confirm') {
			const left = commit['confirm-seconds-left'] ??
				(Date.parse(commit['confirm-deadline'] ?? '') - Date.now()) / 1000
			trial_until.value = Date.now() + (Number.isFinite(left) ? left : 0) * 1000
			trial_end = trial_until.value
			trial_lost.value = false
			trial.value = commit
		} else {
			if (trial.value)
				outcome.value = commit
			trial.value = null
		}
		running_edits.value++
	})
}

let trial_end = Infinity		// by our clock, whatever is asked since then
const PATIENCE = 6000		// an address that has gone does not even refuse
const silence = () => new Promise<never>((_, fail) => setTimeout(() => fail(new Problem(0, {})), PATIENCE))

async function find_trial() {
	const known = trial.value
	try {
		take_commit(await Promise.race([get<Commit>('/commits/pending'), silence()]))
	} catch (error) {
		if (!(error instanceof Problem) || error.status !== 404) {
			trial_lost.value = known !== null && now.value > trial_end
			return
		}
		if (known)		// it ended while we did not listen
			take_commit(await get<Commit>(`/commits/${known.id}`))
	}
}

export async function commit(comment: string, confirmSeconds: number | null) {
	const mine = workspace.value
	if (!mine)
		return
	const body: Record<string, unknown> = { workspace: mine.id }
	if (comment)
		body.comment = comment
	if (confirmSeconds)
		body['confirm-timeout'] = confirmSeconds
	const done = await patiently(() => post<Commit>('/commits', body))
	workspace.value = null
	workspace_edits.value++
	take_commit(done)
	return done
}

export async function keep() {
	if (trial.value)
		take_commit(await post<Commit>(`/commits/${trial.value.id}/confirm`))
}

export async function go_back() {
	if (trial.value)
		take_commit(await post<Commit>(`/commits/${trial.value.id}/cancel`))
}

on_event('commits', (data: Commit & { workspace?: string; changes?: number }) => {
	if (data.state) {
		take_commit(data)
	} else if (data.workspace && data.workspace === workspace.value?.id && data.changes !== workspace.value.changes) {
		workspace.value = { ...workspace.value, changes: data.changes ?? 0 }
		workspace_edits.value++
	}
})
on_event('status', () => void refresh_status())
on_event('drift', () => void refresh_status())
on_event('open', () => {
	void refresh_status()
	if (trial.value)
		void find_trial()
})

setInterval(() => {
	if (!document.hidden) {
		now.value = Date.now()
		if (trial.value && now.value > trial_until.value + 2500) {
			trial_until.value = now.value + 5000
			void find_trial().then(refresh_status)
		}
	}
}, 500)
