// SPDX-License-Identifier: GPL-3.0-or-later
// The end of the first start: what it comes to, one commit on trial, and what to do when it is kept or was taken back.
import '../css/changes.css'
import { useEffect, useState } from 'preact/hooks'
import { get, post, words_of } from '../core/api'
import { countdown } from '../core/format'
import { addresses_of, link_of, SIDES, type Side } from '../core/setup'
import { adopt_workspace, complain, now, outcome, status, trial_until, workspace, workspace_edits } from '../core/store'
import type { Diff, Workspace } from '../core/types'
import { msg, t } from '../core/words'
import { DiffTree } from '../ui/diff'
import { Icon } from '../ui/icon'
import { Button, ErrorSummary, Notice, Skeleton } from '../ui/parts'
import { CommitDialog, judge, type Verdict } from './pending'
import type { StepProps } from './setup'

const NAMES: Record<Side, string> = { wan: msg('setup-wan'), lan: msg('setup-lan') }

/** In a few words, before the whole difference. */
function Summary({ draft }: Pick<StepProps, 'draft'>) {
	return (
		<dl class="setup-facts">
			<div><dt>{t('setup-hostname')}</dt><dd><code>{draft.system.hostname}</code>{' '}{draft.system['time-zone']}</dd></div>
			{SIDES.filter(side => link_of(draft, side)).map(side => (
				<div key={side}><dt>{t(NAMES[side])}</dt><dd><code>{link_of(draft, side)?.match?.name ?? link_of(draft, side)?.match?.mac}</code>{' '}{addresses_of(draft, side).map(text => <code key={text}>{text} </code>)}</dd></div>
			))}
			{draft.routes.map(route => <div key={route.name}><dt>{t(route.destination.includes(':') ? 'setup-gateway-v6' : 'setup-gateway')}</dt><dd><code>{route.via}</code></dd></div>)}
			<div><dt>{t('setup-rules')}</dt><dd>{t('setup-n-rules', { count: draft.rules.length + draft.more_rules })}</dd></div>
		</dl>
	)
}

export function Review({ draft }: StepProps) {
	const [diff, set_diff] = useState<Diff | null>(null)
	const [verdict, set_verdict] = useState<Verdict | null>(null)
	const [error, set_error] = useState('')
	const [asking, set_asking] = useState(false)
	const home = workspace.value
	const edits = workspace_edits.value
	useEffect(() => {
		let wanted = true
		if (!home?.changes)
			return
		const fail = (problem: unknown) => { if (wanted) set_error(words_of(problem)) }
		get<Diff>(`/workspaces/${home.id}/diff`).then(next => wanted && set_diff(next), fail)
		judge(home.id).then(next => wanted && set_verdict(next), fail)
		return () => { wanted = false }
	}, [home?.id, edits])
	if (!home?.changes)
		return <div class="setup-part"><Notice tone="note" icon="info" title={t('setup-nothing-yet')} /></div>
	return (
		<>
			<div class="setup-part">
				{error && <Notice alert tone="bad" icon="unlink" title={t('setup-cannot-be-read')}><p>{error}</p></Notice>}
				{verdict && verdict.errors.length > 0 && <ErrorSummary title={t('changes-things-first', { count: verdict.errors.length })} errors={verdict.errors} />}
				{verdict?.errors.length === 0 && <Notice tone="good" icon="shield" title={t('changes-valid-the-appliance-can-do')}><p>{t('setup-review-more')}</p></Notice>}
				{!verdict && !error && <Skeleton lines={2} />}
				<Summary draft={draft} />
				<details class="setup-diff"><summary>{t('setup-all-changes', { count: home.changes })}</summary>{diff ? <DiffTree diff={diff} /> : <Skeleton lines={4} />}</details>
			</div>
			<footer class="setup-foot"><Button kind="primary" icon="check" disabled={verdict?.errors.length !== 0} onClick={() => set_asking(true)}>{t('word-commit')}</Button></footer>
			{asking && <CommitDialog changes={home.changes} verdict={verdict} why={t('shell-first-start')} onClose={() => set_asking(false)} onClash={() => { set_asking(false); set_error(t('setup-clashes')) }} />}
		</>
	)
}

const TRIES = [msg('setup-try-lan'), msg('setup-try-page'), msg('setup-try-keep')]

/** On trial: what to try before it is kept. Keep and go back are in the bar below, as always. */
export function Trial() {
	const left = Math.max(0, (trial_until.value - now.value) / 1000)
	return (
		<section class="card setup-end" aria-labelledby="setup-end">
			<p class="setup-clock" aria-hidden="true">{countdown(left)}</p>
			<h2 id="setup-end">{t('setup-trial')}</h2>
			<p>{t('setup-trial-more')}</p>
			<ol class="setup-tries">{TRIES.map(text => <li key={text}><span>{t(text)}</span></li>)}</ol>
		</section>
	)
}

const ONWARD: [string, string][] = [['dashboard', msg('shell-dashboard')], ['rules', msg('shell-firewall-rules')], ['people', msg('shell-people')], ['backups', msg('shell-backups')]]

export function Ended() {
	return (
		<section class="card setup-end" aria-labelledby="setup-end">
			<span class="setup-end-icon"><Icon name="shield" size={34} /></span>
			<h2 id="setup-end">{t('setup-ended', { hostname: status.value?.hostname })}</h2>
			<p>{t('setup-ended-more', { revision: String(status.value?.revision ?? '') })}</p>
			<p class="empty-actions">{ONWARD.map(([page, text], at) => <a key={page} class={`button button-${at ? 'plain' : 'primary'}`} href={`#/${page}`}>{t(text)}</a>)}</p>
		</section>
	)
}

/** The commit was taken back: what was entered is in its revision, and goes on from there. */
export function TakenBack() {
	const ended = outcome.value
	const [busy, set_busy] = useState(false)
	if (!ended || ended.state === 'kept')
		return null
	const again = async () => {
		set_busy(true)
		try {
			await adopt_workspace(await post<Workspace>(`/revisions/${ended.revision}/restore`))
			outcome.value = null
		} catch (problem) {
			complain(problem)
		}
		set_busy(false)
	}
	return <Notice tone="warn" icon="undo" title={t('setup-taken-back')} actions={<Button icon="undo" busy={busy} onClick={() => void again()}>{t('setup-take-up')}</Button>}><p>{t('setup-taken-back-more')}</p></Notice>
}
