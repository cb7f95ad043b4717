// SPDX-License-Identifier: GPL-3.0-or-later
// What has been edited but is not in force: look at it, have it judged, commit it or throw it away.
import '../css/changes.css'
import { useEffect, useState } from 'preact/hooks'
import { get, patiently, post, Problem, words_of } from '../core/api'
import { useErrorLinks } from '../core/error-links'
import { ago } from '../core/format'
import { commit_and_follow, next_origin } from '../core/moving'
import { commit, complain, discard, may_edit, now, outcome, status, toast, trial, workspace, workspace_edits } from '../core/store'
import type { Diff, FieldError, Impact, Judgement, Plan } from '../core/types'
import { msg, t, T } from '../core/words'
import { Dialog } from '../ui/dialog'
import { clash_of, Conflicts, rebase, type Clash } from '../ui/conflicts'
import { DiffText, DiffTree, DiffView, TEXT_VIEWS } from '../ui/diff'
import { Icon, type IconName } from '../ui/icon'
import { Badge, Button, Card, Empty, ErrorSummary, Notice, PageHead, Segments, SelectField, Skeleton, Switch, TextField } from '../ui/parts'
import { ImpactCard } from './pending-impact'

const IMPACTS: Record<string, [string, 'good' | 'note' | 'warn' | 'bad', IconName]> = {
	hot: [msg('changes-hot'), 'good', 'check'], reload: [msg('changes-reload'), 'note', 'history'], restart: [msg('changes-restart'), 'warn', 'history'],
	disconnect: [msg('changes-disconnect'), 'bad', 'unlink'],
}

const IMPACTS_SHOWN = 8

/** What hurts comes first, each kind said once, and the rest in one line: the whole of it is in the plan. */
function Impacts({ rows }: { rows: Impact[] }) {
	const order = ['disconnect', 'restart', 'reload', 'hot']
	const shown = [...rows].sort((a, b) => order.indexOf(a.impact) - order.indexOf(b.impact)).slice(0, IMPACTS_SHOWN)
	if (!rows.length)
		return null
	return (
		<ul class="impacts" aria-label={t('changes-what-it-will-do')}>
			{rows.length > shown.length && <li>{t('changes-objects-first', { count: rows.length, shown: shown.length })}</li>}
			{[...new Set(shown.map(row => row.impact))].map(kind => {
				const [text, tone, icon] = IMPACTS[kind] ?? [kind, 'plain', 'info']
				return (
					<li key={kind}>
						<Badge tone={tone} icon={icon}>{t(text)}</Badge>
						<ul>{shown.filter(row => row.impact === kind).map((row, at) => <li key={at}>{row.text} <small class="soft">{row.owner}</small></li>)}</ul>
					</li>
				)
			})}
		</ul>
	)
}

/** Whose connection to the box ends with it. */
function Sessions({ rows }: { rows: Judgement[] }) {
	const cut = rows.filter(row => row.verdict === 'cut')
	if (!cut.length)
		return null
	const mine = cut.find(row => row.yours)
	return (
		<Notice tone={mine ? 'bad' : 'warn'} icon="unlink" title={mine ? t('changes-it-cuts-your-own-connection') : t('changes-sessions-will-end', { count: cut.length })}>
			<ul class="impacts" aria-label={t('changes-sessions-that-end')}>
				{cut.map((row, at) => <li key={at}><span><T id="changes-from" args={{ origin: row.origin, text: row.text }} parts={{ user: <b>{row.user}</b> }} />{row.yours && row.remedy && <small class="soft"> {t('changes-keep-connection', { remedy: row.remedy })}</small>}</span></li>)}
			</ul>
		</Notice>
	)
}

export interface Verdict {
	errors: FieldError[]
	impact: Impact[]
	sessions: Judgement[]
	plan: string
	title: string
}

export async function judge(id: string): Promise<Verdict> {
	try {
		const body = await patiently(() => post<Plan>(`/workspaces/${id}/validate`), () => workspace.value?.id === id)
		return { errors: [], impact: body.impact ?? [], sessions: body.sessions ?? [], plan: body.plan ?? '', title: '' }
	} catch (problem) {
		if (problem instanceof Problem && problem.status === 422)
			return { errors: problem.errors.length ? problem.errors : [{ text: problem.words }], impact: [], sessions: [], plan: '', title: problem.message }
		throw problem
	}
}

const TIMES: [string, string][] = [['30', msg('changes-30-seconds')], ['60', msg('changes-1-minute')], ['90', msg('changes-90-seconds')], ['300', msg('changes-5-minutes')], ['600', msg('changes-10-minutes')]]

