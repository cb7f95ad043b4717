// SPDX-License-Identifier: GPL-3.0-or-later
// Sessions and API tokens, of oneself or of everybody; a new token is shown once.
import { useEffect, useState } from 'preact/hooks'
import { call, get, post, Problem, words_of } from '../core/api'
import { ago, list, until } from '../core/format'
import { sections } from '../core/schema'
import { complain, now, toast } from '../core/store'
import type { FieldError } from '../core/types'
import { msg, t } from '../core/words'
import { Dialog } from './dialog'
import { LinesField } from './fields'
import { Badge, Button, Card, Chips, Empty, ErrorSummary, IconButton, Notice, SelectField, Skeleton, TextField } from './parts'
import { Table } from './table'

interface SessionRow {
	id: string
	current: boolean
	user: string
	source: string
	'created-at': string
	'used-at': string
	'expires-at': string
}

interface TokenRow {
	id: string
	name: string
	user: string
	role: string
	scopes: string[]
	networks?: string[]
	'created-at': string
	'expires-at': string
	'used-at'?: string
	'used-from'?: string
}

function When({ at }: { at: string | undefined }) {
	return at ? <time dateTime={at} title={at}>{Date.parse(at) > now.value ? until(at, now.value) : ago(at, now.value)}</time>
		: <span class="soft">{t('access-never')}</span>
}

/** Rows of a call, read again after each change. */
function useRows<T>(path: string, name: string) {
	const [rows, set_rows] = useState<T[] | null>(null)
	const [error, set_error] = useState('')
	const read = () => void get<Record<string, T[]>>(path).then(body => {
		set_rows(body[name] ?? [])
		set_error('')
	}, problem => set_error(words_of(problem)))
	useEffect(read, [path])
	return { rows, error, read }
}

export function Sessions({ all }: { all: boolean }) {
	const { rows, error, read } = useRows<SessionRow>(`/sessions${all ? '?all=true' : ''}`, 'sessions')
	const end = (row: SessionRow) => void call('DELETE', `/sessions/${row.id}`).then(() => {
		toast('good', t('access-the-session-of-from-has', { user: row.user, source: row.source }))
		read()
	}, complain)
	return (
		<Card title={all ? t('access-sessions-of-everybody') : t('access-your-sessions')} icon="user" flush>
			{error && <Notice alert tone="bad" icon="lock" title={error} />}
			{!rows && !error && <Skeleton lines={3} />}
			{rows && <Table label={all ? t('access-sessions-of-everybody') : t('access-your-sessions')} rows={rows} keyOf={row => row.id} columns={[
				{ key: 'who', text: t('access-from'), head: true, cell: row => <>{all && <b>{row.user} </b>}<code>{row.source}</code>{row.current && <Badge tone="good" icon="check">{t('access-this-one')}</Badge>}</> },
				{ key: 'since', text: t('access-since'), cell: row => <When at={row['created-at']} /> },
				{ key: 'used', text: t('access-used'), cell: row => <When at={row['used-at']} /> },
				{ key: 'until', text: t('access-ends'), cell: row => <When at={row['expires-at']} /> },
				{ key: 'acts', text: t('word-actions'), end: true, cell: row => row.current ? '' : <Button small icon="leave" aria-label={t('access-end-the-session-of-from', { user: row.user, source: row.source })} onClick={() => end(row)}>{t('access-end')}</Button> },
			]} />}
		</Card>
	)
}

const LIFETIMES: [string, string][] = [['86400', msg('access-1-day')], ['604800', msg('access-7-days')], ['2592000', msg('access-30-days')], ['7776000', msg('access-90-days')], ['31536000', msg('access-1-year')]]
const PLAIN_SCOPES = ['state:read', 'history:read', 'configuration:read', 'configuration:write', 'commit', 'backups', 'secrets:write', 'users:admin']

