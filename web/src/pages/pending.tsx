// SPDX-License-Identifier: GPL-3.0-or-later
// What has been edited but is not in force: look at it, have it judged, commit it or throw it away.
import '../css/changes.css'
import { useEffect, useState } from 'preact/hooks'
import { get, patiently, post, Problem, words_of } from '../core/api'
import { ago, plain, plural } from '../core/format'
import { address } from '../core/router'
import { field_of } from '../core/rules'
import { commit, complain, discard, may_edit, now, outcome, status, toast, trial, workspace, workspace_edits } from '../core/store'
import type { Diff, FieldError, Impact, Judgement, Plan } from '../core/types'
import { Dialog } from '../ui/dialog'
import { DiffText, DiffTree } from '../ui/diff'
import { type IconName } from '../ui/icon'
import { Badge, Button, Card, Empty, ErrorSummary, Notice, PageHead, Segments, SelectField, Skeleton, Switch, TextField } from '../ui/parts'

/** Where a person can put an error right. */
function link_of(error: FieldError) {
	const [, id] = (error.pointer ?? '').match(/^\/firewall\/rules\/([^/]+)/) ?? []
	return id ? address('rules', { edit: decodeURIComponent(id), field: field_of(error, id) }) : null
}

const IMPACTS: Record<string, [string, 'good' | 'note' | 'warn' | 'bad', IconName]> = {
	hot: ['nothing is interrupted', 'good', 'check'], reload: ['a reload', 'note', 'history'], restart: ['a restart', 'warn', 'history'],
	disconnect: ['connections end', 'bad', 'unlink'],
}

const IMPACTS_SHOWN = 8

