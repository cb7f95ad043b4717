// SPDX-License-Identifier: GPL-3.0-or-later
// Backups on the box and where they went; a restore is looked at before anything of it becomes a pending change.
import '../css/box.css'
import '../css/facts.css'
import { useEffect, useRef, useState } from 'preact/hooks'
import { call, get, list_of, patiently, post, Problem, words_of } from '../core/api'
import { byte_size, date_time, full_count } from '../core/format'
import { go } from '../core/router'
import { adopt_workspace, complain, may, toast, workspace } from '../core/store'
import type { Diff, FieldError, InterfaceState, Workspace } from '../core/types'
import { msg, t } from '../core/words'
import { Dialog, Menu } from '../ui/dialog'
import { DiffTree } from '../ui/diff'
import { LinesField } from '../ui/fields'
import { Icon, type IconName } from '../ui/icon'
import { Badge, Button, Card, Empty, ErrorSummary, Notice, PageHead, Segments, SelectField, Skeleton, TextField } from '../ui/parts'
import { Table } from '../ui/table'

interface Backup {
	name: string
	content: string
	scheduled: boolean
	'created-at': string
	size: number
}

interface Target {
	name: string
	file: string
	state: string
	time?: string
	text: string
}

interface Report {
	workspace?: string
	changes?: number
	content: string
	revision: number
	'created-at': string
	hostname: string
	device: string
	secrets: number
	'secrets-missing': string[]
	'users-disabled': string[]
	lists?: { name: string; ipv4: number; ipv6: number }[]
	countries?: { ipv4: number; ipv6: number }
	'autonomous-systems'?: { ipv4: number; ipv6: number }
}

const PIECE = 8 << 20		// bytes of a file on their way at once
const WHOLE = 16 << 20		// what comes with one answer

const RECIPIENT = 'age1…'
const CONTENTS: Record<string, string> = { full: msg('box-full'), configuration: msg('box-configuration'), keys: msg('box-keys') }
const SENT: Record<string, ['good' | 'bad' | 'note' | 'plain', IconName, string]> = { sent: ['good', 'check', msg('box-sent')], failed: ['bad', 'alert', msg('box-failed')],
	sending: ['note', 'up', msg('box-sending')], waiting: ['plain', 'clock', msg('box-waiting')] }

function NewBackup({ onClose }: { onClose: (made: boolean) => void }) {
	const [draft, set_draft] = useState({ content: 'full', by: 'passphrase', passphrase: '', again: '', recipients: [] as string[] })
	const [error, set_error] = useState('')
	const [busy, set_busy] = useState(false)
	const differ = draft.again !== '' && draft.again !== draft.passphrase
	const ready = draft.by === 'passphrase' ? draft.passphrase && draft.again === draft.passphrase : draft.recipients.length
	const make = async () => {
		set_busy(true)
		set_error('')
		try {
			await post('/backups', { content: draft.content, ...draft.by === 'passphrase' ? { passphrase: draft.passphrase } : { recipients: draft.recipients } })
			toast('good', t('box-backup-made'))
			onClose(true)
		} catch (problem) {
			set_busy(false)
			set_error(words_of(problem))
		}
	}
	return (
		<Dialog sheet title={t('box-new-backup')} lead={t('box-new-backup-lead')} onClose={() => onClose(false)} onSubmit={() => void make()}
			actions={<><Button onClick={() => onClose(false)}>{t('word-cancel')}</Button><Button kind="primary" type="submit" icon="down" busy={busy} disabled={!ready}>{t('box-make-backup')}</Button></>}>
			{error && <Notice alert tone="bad" icon="alert" title={error} />}
			<SelectField label={t('box-content')} name="backup-content" value={draft.content} onValue={content => set_draft({ ...draft, content })}
				options={Object.entries(CONTENTS).map(([key, text]) => [key, t(text)])} />
			<Segments label={t('box-opened-by')} name="backup-by" value={draft.by} onValue={by => set_draft({ ...draft, by })}
				options={[{ key: 'passphrase', text: t('box-passphrase'), icon: 'lock' }, { key: 'recipients', text: t('box-recipients'), icon: 'key' }]} />
			{draft.by === 'passphrase' ? <>
				<TextField label={t('box-passphrase')} name="backup-passphrase" type="password" autoComplete="new-password" value={draft.passphrase} hint={t('box-passphrase-hint')} onValue={passphrase => set_draft({ ...draft, passphrase })} />
				<TextField label={t('box-passphrase-again')} name="backup-again" type="password" autoComplete="new-password" value={draft.again} error={differ ? t('box-not-the-same') : undefined} onValue={again => set_draft({ ...draft, again })} />
			</> : <LinesField label={t('box-recipients')} name="backup-recipients" blanks value={draft.recipients} placeholder={RECIPIENT} hint={t('box-recipients-hint')} onValue={recipients => set_draft({ ...draft, recipients })} />}
		</Dialog>
	)
}

