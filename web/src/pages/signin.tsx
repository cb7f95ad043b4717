// SPDX-License-Identifier: GPL-3.0-or-later
// Sign in, with a second factor when the account has one; or claim a box that has no administrator yet.
import '../css/gate.css'
import { useEffect, useRef, useState } from 'preact/hooks'
import { Problem, words_of } from '../core/api'
import { claim, claimable, sign_in, status_error } from '../core/store'
import type { FieldError } from '../core/types'
import { t } from '../core/words'
import { Mark } from '../ui/icon'
import { Languages } from '../ui/languages'
import { Button, Notice, TextField } from '../ui/parts'

const POINTS = [[200, 60], [330, 105], [70, 105], [330, 235], [70, 235], [270, 345], [130, 345], [200, 400], [200, 170], [265, 215], [135, 215], [200, 285]]
const LINES = [[0, 1], [0, 2], [1, 3], [2, 4], [3, 5], [4, 6], [5, 7], [6, 7], [0, 8], [8, 9], [8, 10], [9, 11], [10, 11], [9, 3], [10, 4], [11, 7], [1, 9], [2, 10], [5, 11], [6, 11], [9, 10]]

/** The picture beside the form: a shield drawn as the network it guards. */
function Guard() {
	return (
		<svg class="guard" viewBox="0 0 400 460" aria-hidden="true" focusable="false">
			{LINES.map(([a, b]) => <line key={`${a}-${b}`} x1={POINTS[a][0]} y1={POINTS[a][1]} x2={POINTS[b][0]} y2={POINTS[b][1]} />)}
			{POINTS.map(([x, y], at) => <g key={at}><circle class="guard-halo" cx={x} cy={y} r={at > 7 ? 13 : 10} /><circle class="guard-node" cx={x} cy={y} r={at > 7 ? 5 : 3.6} /></g>)}
		</svg>
	)
}

function Wall({ error }: { error: unknown }) {
	if (!error)
		return null
	const wait = error instanceof Problem && error.status === 429
	return <Notice alert tone={wait ? 'warn' : 'bad'} icon={wait ? 'clock' : 'alert'} title={error instanceof Problem ? error.message : t('signin-that-did-not-work')}>
		<p>{words_of(error)}</p>
	</Notice>
}

function SignIn() {
	const [user, set_user] = useState('')
	const [password, set_password] = useState('')
	const [code, set_code] = useState('')
	const [second, set_second] = useState(false)
	const [busy, set_busy] = useState(false)
	const [error, set_error] = useState<unknown>(null)
	const form = useRef<HTMLFormElement>(null)

	useEffect(() => form.current?.querySelector<HTMLInputElement>(second ? '[name=otp]' : '[name=username]')?.focus(), [second])
	const submit = async () => {
		set_busy(true)
		set_error(null)
		try {
			await sign_in(user.trim(), password, second ? code.replace(/\s/g, '') : undefined)
		} catch (problem) {
			set_busy(false)
			if (problem instanceof Problem && problem.slug === 'second-factor' && !second) {
				set_second(true)
				return
			}
			set_error(problem)
			if (second)
				set_code('')
			else
				set_password('')
			form.current?.querySelector<HTMLInputElement>(second ? '[name=otp]' : '[name=password]')?.focus()
		}
	}
	return (
		<form ref={form} noValidate onSubmit={event => { event.preventDefault(); void submit() }}>
			<h1>{second ? t('signin-enter-your-code') : t('signin-sign-in')}</h1>
			<p class="gate-lead">{second ? t('signin-six-digits-from-your-authenticator') : t('signin-to-the-administration-of-this')}</p>
			<Wall error={error} />
			{second
				? <TextField label={t('signin-one-time-code')} name="otp" value={code} onValue={set_code} inputMode="text" autoComplete="one-time-code" autoCapitalize="none" spellcheck={false} mono maxLength={40} required />
				: <>
					<TextField label={t('signin-user-name')} name="username" value={user} onValue={set_user} autoComplete="username" autoCapitalize="none" spellcheck={false} required />
					<TextField label={t('signin-password')} name="password" type="password" value={password} onValue={set_password} autoComplete="current-password" required />
				</>}
			<Button kind="primary" type="submit" busy={busy} class="button-wide"
				disabled={second ? !code.trim() : !user.trim() || !password}>{second ? t('signin-verify') : t('signin-sign-in')}</Button>
			{second && <Button kind="quiet" class="button-wide" icon="left" onClick={() => { set_second(false); set_error(null) }}>{t('signin-other-account')}</Button>}
		</form>
	)
}

