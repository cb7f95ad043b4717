// SPDX-License-Identifier: GPL-3.0-or-later
// Objects that two people changed, as they were, as this person has them and as they run now. One decides for each, and nothing is overwritten unseen.
import '../css/settings.css'
import '../css/diff.css'
import { useState } from 'preact/hooks'
import { patiently, post, Problem, words_of } from '../core/api'
import { ago, plain } from '../core/format'
import { now, toast, workspace, workspace_edits } from '../core/store'
import type { Revision, Workspace } from '../core/types'
import { t, T } from '../core/words'
import { Badge, Button, Card, Notice, Segments } from './parts'

type Side = 'ours' | 'theirs'

export interface Conflict {
	path: string
	base: unknown
	ours: unknown
	theirs: unknown
}

export interface Clash {
	conflicts: Conflict[]
	revisions: Revision[]
}

/** What a refusal says about conflicts; null when it is about something else. */
export function clash_of(problem: unknown): Clash | null {
	if (!(problem instanceof Problem) || problem.status !== 409 || !Array.isArray(problem.body.conflicts))
		return null
	return { conflicts: problem.body.conflicts as Conflict[], revisions: Array.isArray(problem.body.revisions) ? problem.body.revisions as Revision[] : [] }
}

/** Brings the changes onto what runs; answers the conflicts when there are any. */
export async function rebase(id: string, resolutions?: { path: string; take: Side }[]): Promise<Clash | null> {
	try {
		const moved = await patiently(() => post<Workspace>(`/workspaces/${id}/${resolutions ? 'resolve' : 'rebase'}`, resolutions ? { resolutions } : {}))
		workspace.value = moved
		workspace_edits.value++
		return null
	} catch (problem) {
		const clash = clash_of(problem)
		if (!clash)
			throw problem
		return clash
	}
}

const members = (value: unknown) => value && typeof value === 'object' && !Array.isArray(value) ? value as Record<string, unknown> : { '': value }

/** The members of an object that are not the same on all three sides, or all of them when it is new or gone. */
function lines_of({ base, ours, theirs }: Conflict) {
	const sides = [base, ours, theirs].map(side => side === null || side === undefined ? {} : members(side))
	const names = [...new Set(sides.flatMap(side => Object.keys(side)))]
	return names.filter(name => new Set(sides.map(side => JSON.stringify(side[name]))).size > 1)
}

function Column({ title, value, names, base, chosen }: { title: string; value: unknown; names: string[]; base: unknown; chosen?: boolean }) {
	const is_there = value !== null && value !== undefined
	const mine = is_there ? members(value) : {}
	const old = base === null || base === undefined ? {} : members(base)
	return (
		<div class={`side-column${chosen ? ' side-chosen' : ''}`}>
			<h4>{title}</h4>
			{!is_there ? <p class="soft">{t('conflict-not-there')}</p> : names.map(name => (
				<p key={name} class={JSON.stringify(mine[name]) === JSON.stringify(old[name]) ? 'side-line' : 'side-line side-changed'}>
					{name && <span class="diff-key">{name}</span>} <span class="any-text">{plain(mine[name])}</span></p>
			))}
		</div>
	)
}

function One({ conflict, take, onTake }: { conflict: Conflict; take: Side | undefined; onTake: (take: Side) => void }) {
	const names = lines_of(conflict)
	const place = conflict.path.split('/').filter(Boolean)
	return (
		<li class="conflict" aria-label={conflict.path}>
			<div class="conflict-head">
				<h3><span class="soft">{place.slice(0, -1).join(' › ')}{place.length > 1 ? ' › ' : ''}</span>{place.at(-1)}</h3>
				<Segments label={t('conflict-take', { path: conflict.path })} name={`take-${conflict.path}`} value={take ?? ''} onValue={value => onTake(value as Side)}
					options={[{ key: 'ours', text: t('conflict-mine'), icon: 'user' }, { key: 'theirs', text: t('conflict-theirs'), icon: 'shield' }]} />
			</div>
			<div class="sides">
				<Column title={t('conflict-base')} value={conflict.base} names={names} base={conflict.base} />
				<Column title={t('conflict-mine')} value={conflict.ours} names={names} base={conflict.base} chosen={take === 'ours'} />
				<Column title={t('conflict-theirs')} value={conflict.theirs} names={names} base={conflict.base} chosen={take === 'theirs'} />
			</div>
		</li>
	)
}

export function Conflicts({ clash, id, onDone, onLater }: { clash: Clash; id: string; onDone: (again: Clash | null) => void; onLater: () => void }) {
	const [taken, set_taken] = useState<Record<string, Side>>({})
	const [busy, set_busy] = useState(false)
	const [error, set_error] = useState('')
	const left = clash.conflicts.filter(one => !taken[one.path]).length
	const all = (take: Side) => set_taken(Object.fromEntries(clash.conflicts.map(one => [one.path, take])))
	const resolve = async () => {
		set_busy(true)
		set_error('')
		try {
			const again = await rebase(id, clash.conflicts.map(one => ({ path: one.path, take: taken[one.path] })))
			if (!again)
				toast('good', t('conflict-resolved'))
			onDone(again)
		} catch (problem) {
			set_error(words_of(problem))
		}
		set_busy(false)
	}
	return (
		<Card title={t('conflict-title', { count: clash.conflicts.length })} icon="swap" class="conflicts" actions={<>
				<Button small onClick={() => all('ours')}>{t('conflict-all-mine')}</Button><Button small onClick={() => all('theirs')}>{t('conflict-all-theirs')}</Button></>}>
			{clash.revisions.map(row => <p key={row.number} class="conflict-who"><Badge icon="user">{row.author || t('word-appliance')}</Badge>{' '}
				<T id="conflict-who" args={{ revision: String(row.number), ago: ago(row['created-at'], now.value) }} parts={{ comment: <q>{row.comment || t('changes-no-comment')}</q> }} /></p>)}
			{error && <Notice alert tone="bad" icon="alert" title={error} />}
			<ul class="conflict-list">{clash.conflicts.map(one => <One key={one.path} conflict={one} take={taken[one.path]} onTake={take => set_taken({ ...taken, [one.path]: take })} />)}</ul>
			<div class="form-foot">
				<Button kind="primary" icon="check" busy={busy} disabled={left > 0} onClick={() => void resolve()}>{t('conflict-resolve')}</Button>
				<Button onClick={onLater}>{t('conflict-later')}</Button>
				<span class="soft" role="status">{left > 0 ? t('conflict-left', { count: left }) : t('conflict-none-left')}</span>
			</div>
		</Card>
	)
}