/** What somebody finds in the backup before he takes it. */
function Found({ report }: { report: Report }) {
	const systems = report['autonomous-systems']
	return (
		<>
			<dl class="facts">
				<div><dt>{t('box-of')}</dt><dd><span>{report.hostname}</span><code>{report.device}</code></dd></div>
				<div><dt>{t('box-made')}</dt><dd><span>{date_time(report['created-at'])}</span><span>{t('box-revision', { number: String(report.revision) })}</span></dd></div>
				<div><dt>{t('box-content')}</dt><dd><span>{t(CONTENTS[report.content] ?? 'box-full')}</span><span>{t('box-n-secrets', { count: report.secrets })}</span></dd></div>
			</dl>
			{(report.lists ?? []).length > 0 && <p>{t('box-lists', { lists: report.lists!.map(one => `${one.name} (${full_count(one.ipv4 + one.ipv6)})`).join(', ') })}</p>}
			{systems && <p>{t('box-autonomous-systems', { ranges: full_count(systems.ipv4 + systems.ipv6) })}</p>}
			{report.countries && <p>{t('box-countries', { ranges: full_count(report.countries.ipv4 + report.countries.ipv6) })}</p>}
			{report['secrets-missing'].length > 0 && <Notice tone="warn" icon="alert" title={t('box-secrets-missing')}><p>{report['secrets-missing'].map(path => <code key={path} class="cell-code">{path}</code>)}</p></Notice>}
			{report['users-disabled'].length > 0 && <Notice tone="warn" icon="user" title={t('box-users-disabled', { names: report['users-disabled'].join(', ') })} />}
		</>
	)
}

/** Which interface of the backup is which hardware here. */
function Mapping({ map, onMap }: { map: [string, string][]; onMap: (map: [string, string][]) => void }) {
	const [links, set_links] = useState<string[]>([])
	useEffect(() => void get('/state/interfaces').then(body => set_links(list_of<InterfaceState>(body, 'interfaces').map(link => link['kernel-name'] ?? '').filter(Boolean)), complain), [])
	const set = (at: number, row: [string, string] | null) => onMap(row ? map.map((one, i) => i === at ? row : one) : map.filter((_, i) => i !== at))
	return (
		<fieldset class="ends">
			<legend>{t('box-hardware')}</legend>
			<p class="field-hint">{t('box-hardware-hint')}</p>
			{map.map(([name, link], at) => (
				<div key={at} class="field-pair">
					<TextField label={t('box-interface-of-backup')} name={`map-${at}`} value={name} mono spellcheck={false} autoCapitalize="none" onValue={next => set(at, [next, link])} />
					<SelectField label={t('box-is-here')} name={`map-link-${at}`} value={link} options={[['', ''], ...links.map(one => [one, one] as [string, string])]} onValue={next => set(at, [name, next])} />
				</div>
			))}
			<div class="form-row"><Button small icon="plus" onClick={() => onMap([...map, ['', '']])}>{t('box-map-one')}</Button>
				{map.length > 0 && <Button small icon="x" onClick={() => set(map.length - 1, null)}>{t('word-remove')}</Button>}</div>
		</fieldset>
	)
}

const section_of = (path: string) => path.split('/')[1]

/** Sections that are not wanted get what runs, in one step. */
async function leave_out(id: string, sections: string[]) {
	const running = await get<Record<string, unknown>>('/configuration')
	const operations = sections.map(name => running[name] === undefined ? { op: 'delete', path: '/' + name } : { op: 'put', path: '/' + name, value: running[name] })
	if (operations.length)
		await patiently(() => call('POST', '/batch', { workspace: id, body: { operations } }))
}

