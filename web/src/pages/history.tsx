// SPDX-License-Identifier: GPL-3.0-or-later
// Every revision with who and why; compare any two; take an old one as the start of new changes.
import '../css/changes.css'
import { useEffect, useState } from 'preact/hooks'
import { get, list_of, post, words_of } from '../core/api'
import { ago, date_time } from '../core/format'
import { go } from '../core/router'
import { adopt_workspace, complain, may_edit, now, running_edits, status, toast, workspace } from '../core/store'
import type { Diff, Revision, Workspace } from '../core/types'
import { msg, t } from '../core/words'
import { Dialog } from '../ui/dialog'
import { DiffText, DiffTree } from '../ui/diff'
import { Icon, type IconName } from '../ui/icon'
import { Badge, Button, Card, Empty, Notice, PageHead, Segments, Skeleton } from '../ui/parts'

const STATES: Record<Revision['state'], [string, 'good' | 'warn' | 'plain', IconName]> = {
	kept: [msg('changes-kept'), 'plain', 'check'], pending: [msg('changes-on-trial'), 'warn', 'clock'], 'rolled-back': [msg('changes-taken-back'), 'warn', 'undo'],
}

function Compare({ from, to, onClose }: { from: number; to: number; onClose: () => void }) {
	const [diff, set_diff] = useState<Diff | null>(null)
	const [error, set_error] = useState('')
	const [view, set_view] = useState('tree')
	useEffect(() => {
		let wanted = true
		set_diff(null)
		set_error('')
		get<Diff>(`/revisions/${from}/diff/${to}`).then(next => wanted && set_diff(next), problem => wanted && set_error(words_of(problem)))
		return () => { wanted = false }
	}, [from, to])
	return (
		<Card title={t('changes-from-revision-to', { from: String(from), to: String(to) })} icon="swap" class="compare" actions={<>
				<Segments label={t('word-view')} name="compare-view" value={view} onValue={set_view} options={[{ key: 'tree', text: t('word-objects'), icon: 'box' }, { key: 'text', text: t('word-text'), icon: 'log' }]} />
				<Button small icon="x" kind="quiet" onClick={onClose}>{t('word-close')}</Button></>}>
			{error ? <Notice alert tone="bad" icon="alert" title={t('changes-they-cannot-be-compared')}><p>{error}</p></Notice>
				: !diff ? <Skeleton lines={4} /> : view === 'tree' ? <DiffTree diff={diff} /> : <DiffText diff={diff} />}
		</Card>
	)
}

function Document({ number, onClose }: { number: number; onClose: () => void }) {
	const [text, set_text] = useState<string | null>(null)
	useEffect(() => {
		get<unknown>(`/revisions/${number}/configuration`, { accept: 'application/yaml' })
			.then(body => set_text(typeof body === 'string' ? body : JSON.stringify(body, null, '  ')), error => set_text(words_of(error)))
	}, [number])
	return (
		<Dialog wide title={t('changes-revision', { number: String(number) })} lead={t('changes-the-whole-configuration-as-a')} onClose={onClose}>
			{text === null ? <Skeleton lines={8} /> : <pre class="document" tabIndex={0} aria-label={t('changes-configuration-of-revision', { number: String(number) })}>{text}</pre>}
		</Dialog>
	)
}

