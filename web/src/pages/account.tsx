// SPDX-License-Identifier: GPL-3.0-or-later
// One's own access: password, second factor, sessions, tokens.
import '../css/access.css'
import { useEffect, useState } from 'preact/hooks'
import { call, get, post, words_of } from '../core/api'
import { begin, complain, session, toast } from '../core/store'
import { t } from '../core/words'
import { Sessions, Tokens } from '../ui/access'
import { Badge, Button, Card, Notice, PageHead, Skeleton, TextField } from '../ui/parts'
import { Languages } from '../ui/languages'
import { Enrol, RecoveryCodes } from '../ui/second-factor'

function Password() {
	const [draft, set_draft] = useState({ current: '', next: '', again: '' })
	const [error, set_error] = useState('')
	const [busy, set_busy] = useState(false)
	const differ = draft.again !== '' && draft.again !== draft.next
	const save = async () => {
		set_busy(true)
		set_error('')
		try {
			await call('PUT', '/session/password', { body: { current: draft.current, new: draft.next } })
			toast('good', t('access-your-password-is-changed'))
			set_draft({ current: '', next: '', again: '' })
		} catch (problem) {
			set_error(words_of(problem))
		}
		set_busy(false)
	}
	const field = (name: 'current' | 'next' | 'again', label: string, complete: string, more: object = {}) =>
		<TextField label={label} name={`password-${name}`} type="password" autoComplete={complete} value={draft[name]} onValue={text => set_draft({ ...draft, [name]: text })} {...more} />
	return (
		<Card title={t('access-password')} icon="lock">
			<form class="small-form" noValidate onSubmit={event => { event.preventDefault(); void save() }}>
				{error && <Notice alert tone="bad" icon="alert" title={error} />}
				<input class="unseen" tabIndex={-1} autoComplete="username" value={session.value?.user} readOnly aria-hidden="true" />
				{field('current', t('access-password-of-now'), 'current-password')}
				{field('next', t('access-new-password'), 'new-password', { hint: t('access-twelve-characters-or-more-the') })}
				{field('again', t('access-new-password-again'), 'new-password', { error: differ ? t('access-the-two-are-not-the') : undefined })}
				<div><Button kind="primary" type="submit" busy={busy} disabled={!draft.current || !draft.next || draft.again !== draft.next}>{t('access-change-password')}</Button></div>
			</form>
		</Card>
	)
}

interface Factor {
	enrolled: boolean
	'recovery-codes': number
	required: boolean
}

function SecondFactor() {
	const [factor, set_factor] = useState<Factor | null>(null)
	const [error, set_error] = useState('')
	const [enrolling, set_enrolling] = useState(false)
	const [codes, set_codes] = useState<string[] | null>(null)
	const read = () => void get<Factor>('/users/me/second-factor').then(set_factor, problem => set_error(words_of(problem)))
	useEffect(read, [])
	const renew = () => void post<{ 'recovery-codes': string[] }>('/users/me/second-factor/recovery-codes').then(body => set_codes(body['recovery-codes']), complain)
	const remove = () => void call('DELETE', '/users/me/second-factor').then(() => {
		toast('good', t('access-your-second-factor-is-gone'))
		read()
	}, complain)
	return (
		<Card title={t('access-second-factor')} icon="key" actions={factor && (factor.enrolled ? <Badge tone="good" icon="check">{t('access-enrolled')}</Badge> : <Badge tone={factor.required ? 'bad' : 'warn'} icon="alert">{t('word-none')}</Badge>)}>
			{error && <Notice alert tone="bad" icon="alert" title={error} />}
			{!factor && !error && <Skeleton lines={2} />}
			{factor && !factor.enrolled && <>
				<p>{t('access-code-beside')}{factor.required && ' ' + t('access-your-role-must-have-one')}</p>
				<div class="form-row"><Button kind="primary" icon="plus" onClick={() => set_enrolling(true)}>{t('access-enrol')}</Button></div>
			</>}
			{factor?.enrolled && <>
				<p>{t('access-codes-left', { count: factor['recovery-codes'] })}</p>
				<div class="form-row"><Button icon="undo" onClick={renew}>{t('access-new-recovery-codes')}</Button>{!factor.required && <Button icon="trash" onClick={remove}>{t('access-remove-it')}</Button>}</div>
			</>}
			{enrolling && <Enrol onClose={() => set_enrolling(false)} onDone={() => { set_enrolling(false); read(); void begin() }} />}
			{codes && <RecoveryCodes codes={codes} onClose={() => { set_codes(null); read() }} />}
		</Card>
	)
}

export default function Account() {
	return (
		<div class="page">
			<PageHead title={t('access-your-account')} lead={`${session.value?.['full-name'] || session.value?.user}, ${session.value?.role}`} />
			<div class="two"><Password /><SecondFactor /></div>
			<Card title={t('shell-language')} icon="globe"><Languages /></Card>
			<Sessions all={false} />
			<Tokens all={false} />
		</div>
	)
}