function Restore({ name, onClose }: { name: string; onClose: () => void }) {
	const [secret, set_secret] = useState({ by: 'passphrase', text: '' })
	const [map, set_map] = useState<[string, string][]>([])
	const [report, set_report] = useState<Report | null>(null)
	const [diff, set_diff] = useState<Diff | null>(null)
	const [without, set_without] = useState<string[]>([])
	const [errors, set_errors] = useState<FieldError[]>([])
	const [trouble, set_trouble] = useState('')
	const [busy, set_busy] = useState(false)
	const made = useRef('')		// the workspace that the preview is in; nobody else sees it
	const body = () => ({ name, [secret.by]: secret.text, ...map.length && { interfaces: map.filter(([of]) => of).map(([of, link]) => ({ interface: of, name: link })) } })
	const forget = () => {
		if (made.current)
			void call('DELETE', `/workspaces/${made.current}`).catch(() => {})
		made.current = ''
	}
	useEffect(() => forget, [])
	const step = async (then: () => Promise<void>) => {
		set_busy(true)
		set_trouble('')
		set_errors([])
		try {
			await then()
		} catch (problem) {
			set_errors(problem instanceof Problem ? problem.errors : [])
			set_trouble(words_of(problem))
		}
		set_busy(false)
	}
	const look = () => step(async () => set_report(await post<Report>('/backups/verify', body())))
	const preview = () => step(async () => {
		forget()
		const found = await post<Report>('/backups/restore', body())
		made.current = found.workspace ?? ''
		set_diff(await get<Diff>(`/workspaces/${made.current}/diff`))
	})
	const take = () => step(async () => {
		const id = made.current
		await leave_out(id, without)
		const home = await get<Workspace>(`/workspaces/${id}`)
		made.current = ''
		await adopt_workspace(home)
		toast('good', t('box-restored-pending'))
		onClose()
		go('pending')
	})
	const sections = [...new Set((diff?.changes ?? []).map(change => section_of(change.path)))]
	const shown = diff && { ...diff, changes: diff.changes.filter(change => !without.includes(section_of(change.path))) }
	return (
		<Dialog sheet wide title={t('box-restore-title', { name })} lead={t('box-restore-lead')} onClose={onClose} onSubmit={() => void (diff ? take() : report ? preview() : look())}
			actions={<><Button onClick={onClose}>{t('word-cancel')}</Button>
				<Button kind="primary" type="submit" icon={diff ? 'check' : 'search'} busy={busy} disabled={diff ? shown?.changes.length === 0 : !secret.text}>{t(diff ? 'box-take' : report ? 'box-preview' : 'box-look-inside')}</Button></>}>
			{trouble && <ErrorSummary title={trouble} errors={errors} />}
			{!diff && <>
				<Segments label={t('box-opened-by')} name="restore-by" value={secret.by} onValue={by => set_secret({ by, text: '' })}
					options={[{ key: 'passphrase', text: t('box-passphrase'), icon: 'lock' }, { key: 'identity', text: t('box-identity'), icon: 'key' }]} />
				<TextField label={t(secret.by === 'passphrase' ? 'box-passphrase' : 'box-identity')} name="restore-secret" type="password" autoComplete="off" value={secret.text} onValue={text => set_secret({ ...secret, text })} />
			</>}
			{report && <Found report={report} />}
			{report && !diff && <Mapping map={map} onMap={set_map} />}
			{shown && <>
				{workspace.value?.changes ? <Notice tone="warn" icon="alert" title={t('box-replaces-pending')} /> : null}
				<fieldset class="chips-field"><legend>{t('box-sections')}</legend>
					<div class="chips">{sections.map(name => <label key={name} class="chip"><input type="checkbox" checked={!without.includes(name)}
						onChange={event => set_without(event.currentTarget.checked ? without.filter(one => one !== name) : [...without, name])} /><span>{name}</span></label>)}</div></fieldset>
				<h3>{t('box-would-change')}</h3>
				<DiffTree diff={shown} />
			</>}
		</Dialog>
	)
}

/** A file that is larger than one answer comes in pieces, and is put together here. */
async function fetch_pieces(address: string, name: string, size: number) {
	const pieces: Blob[] = []
	for (let at = 0; at < size; at += pieces[pieces.length - 1].size) {
		const response = await fetch(`${address}?offset=${at}`, { credentials: 'same-origin', cache: 'no-store' })
		const piece = await response.blob()
		if (!response.ok || piece.size === 0)
			throw new Error(response.statusText)
		pieces.push(piece)
	}
	const link = document.createElement('a')
	link.href = URL.createObjectURL(new Blob(pieces, { type: 'application/octet-stream' }))
	link.download = name
	link.click()
	URL.revokeObjectURL(link.href)
}

function Bring({ onDone }: { onDone: () => void }) {
	const input = useRef<HTMLInputElement>(null)
	const send = async (file: File) => {
		let at = 0
		do {
			await call('PUT', `/backups/${encodeURIComponent(file.name)}?offset=${at}&size=${file.size}`, { body: file.slice(at, at + PIECE), type: 'application/octet-stream' })
			at += PIECE
		} while (at < file.size)
		toast('good', t('box-brought', { name: file.name }))
		onDone()
	}
	return (
		<>
			<input ref={input} type="file" class="unseen" tabIndex={-1} aria-label={t('box-bring')} onChange={event => {
				const file = event.currentTarget.files?.[0]
				if (file)
					send(file).catch(complain)
				event.currentTarget.value = ''
			}} />
			<Button icon="up" onClick={() => input.current?.click()}>{t('box-bring')}</Button>
		</>
	)
}