export default function History() {
	const [rows, set_rows] = useState<Revision[] | null>(null)
	const [next, set_next] = useState<string | null>(null)
	const [error, set_error] = useState('')
	const [chosen, set_chosen] = useState<number[]>([])
	const [shown, set_shown] = useState<number | null>(null)
	const [wanted_back, set_wanted_back] = useState<number | null>(null)
	const runs = running_edits.value
	const running = status.value?.revision

	const read = async (cursor?: string) => {
		try {
			const body = await get<{ next?: string | number }>(`/revisions?limit=50${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`)
			const more = list_of<Revision>(body, 'revisions')
			set_rows(before => cursor ? [...before ?? [], ...more] : more)
			set_next(body.next === undefined || body.next === null ? null : String(body.next))
			set_error('')
		} catch (problem) {
			set_error(words_of(problem))
		}
	}
	useEffect(() => void read(), [runs])

	const restore = async (number: number) => {
		set_wanted_back(null)
		try {
			await adopt_workspace(await post<Workspace>(`/revisions/${number}/restore`))
			toast('good', t('changes-revision-is-in-the-pending', { number: String(number) }))
			go('pending')
		} catch (problem) {
			complain(problem)
		}
	}
	const ask = (number: number) => workspace.value?.changes ? set_wanted_back(number) : void restore(number)
	const choose = (number: number, on: boolean) => set_chosen(before => on ? [...before, number].slice(-2) : before.filter(one => one !== number))
	const pair = [...chosen].sort((a, b) => a - b)

	return (
		<div class="page">
			<PageHead title={t('changes-history')} lead={chosen.length === 1 ? t('changes-choose-another-revision-to-compare') : t('changes-choose-two-revisions-to-compare')} />
			{error && <Notice alert tone="bad" icon="unlink" title={t('changes-the-history-cannot-be-read')}><p>{error}</p></Notice>}
			{!rows && !error && <Skeleton lines={8} />}
			{pair.length === 2 && <Compare from={pair[0]} to={pair[1]} onClose={() => set_chosen([])} />}
			{rows && rows.length === 0 && <Card><Empty icon="history" title={t('changes-no-revision-yet')} /></Card>}
			{rows && rows.length > 0 && <ol class="revisions" aria-label={t('changes-revisions-newest-first')}>
				{rows.map(row => {
					const [word, tone, icon] = STATES[row.state] ?? [row.state, 'plain', 'info']
					const current = row.number === running
					return (
						<li key={row.number} class={`revision${current ? ' revision-current' : ''}${chosen.includes(row.number) ? ' revision-chosen' : ''}`}>
							<label class="revision-choice"><input type="checkbox" checked={chosen.includes(row.number)} onChange={event => choose(row.number, event.currentTarget.checked)} />
								<span class="unseen">{t('changes-choose-revision-to-compare', { number: String(row.number) })}</span></label>
							<span class="revision-number">{row.number}</span>
							<div class="revision-text">
								<p class="revision-comment">{row.comment || <span class="soft">{t('changes-no-comment')}</span>}</p>
								<p class="revision-by"><Icon name="user" size={14} />{row.author || t('word-appliance')}{row.origin && row.origin !== 'local' && <span title={row.origin}>{t('changes-from-2', { value: row.origin.replace(/^\[?(.+?)\]?:\d+$/, '$1') })}</span>}
									<time dateTime={row['created-at']} title={row['created-at']}>{date_time(row['created-at'])}, {ago(row['created-at'], now.value)}</time></p>
							</div>
							<span class="revision-state">{current && row.state === 'kept' ? <Badge tone="good" icon="shield">{t('changes-in-force')}</Badge> : <Badge tone={tone} icon={icon}>{t(word)}</Badge>}</span>
							<span class="revision-acts">
								<Button small kind="quiet" icon="log" aria-label={t('changes-show-revision', { number: String(row.number) })} onClick={() => set_shown(row.number)}>{t('changes-show')}</Button>
								{row.parent !== undefined && row.parent > 0 && <Button small kind="quiet" icon="swap" aria-label={t('changes-what-changed-in-revision', { number: String(row.number) })} onClick={() => set_chosen([row.parent ?? 0, row.number])}>{t('changes-changes')}</Button>}
								{may_edit.value && !current && <Button small icon="undo" aria-label={t('changes-restore-revision', { number: String(row.number) })} onClick={() => ask(row.number)}>{t('word-restore')}</Button>}
							</span>
						</li>
					)
				})}
			</ol>}
			{next && <Button onClick={() => void read(next)}>{t('changes-older-revisions')}</Button>}
			{shown !== null && <Document number={shown} onClose={() => set_shown(null)} />}
			{wanted_back !== null && <Dialog title={t('changes-replace-the-pending-changes')} lead={t('changes-would-be-lost', { count: workspace.value?.changes ?? 0 })} onClose={() => set_wanted_back(null)}
				actions={<><Button data-autofocus onClick={() => set_wanted_back(null)}>{t('word-keep-them')}</Button>
					<Button kind="danger" icon="undo" onClick={() => void restore(wanted_back)}>{t('changes-replace-by-revision', { number: String(wanted_back) })}</Button></>} />}
		</div>
	)
}
