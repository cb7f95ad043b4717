// SPDX-License-Identifier: GPL-3.0-or-later
// Who may come in: users with their roles, passwords and second factors; everybody's sessions and tokens.
import '../css/access.css'
import { useEffect, useState } from 'preact/hooks'
import { call, get, list_of, words_of } from '../core/api'
import { complain, may, running_edits, session, toast } from '../core/store'
import { t } from '../core/words'
import { Sessions, Tokens } from '../ui/access'
import { Dialog, Menu } from '../ui/dialog'
import { Badge, Button, Card, Notice, PageHead, Skeleton, TextField } from '../ui/parts'
import { Table } from '../ui/table'

interface User {
	name: string
	role?: string | string[]
	enabled?: boolean
	'full-name'?: string
	description?: string
}

function SetPassword({ user, onClose }: { user: string; onClose: () => void }) {
	const [text, set_text] = useState('')
	const [error, set_error] = useState('')
	const [busy, set_busy] = useState(false)
	const save = async () => {
		set_busy(true)
		set_error('')
		try {
			await call('PUT', `/users/${encodeURIComponent(user)}/password`, { body: { new: text } })
			toast('good', t('access-has-a-new-password', { user }))
			onClose()
		} catch (problem) {
			set_busy(false)
			set_error(words_of(problem))
		}
	}
	return (
		<Dialog title={t('access-a-password-for', { user })} lead={t('access-it-is-in-force-at')} onClose={onClose} onSubmit={() => void save()}
			actions={<><Button onClick={onClose}>{t('word-cancel')}</Button><Button kind="primary" type="submit" busy={busy} disabled={!text}>{t('access-set-password')}</Button></>}>
			<TextField label={t('access-new-password')} name="new-password" type="password" autoComplete="new-password" value={text} onValue={set_text} error={error} hint={t('access-twelve-characters-or-more')} />
		</Dialog>
	)
}

function Users() {
	const [users, set_users] = useState<User[] | null>(null)
	const [factors, set_factors] = useState<Record<string, boolean>>({})
	const [error, set_error] = useState('')
	const [chosen, set_chosen] = useState<string | null>(null)
	const edits = running_edits.value
	const read = async () => {
		try {
			const rows = list_of<User>(await get('/configuration/users'), 'users')
			set_users(rows)
			set_error('')
			if (!may('users:admin'))
				return
			const known = await Promise.all(rows.map(row => get<{ enrolled: boolean }>(row.name === session.value?.user ? '/users/me/second-factor'
				: `/users/${encodeURIComponent(row.name)}/second-factor`).then(body => [row.name, body.enrolled] as const, () => null)))
			set_factors(Object.fromEntries(known.filter(one => one !== null)))
		} catch (problem) {
			set_error(words_of(problem))
		}
	}
	useEffect(() => void read(), [edits])
	const take = (name: string) => void call('DELETE', `/users/${encodeURIComponent(name)}/second-factor`).then(() => {
		toast('good', t('access-has-no-second-factor-now', { name }))
		void read()
	}, complain)
	const factor = (name: string) => name in factors ? factors[name] ? <Badge tone="good" icon="check">{t('access-second-factor-2')}</Badge> : <Badge tone="warn" icon="alert">{t('access-password-alone')}</Badge> : ''
	return (
		<Card title={t('access-users')} icon="user" flush actions={<a class="card-link" href="#/settings/users">{t('access-add-change-or-remove')}</a>}>
			{error && <Notice alert tone="bad" icon="lock" title={error} />}
			{!users && !error && <Skeleton lines={3} />}
			{users && <Table label={t('access-users')} rows={users} keyOf={row => row.name} columns={[
				{ key: 'name', text: t('word-name'), head: true, cell: row => <div class="cell-title"><a href={`#/settings/users?edit=${encodeURIComponent(row.name)}`}>{row.name}</a><small>{row['full-name'] || row.description}</small></div> },
				{ key: 'role', text: t('access-role'), cell: row => [row.role].flat().join(', ') },
				{ key: 'state', text: t('word-state'), cell: row => row.enabled === false ? <Badge icon="pause">{t('access-switched-off')}</Badge> : <Badge tone="good" icon="check">{t('access-may-sign-in')}</Badge> },
				{ key: 'factor', text: t('access-signs-in-with'), cell: row => factor(row.name) },
				...may('users:admin') ? [{ key: 'acts', text: t('word-actions'), end: true, cell: (row: User) => <Menu label={t('access-actions-for', { name: row.name })} items={[
					{ text: t('access-set-a-password'), icon: 'lock', then: () => set_chosen(row.name) },
					{ text: t('access-take-the-second-factor-away'), icon: 'trash', danger: true, disabled: !factors[row.name] || row.name === session.value?.user, then: () => take(row.name) }]} /> }] : [],
			]} />}
			{chosen && <SetPassword user={chosen} onClose={() => set_chosen(null)} />}
		</Card>
	)
}

export default function People() {
	return (
		<div class="page">
			<PageHead title={t('access-people')} lead={t('access-who-may-come-in-who')} />
			<Users />
			{may('sessions:admin') ? <><Sessions all /><Tokens all /></> : <Notice tone="note" icon="info" title={t('access-sessions-and-tokens-of-others')} />}
		</div>
	)
}
