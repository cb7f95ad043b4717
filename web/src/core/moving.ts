// SPDX-License-Identifier: GPL-3.0-or-later
// A commit that takes the address of this page away: where it goes on, and how the session comes along.
import { call, get, post } from './api'
import { read_candidate, workspace } from './store'
import type { Diff } from './types'

interface Link {
	name: string
	addresses?: string | string[]
}

const bare = (text: string) => text.split('/')[0]
const addresses_of = (link?: Link) => [link?.addresses ?? []].flat().map(bare)
const read_running = <T>(path: string, otherwise: T) => call<T | null>('GET', '/configuration' + path).then(answer => answer.body ?? otherwise, () => otherwise)

/** Whether what is pending is about links, or about the page's own port: nothing else moves it. */
const may_move = () => get<Diff>(`/workspaces/${workspace.value?.id ?? ''}/diff`).then(diff => diff.changes.some(one => /^\/(interfaces|management)/.test(one.path)))

/** What the address of the page will be: "" when it stays as it is, or is none that the configuration knows. */
export async function next_origin() {
	if (!await may_move())
		return ''
	const here = location.hostname.replace(/^\[|\]$/g, '')
	const [links, next, web, next_web] = await Promise.all([read_running<Link[]>('/interfaces', []), read_candidate<Link[]>('/interfaces', []),
		read_running<{ port?: number }>('/management/web', {}), read_candidate<{ port?: number }>('/management/web', {}).catch(() => ({} as { port?: number }))])
	const mine = links.find(link => addresses_of(link).includes(here))
	const stays = !mine || next.some(link => addresses_of(link).includes(here))
	const host = stays ? here : addresses_of(next.find(link => link.name === mine.name)).find(one => one.includes(':') === here.includes(':'))
	const port = web.port && next_web.port && web.port !== next_web.port && String(web.port) === location.port ? next_web.port : location.port
	const origin = host && `${location.protocol}//${host.includes(':') ? `[${host}]` : host}${port ? `:${port}` : ''}`
	return !origin || origin === location.origin ? '' : origin
}

const SILENCE = 8000		// so long an answer may take that comes by the old address

/** Make the commit and go on there. The answer does not come when the old address is gone already; a refusal comes, and the page stays. */
export async function commit_and_follow(origin: string, commit: () => Promise<unknown>) {
	const { ticket } = await post<{ ticket: string }>('/session/handover')
	const lost = (error: unknown) => {
		if ((error as { status?: number }).status !== 0)
			throw error
	}
	await Promise.race([commit().catch(lost), new Promise(done => setTimeout(done, SILENCE))])
	location.assign(`${origin}/#continue=${ticket}`)
}