function Claim() {
	const [fields, set_fields] = useState({ code: '', user: 'admin', name: '', password: '', again: '' })
	const [busy, set_busy] = useState(false)
	const [error, set_error] = useState<unknown>(null)
	const [tried, set_tried] = useState(false)
	const set = (name: keyof typeof fields) => (value: string) => set_fields(before => ({ ...before, [name]: value }))
	const told = (name: string) => error instanceof Problem
		? error.errors.find((one: FieldError) => one.pointer === '/' + name || one.path === name)?.text : undefined
	const missing = (value: string, text: string) => tried && !value ? text : undefined
	const differs = tried && fields.again !== fields.password ? t('signin-not-the-same') : undefined

	const submit = async () => {
		set_tried(true)
		if (!fields.code.trim() || !fields.user.trim() || !fields.password || fields.again !== fields.password)
			return
		set_busy(true)
		set_error(null)
		try {
			await claim(fields.code.trim(), fields.user.trim(), fields.password, fields.name.trim())
		} catch (problem) {
			set_busy(false)
			set_error(problem)
		}
	}
	return (
		<form noValidate onSubmit={event => { event.preventDefault(); void submit() }}>
			<h1>{t('signin-claim-this-appliance')}</h1>
			<p class="gate-lead">{t('signin-it-has-no-administrator-yet')}</p>
			<Wall error={error} />
			<TextField label={t('signin-claim-code')} name="code" mono value={fields.code} onValue={set('code')} autoComplete="off" autoCapitalize="none" spellcheck={false}
				error={told('code') ?? missing(fields.code, t('signin-enter-the-code'))} />
			<div class="field-pair">
				<TextField label={t('signin-user-name')} name="username" value={fields.user} onValue={set('user')} autoComplete="username" autoCapitalize="none" spellcheck={false}
					error={told('user') ?? missing(fields.user, t('signin-choose-a-name'))} />
				<TextField label={t('signin-your-name')} name="name" value={fields.name} onValue={set('name')} autoComplete="name" error={told('full-name')} />
			</div>
			<TextField label={t('signin-password')} name="new-password" type="password" value={fields.password} onValue={set('password')} autoComplete="new-password"
				hint={t('signin-long-beats-complicated-a-sentence')} error={told('password') ?? missing(fields.password, t('signin-choose-a-password'))} />
			<TextField label={t('signin-password-again')} name="again" type="password" value={fields.again} onValue={set('again')} autoComplete="new-password" error={differs} />
			<Button kind="primary" type="submit" busy={busy} class="button-wide">{t('signin-become-its-administrator')}</Button>
		</form>
	)
}

export default function Gate() {
	return (
		<div class="gate">
			<aside class="gate-picture" aria-hidden="true">
				<Guard />
				<p class="gate-motto">{t('signin-nothing-passes-that-you-did')}</p>
			</aside>
			<main class="gate-form">
				<div class="gate-box">
					<p class="gate-brand"><Mark size={36} /><b>Patronus</b><Languages /></p>
					{status_error.value && <Notice tone="warn" icon="unlink" title={t('signin-the-appliance-did-not-answer')}><p>{status_error.value}</p></Notice>}
					{claimable.value ? <Claim /> : <SignIn />}
				</div>
			</main>
		</div>
	)
}
