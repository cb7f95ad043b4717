// SPDX-License-Identifier: GPL-3.0-or-later
// Sign in, with a second factor when the account has one; or claim a box that has no administrator yet.
import '../css/gate.css'
import { useEffect, useRef, useState } from 'preact/hooks'
import { Problem, words_of } from '../core/api'
import { claim, claimable, sign_in, status_error } from '../core/store'
import type { FieldError } from '../core/types'
import { Mark } from '../ui/icon'
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
	return <Notice alert tone={wait ? 'warn' : 'bad'} icon={wait ? 'clock' : 'alert'} title={error instanceof Problem ? error.message : 'That did not work'}>
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
			<h1>{second ? 'Enter your code' : 'Sign in'}</h1>
			<p class="gate-lead">{second ? 'Six digits from your authenticator app.' : 'to the administration of this appliance'}</p>
			<Wall error={error} />
			{second
				? <TextField label="One-time code" name="otp" value={code} onValue={set_code} inputMode="text" autoComplete="one-time-code" autoCapitalize="none" spellcheck={false} mono maxLength={40} required />
				: <>
					<TextField label="User name" name="username" value={user} onValue={set_user} autoComplete="username" autoCapitalize="none" spellcheck={false} required />
					<TextField label="Password" name="password" type="password" value={password} onValue={set_password} autoComplete="current-password" required />
				</>}
			<Button kind="primary" type="submit" busy={busy} class="button-wide"
				disabled={second ? !code.trim() : !user.trim() || !password}>{second ? 'Verify' : 'Sign in'}</Button>
			{second && <Button kind="quiet" class="button-wide" icon="left" onClick={() => { set_second(false); set_error(null) }}>Other account</Button>}
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
	const differs = tried && fields.again !== fields.password ? 'The two passwords are not the same' : undefined

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
			<h1>Claim this appliance</h1>
			<p class="gate-lead">It has no administrator yet. The claim code was shown on its console when it started.</p>
			<Wall error={error} />
			<TextField label="Claim code" name="code" mono value={fields.code} onValue={set('code')} autoComplete="off" autoCapitalize="none" spellcheck={false}
				error={told('code') ?? missing(fields.code, 'Enter the code from the console')} />
			<div class="field-pair">
				<TextField label="User name" name="username" value={fields.user} onValue={set('user')} autoComplete="username" autoCapitalize="none" spellcheck={false}
					error={told('user') ?? missing(fields.user, 'Choose a name')} />
				<TextField label="Your name" name="name" value={fields.name} onValue={set('name')} autoComplete="name" error={told('full-name')} />
			</div>
			<TextField label="Password" name="new-password" type="password" value={fields.password} onValue={set('password')} autoComplete="new-password"
				hint="Long beats complicated: a sentence is a good password." error={told('password') ?? missing(fields.password, 'Choose a password')} />
			<TextField label="Password again" name="again" type="password" value={fields.again} onValue={set('again')} autoComplete="new-password" error={differs} />
			<Button kind="primary" type="submit" busy={busy} class="button-wide">Become its administrator</Button>
		</form>
	)
}

export default function Gate() {
	return (
		<div class="gate">
			<aside class="gate-picture" aria-hidden="true">
				<Guard />
				<p class="gate-motto">Nothing passes that you did not mean to pass.</p>
			</aside>
			<main class="gate-form">
				<div class="gate-box">
					<p class="gate-brand"><Mark size={36} /><b>Patronus</b></p>
					{status_error.value && <Notice tone="warn" icon="unlink" title="The appliance did not answer"><p>{status_error.value}</p></Notice>}
					{claimable.value ? <Claim /> : <SignIn />}
				</div>
			</main>
		</div>
	)
}
