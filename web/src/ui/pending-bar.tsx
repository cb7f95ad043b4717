// SPDX-License-Identifier: GPL-3.0-or-later
// Always in sight: what runs, what waits, and the countdown of a commit on trial.
import { useSignal } from '@preact/signals'
import { useEffect, useState } from 'preact/hooks'
import { ago, countdown } from '../core/format'
import { place } from '../core/router'
import { complain, go_back, keep, may_edit, now, outcome, status, trial, trial_lost, trial_until, workspace } from '../core/store'
import type { Commit, Workspace } from '../core/types'
import { t, T } from '../core/words'
import { Icon } from './icon'
import { Button } from './parts'

function Ring({ part }: { part: number }) {
	const around = 2 * Math.PI * 15
	return (
		<svg class="ring" width="36" height="36" viewBox="0 0 36 36" aria-hidden="true">
			<circle class="ring-back" cx="18" cy="18" r="15" />
			<circle class="ring-front" cx="18" cy="18" r="15" stroke-dasharray={`${around * part} ${around}`} transform="rotate(-90 18 18)" />
		</svg>
	)
}

const MOVING = () => import('../core/moving')

interface Way {
	back: () => Promise<void>
	follow: () => void
}

/** The way back when it leads to another address; it is known before the address of now goes. */
function use_way_back(commit: Commit | null) {
	const [way, set_way] = useState<Way | null>(null)
	const revision = commit?.revision
	useEffect(() => {
		let wanted = true
		set_way(null)
		if (commit)
			void MOVING().then(async ({ follow_back, go_back_and_follow, previous_origin }) => {
				const origin = await previous_origin(commit)
				if (wanted && origin)
					set_way({ back: () => go_back_and_follow(origin), follow: () => follow_back(origin) })
			}).catch(() => {})		// without it the page stays, and says that nobody answers
		return () => { wanted = false }
	}, [revision])
	const lost = trial_lost.value
	useEffect(() => { if (lost) way?.follow() }, [lost, way])
	return way
}

const longest = new Map<string, number>()

function Trial() {
	const busy = useSignal('')
	const commit = trial.value
	const way = use_way_back(commit)
	if (!commit)
		return null
	const left = Math.max(0, (trial_until.value - now.value) / 1000)
	const whole = Math.max(longest.get(commit.id) ?? 0, left)
	longest.set(commit.id, whole)
	const act = async (name: string, then: () => Promise<void>) => {
		busy.value = name
		await then().catch(complain)
		busy.value = ''
	}
	return (
		<section class="bar bar-trial" aria-label={t('shell-commit-on-trial')}>
			<Ring part={whole ? left / whole : 0} />
			<div class="bar-text">
				<p class="bar-title"><T id="shell-revision-is-on-trial-back" args={{ revision: String(commit.revision) }} parts={{ left: <b class="bar-clock">{countdown(left)}</b> }} /></p>
				<p class="bar-more">{commit['forced-confirm'] || commit.comment || t('shell-does-everything-still-work-then')}</p>
			</div>
			<div class="bar-actions">
				<Button icon="undo" disabled={busy.value !== ''} busy={busy.value === 'back'} onClick={() => act('back', way?.back ?? go_back)}>{t('shell-go-back')}</Button>
				<Button kind="primary" icon="check" disabled={busy.value !== ''} busy={busy.value === 'keep'} onClick={() => act('keep', keep)}>{t('shell-keep')}</Button>
			</div>
			<p class="unseen" role="alert">{t('shell-revision-is-on-trial-keep', { revision: String(commit.revision) })}</p>
		</section>
	)
}

function Outcome() {
	const ended = outcome.value
	if (!ended)
		return null
	const kept = ended.state === 'kept'
	return (
		<section class={`bar ${kept ? 'bar-kept' : 'bar-reverted'}`} aria-label={t('shell-result-of-the-commit')}>
			<Icon name={kept ? 'shield' : 'undo'} size={22} />
			<div class="bar-text" role="status">
				<p class="bar-title">{kept ? t('shell-revision-is-kept', { revision: String(ended.revision) }) : t('shell-revision-was-taken-back', { revision: String(ended.revision) })}</p>
				<p class="bar-more">{kept ? t('shell-it-also-starts-after-a') : t('shell-the-box-runs-the-previous')}</p>
			</div>
			<div class="bar-actions"><Button small onClick={() => { outcome.value = null }}>{t('shell-ok')}</Button></div>
		</section>
	)
}

function made_on(home: Workspace | null) {
	if (!home)
		return ''
	return home['created-at'] ? t('shell-made-on-begun', { base: String(home.base), ago: ago(home['created-at'], now.value) }) : t('shell-made-on', { base: String(home.base) })
}

export function PendingBar() {
	const changes = workspace.value?.changes ?? 0
	if (trial.value)
		return <Trial />
	if (outcome.value)
		return <Outcome />
	if (changes > 0) {
		return (
			<section class="bar bar-pending" aria-label={t('shell-pending-changes')}>
				<Icon name="pending" size={22} />
				<div class="bar-text">
					<p class="bar-title" role="status">{t('shell-changes-pending', { count: changes })}</p>
					<p class="bar-more">{made_on(workspace.value)}</p>
				</div>
				<div class="bar-actions">{place.value.page !== 'pending' && <a class="button button-primary" href="#/pending"><Icon name="arrow" />{t('shell-review')}</a>}</div>
			</section>
		)
	}
	return (
		<section class="bar bar-calm" aria-label={t('shell-pending-changes')}>
			<Icon name="shield" size={18} />
			<div class="bar-text">
				<p class="bar-more"><T id={may_edit.value ? 'shell-calm' : 'shell-calm-look'} parts={{
					revision: <b>{status.value ? t('shell-revision-is-in-force', { revision: String(status.value.revision) }) : t('shell-reading-the-status')}</b> }} /></p>
			</div>
		</section>
	)
}
