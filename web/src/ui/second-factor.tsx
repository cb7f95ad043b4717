// SPDX-License-Identifier: GPL-3.0-or-later
// Enrolling a second factor: the QR code, the first code of the app, and the recovery codes, which are seen this once.
import '../css/settings.css'
import { useEffect, useState } from 'preact/hooks'
import { post, words_of } from '../core/api'
import { t } from '../core/words'
import { Dialog } from './dialog'
import { Button, Notice, Skeleton, TextField } from './parts'
import { Qr } from './qr'

interface Offer {
	secret: string
	uri: string
	qr: string[]
}

export function RecoveryCodes({ codes, onClose }: { codes: string[]; onClose: () => void }) {
	const [kept, set_kept] = useState(false)
	const save = () => {
		const link = document.createElement('a')
		link.href = URL.createObjectURL(new Blob([codes.join('\n') + '\n'], { type: 'text/plain' }))
		link.download = 'patronus-recovery-codes.txt'
		link.click()
		URL.revokeObjectURL(link.href)
	}
	return (
		<Dialog title={t('access-recovery-codes')} lead={t('access-each-opens-the-door-once')} onClose={() => kept && onClose()}
			actions={<><Button icon="down" onClick={save}>{t('access-save-as-a-file')}</Button><Button kind="primary" icon="check" disabled={!kept} onClick={onClose}>{t('word-done')}</Button></>}>
			<ol class="codes" aria-label={t('access-recovery-codes')}>{codes.map(code => <li key={code}><code>{code}</code></li>)}</ol>
			<label class="check"><input type="checkbox" checked={kept} onChange={event => set_kept(event.currentTarget.checked)} />{' '}{t('access-i-keep-them-in-a')}</label>
		</Dialog>
	)
}

export function Enrol({ onClose, onDone }: { onClose: () => void; onDone: () => void }) {
	const [offer, set_offer] = useState<Offer | null>(null)
	const [codes, set_codes] = useState<string[] | null>(null)
	const [code, set_code] = useState('')
	const [error, set_error] = useState('')
	const [busy, set_busy] = useState(false)
	useEffect(() => void post<Offer>('/users/me/second-factor').then(set_offer, problem => set_error(words_of(problem))), [])
	const confirm = async () => {
		set_busy(true)
		set_error('')
		try {
			set_codes((await post<{ 'recovery-codes': string[] }>('/users/me/second-factor/confirm', { otp: code.replace(/\s/g, '') }))['recovery-codes'])
		} catch (problem) {
			set_busy(false)
			set_error(words_of(problem))
		}
	}
	if (codes)
		return <RecoveryCodes codes={codes} onClose={onDone} />
	return (
		<Dialog title={t('access-a-second-factor')} lead={t('access-scan-this-with-an-authenticator')} onClose={onClose} onSubmit={() => void confirm()}
			actions={<><Button onClick={onClose}>{t('word-cancel')}</Button><Button kind="primary" type="submit" icon="check" busy={busy} disabled={!offer || code.replace(/\s/g, '').length < 6}>{t('access-confirm')}</Button></>}>
			{!offer && !error && <Skeleton lines={6} />}
			{!offer && error && <Notice alert tone="bad" icon="alert" title={error} />}
			{offer && <>
				<Qr rows={offer.qr} label={t('access-qr-code-for-an-authenticator')} />
				<details class="more"><summary>{t('access-no-camera-type-the-secret')}</summary><p class="secret-text"><code>{offer.secret.match(/.{1,4}/g)?.join(' ')}</code></p></details>
				<TextField label={t('access-code-of-the-app')} name="enrol-otp" value={code} onValue={set_code} error={error} inputMode="numeric" autoComplete="one-time-code" mono maxLength={10} required />
			</>}
		</Dialog>
	)
}
