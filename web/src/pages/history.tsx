// SPDX-License-Identifier: GPL-3.0-or-later
// Every revision with who and why; compare any two; take an old one as the start of new changes.
import '../css/changes.css'
import { useEffect, useState } from 'preact/hooks'
import { get, list_of, post, words_of } from '../core/api'
import { ago, date_time } from '../core/format'
import { go } from '../core/router'
import { adopt_workspace, may_edit, now, running_edits, status, toast, workspace } from '../core/store'
import type { Diff, Revision, Workspace } from '../core/types'
import { msg, t } from '../core/words'
import { Dialog } from '../ui/dialog'
import { DiffText, DiffTree, DiffView, TEXT_VIEWS } from '../ui/diff'
import { Icon, type IconName } from '../ui/icon'
import { Badge, Button, Card, Chips, Empty, Notice, PageHead, Segments, Skeleton } from '../ui/parts'

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
				<Segments label={t('word-view')} name="compare-view" value={view} onValue={set_view} options={[{ key: 'tree', text: t('word-objects'), icon: 'box' }, { key: 'text', text: t('word-text'), icon: 'log' }, ...TEXT_VIEWS.map(one => ({ ...one, text: t(one.text) }))]} />
				<Button small icon="x" kind="quiet" onClick={onClose}>{t('word-close')}</Button></>}>
			{error ? <Notice alert tone="bad" icon="alert" title={t('changes-they-cannot-be-compared')}><p>{error}</p></Notice>
				: TEXT_VIEWS.some(one => one.key === view) ? <DiffView path={`/revisions/${from}/diff/${to}`} view={view} /> : !diff ? <Skeleton lines={4} /> : view === 'tree' ? <DiffTree diff={diff} /> : <DiffText diff={diff} />}
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

/** What of a revision comes back: all of it, or what runs with some of its sections. */
function Restore({ number, running, onClose }: { number: number; running: number; onClose: () => void }) {
	const [differ, set_differ] = useState<string[] | null>(null)
	const [chosen, set_chosen] = useState<string[]>([])
	const [error, set_error] = useState('')
	const [busy, set_busy] = useState(false)
	const lost = workspace.value?.changes ?? 0
	useEffect(() => {
		get<Diff>(`/revisions/${running}/diff/${number}`).then(({ changes }) => {
			const found = [...new Set(changes.map(change => change.path.split('/')[1]))].sort()
			set_differ(found)
			set_chosen(found)
		}, problem => set_error(words_of(problem)))
	}, [])
	const is_whole = chosen.length === (differ?.length ?? 0)
	const restore = async () => {
		set_busy(true)
		try {
			await adopt_workspace(await post<Workspace>(`/revisions/${number}/restore`, is_whole ? {} : { sections: chosen }))
			toast('good', is_whole ? t('changes-revision-is-in-the-pending', { number: String(number) }) : t('changes-sections-are-in-the-pending', { number: String(number), sections: chosen.join(', ') }))
			go('pending')
		} catch (problem) {
			set_busy(false)
			set_error(words_of(problem))
		}
	}
	return (
		<Dialog title={t('changes-restore-title', { number: String(number) })} lead={t('changes-restore-lead')} onClose={onClose} onSubmit={() => void restore()}
			actions={<><Button onClick={onClose}>{lost ? t('word-keep-them') : t('word-cancel')}</Button>
				<Button kind={lost ? 'danger' : 'primary'} type="submit" icon="undo" busy={busy} data-autofocus disabled={!differ && !error || differ !== null && differ.length > 0 && !chosen.length}>
					{lost ? t('changes-replace-by-revision', { number: String(number) }) : t('word-restore')}</Button></>}>
			{error && <Notice alert tone="bad" icon="alert" title={error} />}
			{lost > 0 && <Notice tone="warn" icon="alert" title={t('changes-would-be-lost', { count: lost })} />}
			{!differ && !error && <Skeleton lines={2} />}
			{differ?.length === 0 && <Notice tone="note" icon="info" title={t('changes-nothing-differs')} />}
			{differ && differ.length > 0 && <Chips label={t('changes-sections-that-differ')} name="sections" options={differ} chosen={chosen} onChosen={set_chosen}
				hint={is_whole ? t('changes-all-of-them') : t('changes-some-of-them')} />}
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
								{may_edit.value && !current && <Button small icon="undo" aria-label={t('changes-restore-revision', { number: String(row.number) })} onClick={() => set_wanted_back(row.number)}>{t('word-restore')}</Button>}
							</span>
						</li>
					)
				})}
			</ol>}
			{next && <Button onClick={() => void read(next)}>{t('changes-older-revisions')}</Button>}
			{shown !== null && <Document number={shown} onClose={() => set_shown(null)} />}
			{wanted_back !== null && running !== undefined && <Restore number={wanted_back} running={running} onClose={() => set_wanted_back(null)} />}
		</div>
	)
}
