// SPDX-License-Identifier: GPL-3.0-or-later
// A commit that takes the address of this page away, and its way back: where the page goes on, and how the session comes along.
import { call, get, list_of, post } from './api'
import { go_back, read_candidate, workspace } from './store'
import type { Commit, Diff, Revision } from './types'

interface Link {
	name: string
	addresses?: string | string[]
}

const bare = (text: string) => text.split('/')[0]
const addresses_of = (link?: Link) => [link?.addresses ?? []].flat().map(bare)
const read_running = <T>(path: string, otherwise: T) => call<T | null>('GET', '/configuration' + path).then(answer => answer.body ?? otherwise, () => otherwise)

/** Whether what is pending is about links, or about the page's own port: nothing else moves it. */
const may_move = () => get<Diff>(`/workspaces/${workspace.value?.id ?? ''}/diff`).then(diff => diff.changes.some(one => /^\/(interfaces|management)/.test(one.path)))

interface Web {
	port?: number
}

const running_links = () => read_running<Link[]>('/interfaces', [])
const running_web = () => read_running<Web>('/management/web', {})

/** What the address of this page is when those links and that port follow the present ones: "" when it stays as it is, or is none that the configuration knows. */
function origin_after(links: Link[], next: Link[], web: Web, next_web: Web) {
	const here = location.hostname.replace(/^\[|\]$/g, '')
	const mine = links.find(link => addresses_of(link).includes(here))
	const stays = !mine || next.some(link => addresses_of(link).includes(here))
	const host = stays ? here : addresses_of(next.find(link => link.name === mine.name)).find(one => one.includes(':') === here.includes(':'))
	const port = web.port && next_web.port && web.port !== next_web.port && String(web.port) === location.port ? next_web.port : location.port
	const origin = host && `${location.protocol}//${host.includes(':') ? `[${host}]` : host}${port ? `:${port}` : ''}`
	return !origin || origin === location.origin ? '' : origin
}

/** Where the page will be after the commit of what is pending. */
export async function next_origin() {
	if (!await may_move())
		return ''
	const [links, next, web, next_web] = await Promise.all([running_links(), read_candidate<Link[]>('/interfaces', []), running_web(), read_candidate<Web>('/management/web', {}).catch(() => ({} as Web))])
	return origin_after(links, next, web, next_web)
}

/** Where the page will be when a commit on trial is taken back; who may not read the past does not learn it. */
export async function previous_origin(commit: Commit) {
	const { parent } = await get<Revision>(`/revisions/${commit.revision}`)
	if (!parent)
		return ''
	const [links, web, before] = await Promise.all([running_links(), running_web(), get<{ management?: { web?: Web } }>(`/revisions/${parent}/configuration`)])
	return origin_after(links, list_of<Link>(before, 'interfaces'), web, before.management?.web ?? {})
}

const SILENCE = 8000		// so long an answer may take that comes by the old address

/** Make the commit, or take it back, and go on there. The answer does not come when the old address is gone already; a refusal comes, and the page stays. */
export async function commit_and_follow(origin: string, commit: () => Promise<unknown>) {
	const { ticket } = await post<{ ticket: string }>('/session/handover')
	const lost = (error: unknown) => {
		if ((error as { status?: number }).status !== 0)
			throw error
	}
	await Promise.race([commit().catch(lost), new Promise(done => setTimeout(done, SILENCE))])
	location.assign(`${origin}/#continue=${ticket}`)
}

/** Take the commit on trial back, at whose address the page is. */
export const go_back_and_follow = (origin: string) => origin ? commit_and_follow(origin, go_back) : go_back()

/** The trial ended while nobody could be asked: the cookie of the address before is there still. */
export const follow_back = (origin: string) => location.assign(`${origin}/#/pending`)
