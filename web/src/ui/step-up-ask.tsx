// SPDX-License-Identifier: GPL-3.0-or-later
// The question for a fresh code: few ask it, and none before a page is there.
import { useState } from 'preact/hooks'
import { post, words_of } from '../core/api'
import { t } from '../core/words'
import { Dialog } from './dialog'
import { Button, TextField } from './parts'

export function Ask({ onEnd }: { onEnd: (fresh: boolean) => void }) {
	const [code, set_code] = useState('')
	const [busy, set_busy] = useState(false)
	const [error, set_error] = useState('')
	const submit = async () => {
		set_busy(true)
		set_error('')
		try {
			await post('/session/step-up', { otp: code.replace(/\s/g, '') })
			onEnd(true)
		} catch (problem) {
			set_busy(false)
			set_error(words_of(problem))
			set_code('')
		}
	}
	return (
		<Dialog title={t('shell-one-more-code')} lead={t('shell-this-needs-a-code-of')} onClose={() => onEnd(false)}
			onSubmit={() => void submit()}
			actions={<>
				<Button onClick={() => onEnd(false)}>{t('word-cancel')}</Button>
				<Button kind="primary" type="submit" busy={busy} disabled={!code}>{t('shell-continue')}</Button>
			</>}>
			<TextField label={t('shell-one-time-code')} name="step-up-otp" value={code} onValue={set_code} error={error} inputMode="numeric" autoComplete="one-time-code"
				mono maxLength={40} required />
		</Dialog>
	)
}