export default function Backups() {
	const [rows, set_rows] = useState<Backup[] | null>(null)
	const [targets, set_targets] = useState<Target[]>([])
	const [fault, set_fault] = useState('')
	const [error, set_error] = useState('')
	const [making, set_making] = useState(false)
	const [restoring, set_restoring] = useState<string | null>(null)
	const read = () => void get<{ backups: Backup[]; fault?: string; targets?: Target[] }>('/backups').then(body => {
		set_rows(body.backups)
		set_targets(body.targets ?? [])
		set_fault(body.fault ?? '')
		set_error('')
	}, problem => set_error(words_of(problem)))
	useEffect(read, [])
	const address = (name: string) => `/api/v1/backups/${encodeURIComponent(name)}`
	const remove = (name: string) => void call('DELETE', `/backups/${encodeURIComponent(name)}`).then(() => { toast('good', t('box-removed', { name })); read() }, complain)
	return (
		<div class="page">
			<PageHead title={t('box-backups')} lead={t('box-backups-lead')}>
				{may('backups') && <><Bring onDone={read} /><Button kind="primary" icon="plus" onClick={() => set_making(true)}>{t('box-new-backup')}</Button></>}
			</PageHead>
			{error && <Notice alert tone="bad" icon="lock" title={t('box-backups-unreadable')}><p>{error}</p></Notice>}
			{fault && <Notice alert tone="bad" icon="alert" title={t('box-backup-fault')}><p>{fault}</p></Notice>}
			{!rows && !error && <Skeleton lines={5} />}
			{rows && <Card title={t('box-on-the-box')} icon="box" flush actions={<a class="card-link" href="#/settings/management">{t('box-schedule')}</a>}>
				{rows.length === 0 ? <Empty icon="box" title={t('box-no-backup')}><p>{t('box-no-backup-more')}</p></Empty>
					: <Table label={t('box-on-the-box')} rows={rows} keyOf={row => row.name} columns={[
						{ key: 'name', text: t('word-name'), head: true, cell: row => <code>{row.name}</code> },
						{ key: 'content', text: t('box-content'), cell: row => <>{t(CONTENTS[row.content] ?? 'box-full')}{row.scheduled && <> <Badge icon="clock">{t('box-scheduled')}</Badge></>}</> },
						{ key: 'made', text: t('box-made'), cell: row => <time dateTime={row['created-at']}>{date_time(row['created-at'])}</time> },
						{ key: 'size', text: t('box-size'), end: true, cell: row => byte_size(row.size) },
						{ key: 'acts', text: t('word-actions'), end: true, cell: row => <span class="row-acts"><Button small icon="undo" aria-label={t('box-restore-one', { name: row.name })} onClick={() => set_restoring(row.name)}>{t('word-restore')}</Button>
							<a class="icon-button" href={address(row.name)} download={row.name} onClick={event => {
								if (row.size <= WHOLE)
									return
								event.preventDefault()
								fetch_pieces(address(row.name), row.name, row.size).catch(complain)
							}} aria-label={t('box-download', { name: row.name })} title={t('box-download', { name: row.name })}><Icon name="down" /></a>
							<Menu label={t('box-actions-for', { name: row.name })} items={[{ text: t('word-remove'), icon: 'trash', danger: true, then: () => remove(row.name) }]} /></span> },
					]} />}
			</Card>}
			{targets.length > 0 && <Card title={t('box-sent-away')} icon="up" flush>
				<Table label={t('box-sent-away')} rows={targets} keyOf={(row, at) => `${row.name} ${at}`} columns={[
					{ key: 'name', text: t('box-target'), head: true, cell: row => row.name },
					{ key: 'file', text: t('box-file'), cell: row => <code>{row.file}</code> },
					{ key: 'state', text: t('word-state'), cell: row => { const [tone, icon, text] = SENT[row.state] ?? SENT.waiting; return <Badge tone={tone} icon={icon}>{t(text)}</Badge> } },
					{ key: 'text', text: t('box-said'), cell: row => <>{row.text}{row.time && <small class="soft"> <time dateTime={row.time}>{date_time(row.time)}</time></small>}</> },
				]} />
			</Card>}
			{making && <NewBackup onClose={made => { set_making(false); if (made) read() }} />}
			{restoring && <Restore name={restoring} onClose={() => set_restoring(null)} />}
		</div>
	)
}