function NewToken({ onClose }: { onClose: (made: boolean) => void }) {
	const [draft, set_draft] = useState({ name: '', scopes: [] as string[], expires: '7776000', networks: [] as string[] })
	const [scopes, set_scopes] = useState(PLAIN_SCOPES)
	const [errors, set_errors] = useState<FieldError[]>([])
	const [trouble, set_trouble] = useState('')
	const [token, set_token] = useState('')
	const [busy, set_busy] = useState(false)
	useEffect(() => void sections().then(nodes => set_scopes([...PLAIN_SCOPES, ...nodes.flatMap(node => [`${node.name}:read`, `${node.name}:write`])])), [])
	const make = async () => {
		set_busy(true)
		set_errors([])
		set_trouble('')
		try {
			const body = { name: draft.name, scopes: draft.scopes, 'expires-in': Number(draft.expires), ...draft.networks.length && { networks: draft.networks } }
			set_token((await post<{ token: string }>('/tokens', body)).token)
		} catch (problem) {
			set_busy(false)
			set_errors(problem instanceof Problem ? problem.errors : [])
			set_trouble(words_of(problem))
		}
	}
	if (token) {
		return (
			<Dialog title={t('access-the-token', { name: draft.name })} lead={t('access-it-is-shown-this-once')} onClose={() => onClose(true)}
				actions={<><Button icon="copy" onClick={() => void navigator.clipboard?.writeText(token).then(() => toast('good', t('word-copied')), complain)}>{t('word-copy')}</Button>
					<Button kind="primary" data-autofocus onClick={() => onClose(true)}>{t('word-done')}</Button></>}>
				<p class="secret-text"><code>{token}</code></p>
			</Dialog>
		)
	}
	const wrong = (field: string) => errors.find(error => (error.pointer ?? '').startsWith('/' + field))?.text
	return (
		<Dialog sheet title={t('access-new-api-token')} lead={t('access-it-acts-as-you-and')} onClose={() => onClose(false)} onSubmit={() => void make()}
			actions={<><Button onClick={() => onClose(false)}>{t('word-cancel')}</Button><Button kind="primary" type="submit" icon="key" busy={busy}>{t('access-make-token')}</Button></>}>
			{trouble && <ErrorSummary title={trouble} errors={errors.length > 1 ? errors : []} />}
			<TextField label={t('word-name')} name="token-name" value={draft.name} onValue={name => set_draft({ ...draft, name })} error={wrong('name')} hint={t('access-what-it-is-for')} required />
			<Chips label={t('access-it-may')} name="token-scopes" options={scopes} chosen={draft.scopes} onChosen={chosen => set_draft({ ...draft, scopes: chosen })} error={wrong('scopes')} />
			<SelectField label={t('access-ends-in')} name="token-expires" value={draft.expires} options={LIFETIMES.map(([key, text]) => [key, t(text)])} onValue={expires => set_draft({ ...draft, expires })} error={wrong('expires-in')} />
			<LinesField label={t('access-only-from')} name="token-networks" blanks value={draft.networks} placeholder={t('access-everywhere')} onValue={networks => set_draft({ ...draft, networks })} error={wrong('networks')}
				hint={t('access-networks-from-which-it-is')} />
		</Dialog>
	)
}

export function Tokens({ all }: { all: boolean }) {
	const { rows, error, read } = useRows<TokenRow>(`/tokens${all ? '?all=true' : ''}`, 'tokens')
	const [making, set_making] = useState(false)
	const revoke = (row: TokenRow) => void call('DELETE', `/tokens/${row.id}`).then(() => {
		toast('good', t('access-the-token-has-ended', { name: row.name }))
		read()
	}, complain)
	return (
		<Card title={all ? t('access-api-tokens-of-everybody') : t('access-your-api-tokens')} icon="key" flush actions={!all && <Button small icon="plus" onClick={() => set_making(true)}>{t('access-new-token')}</Button>}>
			{error && <Notice alert tone="bad" icon="lock" title={error} />}
			{!rows && !error && <Skeleton lines={3} />}
			{rows && rows.length === 0 && <Empty icon="key" title={t('access-no-token')}>{t('access-programs-that-use-the-api')}</Empty>}
			{rows && rows.length > 0 && <Table label={all ? t('access-api-tokens-of-everybody') : t('access-your-api-tokens')} rows={rows} keyOf={row => row.id} columns={[
				{ key: 'name', text: t('word-name'), head: true, cell: row => <div class="cell-title"><span>{row.name}</span><small>{all ? t('access-user-as', { user: row.user, role: row.role }) : t('access-as', { role: row.role })}</small></div> },
				{ key: 'scopes', text: t('access-may'), cell: row => <span class="scopes">{list(row.scopes).map(scope => <code key={scope}>{scope}</code>)}</span> },
				{ key: 'from', text: t('access-from'), cell: row => list(row.networks).length ? <code>{list(row.networks).join(', ')}</code> : <span class="soft">{t('access-everywhere')}</span> },
				{ key: 'used', text: t('access-used'), cell: row => <><When at={row['used-at']} />{row['used-from'] && <small class="soft"> {t('access-from-2', { 'used-from': row['used-from'] })}</small>}</> },
				{ key: 'until', text: t('access-ends'), cell: row => <When at={row['expires-at']} /> },
				{ key: 'acts', text: t('word-actions'), end: true, cell: row => <IconButton icon="trash" label={t('access-revoke-the-token', { name: row.name })} onClick={() => revoke(row)} /> },
			]} />}
			{making && <NewToken onClose={made => { set_making(false); if (made) read() }} />}
		</Card>
	)
}
