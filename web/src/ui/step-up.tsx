// SPDX-License-Identifier: GPL-3.0-or-later
// Some calls want a fresh code of the second factor.  Whoever makes one is asked here, and the call is made again.
import { signal } from '@preact/signals'
import { useState } from 'preact/hooks'
import { on_step_up, post, words_of } from '../core/api'
import { t } from '../core/words'
import { Dialog } from './dialog'
import { Button, TextField } from './parts'

/** Who waits for the answer: true when the session is fresh now. */
const waiting = signal<((fresh: boolean) => void) | null>(null)

on_step_up(() => new Promise<boolean>(answer => {
	waiting.value?.(false)
	waiting.value = answer
}))

function end(fresh: boolean) {
	const answer = waiting.value
	waiting.value = null
	answer?.(fresh)
}

function Ask() {
	const [code, set_code] = useState('')
	const [busy, set_busy] = useState(false)
	const [error, set_error] = useState('')
	const submit = async () => {
		set_busy(true)
		set_error('')
		try {
			await post('/session/step-up', { otp: code.replace(/\s/g, '') })
			end(true)
		} catch (problem) {
			set_busy(false)
			set_error(words_of(problem))
			set_code('')
		}
	}
	return (
		<Dialog title={t('shell-one-more-code')} lead={t('shell-this-needs-a-code-of')} onClose={() => end(false)}
			onSubmit={() => void submit()}
			actions={<>
				<Button onClick={() => end(false)}>{t('word-cancel')}</Button>
				<Button kind="primary" type="submit" busy={busy} disabled={!code}>{t('shell-continue')}</Button>
			</>}>
			<TextField label={t('shell-one-time-code')} name="step-up-otp" value={code} onValue={set_code} error={error} inputMode="numeric" autoComplete="one-time-code"
				mono maxLength={40} required />
		</Dialog>
	)
}

export function StepUp() {
	return waiting.value ? <Ask /> : null
}