export function CommitDialog({ changes, verdict, why = '', onClose, onClash }: { changes: number; verdict: Verdict | null; why?: string; onClose: () => void; onClash: (clash: Clash) => void }) {
	const [comment, set_comment] = useState(why)
	const [confirm, set_confirm] = useState(true)
	const [seconds, set_seconds] = useState('90')
	const [busy, set_busy] = useState(false)
	const [failed, set_failed] = useState<unknown>(null)
	const [onward, set_onward] = useState('')
	const problem = failed instanceof Problem ? failed : null
	const link_of = useErrorLinks()
	useEffect(() => void next_origin().then(set_onward, () => {}), [])

	const submit = async () => {
		set_busy(true)
		set_failed(null)
		try {
			const send = () => commit(comment.trim(), confirm ? Number(seconds) : null)
			if (onward) {
				await commit_and_follow(onward, send)
				return
			}
			const done = await send()
			onClose()
			if (done?.state === 'kept')
				toast('good', t('changes-revision-is-in-force', { revision: String(done.revision) }))
		} catch (error) {
			set_busy(false)
			const clash = clash_of(error)
			clash ? onClash(clash) : set_failed(error)
		}
	}
	return (
		<Dialog title={t('changes-commit-n', { count: changes })} lead={t('changes-all-of-it-or-nothing')} onClose={onClose} onSubmit={() => void submit()}
			actions={<><Button onClick={onClose}>{t('changes-not-yet')}</Button><Button kind="primary" type="submit" icon="check" busy={busy}>{busy ? t('changes-committing') : t('word-commit')}</Button></>}>
			{failed !== null && (problem?.errors.length
				? <ErrorSummary title={problem.detail || problem.message} errors={problem.errors} linkOf={link_of} />
				: <Notice alert tone="bad" icon="alert" title={problem?.message ?? t('changes-the-commit-failed')}>
					<p>{words_of(failed)}</p>
				</Notice>)}
			{onward && <Notice tone="warn" icon="route" title={t('changes-page-moves', { address: onward })}><p>{t('changes-page-moves-more')}</p></Notice>}
			<Sessions rows={(verdict?.sessions ?? []).filter(row => !onward || !row.yours)} />
			<Impacts rows={verdict?.impact ?? []} />
			{verdict?.plan && <details class="plan"><summary><Icon name="right" size={16} />{t('changes-the-whole-plan')}</summary><DiffText diff={{ changes: [], text: verdict.plan }} /></details>}
			<TextField label={t('word-comment')} name="comment" value={comment} onValue={set_comment} maxLength={255} data-autofocus placeholder={t('changes-why-in-a-few-words')}
				hint={t('changes-the-history-shows-it-for')} />
			<Switch label={t('changes-ask-me-afterwards-whether-it')} hint={t('changes-without-your-answer-the-box')} on={confirm} onChange={set_confirm} />
			{confirm && <SelectField label={t('changes-time-to-answer')} name="seconds" value={seconds} onValue={set_seconds} options={TIMES.map(([key, text]) => [key, t(text)])} />}
		</Dialog>
	)
}

