// SPDX-License-Identifier: GPL-3.0-or-later
// The first start: from a box that nobody has set up to one that guards a network, step by step. Everything is an edit of one workspace.
import '../css/setup.css'
import { useEffect, useRef, useState } from 'preact/hooks'
import { words_of } from '../core/api'
import { go, place } from '../core/router'
import { done_of, next_of, read_draft, STEPS, type Draft, type Step } from '../core/setup'
import { blank, outcome, refresh_status, status, trial, workspace_edits } from '../core/store'
import { msg, t } from '../core/words'
import { Icon } from '../ui/icon'
import { Notice, Skeleton } from '../ui/parts'
import { Languages } from '../ui/languages'
import { Addresses } from './setup-addresses'
import { Names } from './setup-names'
import { Ports } from './setup-ports'
import { Ended, Review, TakenBack, Trial } from './setup-review'
import { Rules } from './setup-rules'
import { Factor } from './setup-factor'

export interface StepProps {
	draft: Draft
	onward: () => void		// to the next step
}

const TITLES: Record<Step, string> = { factor: msg('setup-factor'), names: msg('setup-names'), ports: msg('setup-ports'), addresses: msg('setup-addresses'), rules: msg('setup-rules'), review: msg('setup-review') }
const PARTS: Record<Step, (props: StepProps) => preact.JSX.Element> = { factor: Factor, names: Names, ports: Ports, addresses: Addresses, rules: Rules, review: Review }
const LEADS: Record<Step, string> = { factor: msg('setup-factor-lead'), names: msg('setup-names-lead'), ports: msg('setup-ports-lead'), addresses: msg('setup-addresses-lead'),
	rules: msg('setup-rules-lead'), review: msg('setup-review-lead') }

/** Where one is, and what can be gone back to. The claim, which came first, is done by whoever sees this. */
function Rail({ draft, step }: { draft: Draft; step: Step }) {
	const done = done_of(draft)
	const reached = Math.max(STEPS.indexOf(step), STEPS.indexOf(next_of(draft)))
	return (
		<nav class="setup-rail" aria-label={t('setup-steps')}>
			<ol>
				<li class="setup-step setup-done"><span class="setup-dot"><Icon name="check" size={14} /></span><span>{t('setup-claim')}</span><span class="unseen">{t('setup-is-done')}</span></li>
				{STEPS.map((one, at) => {
					const is_done = done[one] && one !== step
					const dot = <span class="setup-dot" aria-hidden="true">{is_done ? <Icon name="check" size={14} /> : at + 2}</span>
					return (
						<li key={one} class={`setup-step${is_done ? ' setup-done' : ''}${one === step ? ' setup-here' : ''}`}>
							{at <= reached ? <a href={`#/setup/${one}`} aria-current={one === step ? 'step' : undefined}>{dot}<span>{t(TITLES[one])}</span>{is_done && <span class="unseen">{t('setup-is-done')}</span>}</a>
								: <>{dot}<span>{t(TITLES[one])}</span></>}
						</li>
					)
				})}
			</ol>
		</nav>
	)
}

function Steps({ draft, wanted }: { draft: Draft; wanted: Step | undefined }) {
	const step = wanted ?? next_of(draft)
	const at = STEPS.indexOf(step)
	const head = useRef<HTMLHeadingElement>(null)
	const shown = useRef(step)
	useEffect(() => {		// a reader of screens hears where it is now; the first one is read with the page
		if (shown.current !== step) {
			shown.current = step
			head.current?.focus()
		}
	}, [step])
	const Part = PARTS[step]
	return (
		<div class="setup-body">
			<Rail draft={draft} step={step} />
			<section class="card setup-card" aria-labelledby="setup-title">
				<header class="setup-head">
					<p class="setup-count">{t('setup-step-of', { step: at + 2, steps: STEPS.length + 1 })}</p>
					<h2 id="setup-title" ref={head} tabIndex={-1}>{t(TITLES[step])}</h2>
					<p>{t(LEADS[step])}</p>
				</header>
				<Part key={step} draft={draft} onward={() => go(`setup/${STEPS[at + 1]}`)} />
			</section>
		</div>
	)
}

export default function Setup() {
	const [draft, set_draft] = useState<Draft | null>(null)
	const [error, set_error] = useState('')
	const [begun, set_begun] = useState(false)		// here, so that its end is shown here too
	const edits = workspace_edits.value
	const wanted = STEPS.find(step => step === place.value.path)
	useEffect(() => {
		let still = true
		read_draft().then(next => {
			if (still) {
				set_draft(next)
				set_error('')
			}
		}, problem => still && set_error(words_of(problem)))
		return () => { still = false }
	}, [edits])
	useEffect(() => void refresh_status(), [trial.value, outcome.value])		// whether it is blank still
	useEffect(() => {		// a box that is in use has nothing to begin
		if (status.value && !blank.value && !trial.value && !outcome.value && !begun)
			go('dashboard')
		else if (blank.value || trial.value)
			set_begun(true)
	}, [status.value, trial.value, outcome.value])
	const is_over = begun && status.value && !blank.value && !trial.value
	return (
		<div class="page setup">
			<header class="page-head">
				<div><h1>{t('setup-welcome')}</h1><p>{t('setup-welcome-lead')}</p></div>
				<div class="page-actions"><Languages />{!is_over && <a class="button button-quiet" href="#/dashboard">{t('setup-leave')}</a>}</div>
			</header>
			{error && <Notice alert tone="bad" icon="unlink" title={t('setup-cannot-be-read')}><p>{error}</p></Notice>}
			{!trial.value && <TakenBack />}
			{trial.value ? <Trial /> : is_over ? <Ended /> : draft ? <Steps draft={draft} wanted={wanted} /> : !error && <Skeleton lines={8} />}
		</div>
	)
}