/** What hurts comes first, and the rest in one line: the whole of it is in the plan. */
function Impacts({ rows }: { rows: Impact[] }) {
	const order = ['disconnect', 'restart', 'reload', 'hot']
	const sorted = [...rows].sort((a, b) => order.indexOf(a.impact) - order.indexOf(b.impact))
	if (!rows.length)
		return null
	return (
		<ul class="impacts" aria-label="What it will do">
			{sorted.length > IMPACTS_SHOWN && <li class="impacts-more">{plural(sorted.length, 'object')} in all, the first {IMPACTS_SHOWN}:</li>}
			{sorted.slice(0, IMPACTS_SHOWN).map((row, at) => {
				const [text, tone, icon] = IMPACTS[row.impact] ?? [row.impact, 'plain', 'info']
				return <li key={at}><Badge tone={tone} icon={icon}>{text}</Badge><span>{row.text} <small class="soft">{row.owner}</small></span></li>
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
		<Notice tone={mine ? 'bad' : 'warn'} icon="unlink" title={mine ? 'It cuts your own connection' : `${plural(cut.length, 'session')} will end`}>
			<ul class="impacts" aria-label="Sessions that end">
				{cut.map((row, at) => <li key={at}><span><b>{row.user}</b> from {row.origin}: {row.text}{row.yours && row.remedy && <small class="soft">. To keep it, {row.remedy}</small>}</span></li>)}
			</ul>
		</Notice>
	)
}

interface Verdict {
	errors: FieldError[]
	impact: Impact[]
	sessions: Judgement[]
	plan: string
	title: string
}

async function judge(id: string): Promise<Verdict> {
	try {
		const body = await patiently(() => post<Plan>(`/workspaces/${id}/validate`))
		return { errors: [], impact: body.impact ?? [], sessions: body.sessions ?? [], plan: body.plan ?? '', title: '' }
	} catch (problem) {
		if (problem instanceof Problem && problem.status === 422)
			return { errors: problem.errors.length ? problem.errors : [{ text: problem.words }], impact: [], sessions: [], plan: '', title: problem.message }
		throw problem
	}
}

const TIMES: [string, string][] = [['30', '30 seconds'], ['60', '1 minute'], ['90', '90 seconds'], ['300', '5 minutes'], ['600', '10 minutes']]

function CommitDialog({ changes, verdict, onClose }: { changes: number; verdict: Verdict | null; onClose: () => void }) {
	const [comment, set_comment] = useState('')
	const [confirm, set_confirm] = useState(true)
	const [seconds, set_seconds] = useState('90')
	const [busy, set_busy] = useState(false)
	const [failed, set_failed] = useState<unknown>(null)
	const problem = failed instanceof Problem ? failed : null
	const conflicts = Array.isArray(problem?.body.conflicts) ? problem.body.conflicts.map(one => plain((one as { path: string }).path)) : []

	const submit = async () => {
		set_busy(true)
		set_failed(null)
		try {
			const done = await commit(comment.trim(), confirm ? Number(seconds) : null)
			onClose()
			if (done?.state === 'kept')
				toast('good', `Revision ${done.revision} is in force`)
		} catch (error) {
			set_busy(false)
			set_failed(error)
		}
	}
	return (
		<Dialog title={`Commit ${plural(changes, 'change')}`} lead="All of it, or nothing: what cannot be proven in the kernel is taken back." onClose={onClose} onSubmit={() => void submit()}
			actions={<><Button onClick={onClose}>Not yet</Button><Button kind="primary" type="submit" icon="check" busy={busy}>{busy ? 'Committing' : 'Commit'}</Button></>}>
			{failed !== null && (problem?.errors.length
				? <ErrorSummary title={problem.detail || problem.message} errors={problem.errors} linkOf={link_of} />
				: <Notice alert tone="bad" icon="alert" title={problem?.message ?? 'The commit failed'}>
					<p>{words_of(failed)}</p>
					{conflicts.length > 0 && <ul class="error-list">{conflicts.map(one => <li key={one}><code class="error-path">{one}</code></li>)}</ul>}
				</Notice>)}
			<Sessions rows={verdict?.sessions ?? []} />
			<Impacts rows={verdict?.impact ?? []} />
			{verdict?.plan && <details class="plan"><summary>The whole plan</summary><DiffText diff={{ changes: [], text: verdict.plan }} /></details>}
			<TextField label="Comment" name="comment" value={comment} onValue={set_comment} maxLength={255} data-autofocus placeholder="Why, in a few words"
				hint="The history shows it for ever." />
			<Switch label="Ask me afterwards whether it works" hint="Without your answer the box goes back by itself. Nobody locks themselves out." on={confirm} onChange={set_confirm} />
			{confirm && <SelectField label="Time to answer" name="seconds" value={seconds} onValue={set_seconds} options={TIMES} />}
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
				<PageHead title="Pending changes" />
				<Card><Empty icon={outcome.value?.state === 'kept' ? 'shield' : 'check'} title={trial.value ? `Revision ${trial.value.revision} is on trial` : 'Nothing is pending'}>
					<p>{trial.value ? 'Keep it or go back in the bar below.'
						: `Revision ${status.value?.revision ?? ''} is in force. What you edit is gathered here first, and takes effect all at once when you commit.`}</p>
					<p class="empty-actions"><a class="button button-plain" href="#/rules">Firewall rules</a> <a class="button button-plain" href="#/history">History</a></p>
				</Empty></Card>
			</div>
		)
	}
	const again = async () => {
		set_busy(true)
		await judge(home.id).then(set_verdict, complain)
		set_busy(false)
	}
	return (
		<div class="page">
			<PageHead title="Pending changes" lead={`${plural(home.changes, 'change')} on revision ${home.base}${home['created-at'] ? `, begun ${ago(home['created-at'], now.value)}` : ''}. Nothing of it is in force.`}>
				{may_edit.value && <>
					<Button icon="trash" kind="quiet" onClick={() => set_asking('discard')}>Discard</Button>
					<Button icon="shield" busy={busy} onClick={() => void again()}>Validate</Button>
					<Button icon="check" kind="primary" disabled={error ? false : verdict === null || verdict.errors.length > 0} onClick={() => set_asking('commit')}>Commit</Button>
				</>}
			</PageHead>
			{error && <Notice alert tone="bad" icon="unlink" title="The changes cannot be read"><p>{error}</p></Notice>}
			{verdict && verdict.errors.length > 0 && <ErrorSummary title={verdict.errors.length === 1 ? 'One thing must be put right first' : `${verdict.errors.length} things must be put right first`} errors={verdict.errors} linkOf={link_of} />}
			{verdict && verdict.errors.length === 0 && <Notice tone="good" icon="shield" title="Valid: the appliance can do this"><Impacts rows={verdict.impact} /></Notice>}
			{verdict && <Sessions rows={verdict.sessions} />}
			{home.base !== status.value?.revision && status.value && !trial.value && <Notice tone="warn" icon="info" title={`Revision ${status.value.revision} runs by now`}>
				<p>These changes were begun on revision {home.base}. When both touch the same thing, the commit says so and changes nothing.</p></Notice>}
			<Card title="What changes" icon="pending" actions={<Segments label="View" name="view" value={view} onValue={set_view}
				options={[{ key: 'tree', text: 'Objects', icon: 'box' }, { key: 'text', text: 'Text', icon: 'log' }, { key: 'plan', text: 'Plan', icon: 'shield' }]} />}>
				{!diff || (view === 'plan' && !verdict) ? <Skeleton lines={5} /> : view === 'tree' ? <DiffTree diff={diff} />
					: <DiffText diff={view === 'plan' ? { changes: [], text: verdict?.plan ?? '' } : diff} />}
			</Card>
			{asking === 'commit' && <CommitDialog changes={home.changes} verdict={verdict} onClose={() => set_asking(null)} />}
			{asking === 'discard' && <Dialog title={`Discard ${plural(home.changes, 'change')}?`} lead="They are gone for good. What is in force stays as it is." onClose={() => set_asking(null)}
				actions={<><Button data-autofocus onClick={() => set_asking(null)}>Keep them</Button>
					<Button kind="danger" icon="trash" onClick={() => {
						set_asking(null)
						discard().then(() => toast('good', 'The changes are discarded'), complain)
					}}>Discard</Button></>} />}
		</div>
	)
}