export default function Pending() {
	const [diff, set_diff] = useState<Diff | null>(null)
	const [verdict, set_verdict] = useState<Verdict | null>(null)
	const [error, set_error] = useState('')
	const [view, set_view] = useState('tree')
	const [asking, set_asking] = useState<'commit' | 'discard' | null>(null)
	const [busy, set_busy] = useState(false)
	const [moving, set_moving] = useState(false)
	const [clash, set_clash] = useState<Clash | null>(null)
	const link_of = useErrorLinks()
	const home = workspace.value
	const edits = workspace_edits.value

	useEffect(() => {
		let wanted = true
		set_verdict(null)
		if (!home?.changes) {
			set_diff(null)
			return
		}
		get<Diff>(`/workspaces/${home.id}/diff`).then(next => {
			if (wanted) {
				set_diff(next)
				set_error('')
			}
		}, problem => wanted && set_error(words_of(problem)))
		judge(home.id).then(next => wanted && set_verdict(next), problem => wanted && set_error(words_of(problem)))
		return () => { wanted = false }
	}, [home?.id, home?.changes, edits])

	if (!home?.changes) {
		return (
			<div class="page">
				<PageHead title={t('changes-pending-changes')} />
				<Card><Empty icon={outcome.value?.state === 'kept' ? 'shield' : 'check'} title={trial.value ? t('changes-revision-is-on-trial', { revision: String(trial.value.revision) }) : t('changes-nothing-is-pending')}>
					<p>{trial.value ? t('changes-keep-it-or-go-back')
						: t('changes-revision-is-in-force-what', { revision: String(status.value?.revision ?? '') })}</p>
					<p class="empty-actions"><a class="button button-plain" href="#/rules">{t('changes-firewall-rules')}</a> <a class="button button-plain" href="#/history">{t('changes-history')}</a></p>
				</Empty></Card>
			</div>
		)
	}
	const bring = async () => {
		set_moving(true)
		try {
			set_clash(await rebase(home.id))
		} catch (problem) {
			complain(problem)
		}
		set_moving(false)
	}
	const again = async () => {
		set_busy(true)
		await judge(home.id).then(set_verdict, complain)
		set_busy(false)
	}
	return (
		<div class="page">
			<PageHead title={t('changes-pending-changes')} lead={home['created-at'] ? t('changes-lead-begun', { count: home.changes, base: String(home.base), ago: ago(home['created-at'], now.value) }) : t('changes-lead', { count: home.changes, base: String(home.base) })}>
				{may_edit.value && <>
					<Button icon="trash" kind="quiet" onClick={() => set_asking('discard')}>{t('word-discard')}</Button>
					<Button icon="shield" busy={busy} onClick={() => void again()}>{t('word-validate')}</Button>
					<Button icon="check" kind="primary" disabled={error ? false : verdict === null || verdict.errors.length > 0} onClick={() => set_asking('commit')}>{t('word-commit')}</Button>
				</>}
			</PageHead>
			{error && <Notice alert tone="bad" icon="unlink" title={t('changes-the-changes-cannot-be-read')}><p>{error}</p></Notice>}
			{verdict && verdict.errors.length > 0 && <ErrorSummary title={t('changes-things-first', { count: verdict.errors.length })} errors={verdict.errors} linkOf={link_of} />}
			{verdict && verdict.errors.length === 0 && <Notice tone="good" icon="shield" title={t('changes-valid-the-appliance-can-do')}><Impacts rows={verdict.impact} /></Notice>}
			{verdict && <Sessions rows={verdict.sessions} />}
			{clash ? <Conflicts key={clash.conflicts.map(one => one.path).join()} clash={clash} id={home.id} onDone={set_clash} onLater={() => set_clash(null)} />
				: home.base !== status.value?.revision && status.value && !trial.value && <Notice tone="warn" icon="info" title={t('conflict-moved', { revision: String(status.value.revision) })}
					actions={may_edit.value && <Button icon="swap" busy={moving} onClick={() => void bring()}>{t('conflict-bring', { revision: String(status.value.revision) })}</Button>}>
					<p>{t('conflict-moved-more', { base: String(home.base) })}</p></Notice>}
			<Card title={t('changes-what-changes')} icon="pending" actions={<Segments label={t('word-view')} name="view" value={view} onValue={set_view}
				options={[{ key: 'tree', text: t('word-objects'), icon: 'box' }, { key: 'text', text: t('word-text'), icon: 'log' }, ...TEXT_VIEWS.map(one => ({ ...one, text: t(one.text) })), { key: 'plan', text: t('changes-plan'), icon: 'play' }]} />}>
				{TEXT_VIEWS.some(one => one.key === view) ? <DiffView path={`/workspaces/${home.id}/diff`} view={view} of={`${home.changes} ${edits}`} />
					: !diff || (view === 'plan' && !verdict) ? <Skeleton lines={5} /> : view === 'tree' ? <DiffTree diff={diff} />
					: <DiffText diff={view === 'plan' ? { changes: [], text: verdict?.plan ?? '' } : diff} />}
			</Card>
			{verdict && verdict.errors.length === 0 && <ImpactCard id={home.id} />}
			{asking === 'commit' && <CommitDialog changes={home.changes} verdict={verdict} onClose={() => set_asking(null)}
				onClash={found => { set_asking(null); set_clash(found) }} />}
			{asking === 'discard' && <Dialog title={t('changes-discard-n', { count: home.changes })} lead={t('changes-they-are-gone-for-good')} onClose={() => set_asking(null)}
				actions={<><Button data-autofocus onClick={() => set_asking(null)}>{t('word-keep-them')}</Button>
					<Button kind="danger" icon="trash" onClick={() => {
						set_asking(null)
						discard().then(() => toast('good', t('changes-the-changes-are-discarded')), complain)
					}}>{t('word-discard')}</Button></>} />}
		</div>
	)
}
