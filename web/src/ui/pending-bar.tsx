// SPDX-License-Identifier: GPL-3.0-or-later
// Always in sight: what runs, what waits, and the countdown of a commit on trial.
import { useSignal } from '@preact/signals'
import { ago, countdown, plural } from '../core/format'
import { place } from '../core/router'
import { complain, go_back, keep, may_edit, now, outcome, status, trial, trial_until, workspace } from '../core/store'
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

const longest = new Map<string, number>()

function Trial() {
	const busy = useSignal('')
	const commit = trial.value
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
		<section class="bar bar-trial" aria-label="Commit on trial">
			<Ring part={whole ? left / whole : 0} />
			<div class="bar-text">
				<p class="bar-title">Revision {commit.revision} is on trial: back to the previous one in <b class="bar-clock">{countdown(left)}</b></p>
				<p class="bar-more">{commit['forced-confirm'] || commit.comment || 'Does everything still work? Then keep it.'}</p>
			</div>
			<div class="bar-actions">
				<Button icon="undo" disabled={busy.value !== ''} busy={busy.value === 'back'} onClick={() => act('back', go_back)}>Go back</Button>
				<Button kind="primary" icon="check" disabled={busy.value !== ''} busy={busy.value === 'keep'} onClick={() => act('keep', keep)}>Keep</Button>
			</div>
			<p class="unseen" role="alert">Revision {commit.revision} is on trial. Keep it or it goes back by itself.</p>
		</section>
	)
}

function Outcome() {
	const ended = outcome.value
	if (!ended)
		return null
	const kept = ended.state === 'kept'
	return (
		<section class={`bar ${kept ? 'bar-kept' : 'bar-reverted'}`} aria-label="Result of the commit">
			<Icon name={kept ? 'shield' : 'undo'} size={22} />
			<div class="bar-text" role="status">
				<p class="bar-title">{kept ? `Revision ${ended.revision} is kept` : `Revision ${ended.revision} was taken back`}</p>
				<p class="bar-more">{kept ? 'It also starts after a reboot.' : 'The box runs the previous revision again.'}</p>
			</div>
			<div class="bar-actions"><Button small onClick={() => { outcome.value = null }}>OK</Button></div>
		</section>
	)
}

export function PendingBar() {
	const changes = workspace.value?.changes ?? 0
	if (trial.value)
		return <Trial />
	if (outcome.value)
		return <Outcome />
	if (changes > 0) {
		return (
			<section class="bar bar-pending" aria-label="Pending changes">
				<Icon name="pending" size={22} />
				<div class="bar-text">
					<p class="bar-title" role="status">{plural(changes, 'change')} not yet in force</p>
					<p class="bar-more">Made on revision {workspace.value?.base}{workspace.value?.['created-at'] && `, begun ${ago(workspace.value['created-at'], now.value)}`}</p>
				</div>
				<div class="bar-actions">{place.value.page !== 'pending' && <a class="button button-primary" href="#/pending"><Icon name="arrow" />Review</a>}</div>
			</section>
		)
	}
	return (
		<section class="bar bar-calm" aria-label="Pending changes">
			<Icon name="shield" size={18} />
			<div class="bar-text">
				<p class="bar-more"><b>{status.value ? `Revision ${status.value.revision} is in force` : 'Reading the status'}</b>
					{may_edit.value ? '. Nothing is pending.' : '. You can look, not change.'}</p>
			</div>
		</section>
	)
}
