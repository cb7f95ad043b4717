// SPDX-License-Identifier: GPL-3.0-or-later
// What the kernel has otherwise than configured: put it back, or let exactly this be; and what was found before.
import '../css/box.css'
import { useEffect, useState } from 'preact/hooks'
import { call, get, list_of, post, words_of } from '../core/api'
import { ago, date_time, full_count, number_of, until } from '../core/format'
import { on_event } from '../core/live'
import { complain, may, now, running_edits, toast } from '../core/store'
import { msg, t } from '../core/words'
import { Dialog } from '../ui/dialog'
import type { IconName } from '../ui/icon'
import { Badge, Button, Card, Empty, Notice, PageHead, SelectField, Skeleton, TextField } from '../ui/parts'
import { Table } from '../ui/table'

interface Difference {
	id: string
	owner: string
	path?: string
	object: string
	detail: string
	class: string
	action: string
	stands: boolean
	since: string
	acceptance?: { by: string; comment: string; at: string; until?: string }
}

interface Found {
	time: string
	owner: string
	object: string
	class: string
	detail: string
	action: string
	ended?: string
	by?: string
}

interface Check {
	owner: string
	by: string
	'differences-count': number
	differences: { path: string; object: string; text: string }[]
	error?: string
}

const ACTIONS: Record<string, ['good' | 'bad' | 'warn' | 'note' | 'plain', IconName, string]> = { repaired: ['good', 'check', msg('drift-repaired')], reported: ['warn', 'alert', msg('drift-reported')],
	accepted: ['note', 'check', msg('drift-accepted')], failed: ['bad', 'x', msg('drift-failed')], gone: ['plain', 'undo', msg('drift-gone')] }
const CLASSES: Record<string, ['bad' | 'warn' | 'note', IconName, string]> = { critical: ['bad', 'alert', msg('drift-critical')], warning: ['warn', 'alert', msg('drift-warning')], info: ['note', 'info', msg('drift-info')] }
const LIFETIMES: [string, string][] = [['', msg('drift-for-ever')], ['3600', msg('drift-1-hour')], ['86400', msg('drift-1-day')], ['604800', msg('drift-7-days')], ['2592000', msg('drift-30-days')]]

function Class({ name }: { name: string }) {
	const [tone, icon, text] = CLASSES[name] ?? ['note', 'info', '']
	return <Badge tone={tone} icon={icon}>{text ? t(text) : name}</Badge>
}

let again = () => {}
on_event('drift', () => again())

function Accept({ row, onClose }: { row: Difference; onClose: (done: boolean) => void }) {
	const [comment, set_comment] = useState('')
	const [seconds, set_seconds] = useState('604800')
	const [error, set_error] = useState('')
	const [busy, set_busy] = useState(false)
	const save = async () => {
		set_busy(true)
		set_error('')
		try {
			await post(`/drift/${encodeURIComponent(row.id)}/accept`, { comment, ...seconds && { 'expires-in': Number(seconds) } })
			toast('good', t('drift-accepted-now'))
			onClose(true)
		} catch (problem) {
			set_busy(false)
			set_error(words_of(problem))
		}
	}
	return (
		<Dialog title={t('drift-accept-title')} lead={`${row.object}: ${row.detail}`} onClose={() => onClose(false)} onSubmit={() => void save()}
			actions={<><Button onClick={() => onClose(false)}>{t('word-cancel')}</Button><Button kind="primary" type="submit" icon="check" busy={busy} disabled={!comment.trim()}>{t('drift-accept')}</Button></>}>
			{error && <Notice alert tone="bad" icon="alert" title={error} />}
			<TextField label={t('drift-why')} name="drift-comment" value={comment} onValue={set_comment} maxLength={255} hint={t('drift-why-hint')} required />
			<SelectField label={t('drift-how-long')} name="drift-until" value={seconds} options={LIFETIMES.map(([key, text]) => [key, t(text)])} onValue={set_seconds} />
		</Dialog>
	)
}

function Standing({ rows, onRead }: { rows: Difference[]; onRead: () => void }) {
	const [accepting, set_accepting] = useState<Difference | null>(null)
	const change = (then: Promise<unknown>, words: string) => void then.then(() => { toast('good', words); onRead() }, complain)
	const address = (row: Difference) => `/drift/${encodeURIComponent(row.id)}`
	return (
		<Card title={t('drift-now')} icon="drift" flush actions={<a class="card-link" href="#/settings/drift">{t('drift-policy')}</a>}>
			{rows.length === 0 ? <Empty icon="shield" title={t('drift-none')}><p>{t('drift-none-more')}</p></Empty>
				: <Table label={t('drift-now')} rows={rows} keyOf={row => row.id} columns={[
					{ key: 'object', text: t('drift-what'), head: true, cell: row => <div class="cell-title"><span>{row.object}</span><small class="any-text">{row.detail}</small></div> },
					{ key: 'class', text: t('drift-class'), cell: row => <Class name={row.class} /> },
					{ key: 'owner', text: t('drift-owner'), cell: row => row.owner },
					{ key: 'since', text: t('drift-since'), cell: row => <time dateTime={row.since}>{ago(row.since, now.value)}</time> },
					{ key: 'state', text: t('word-state'), cell: row => row.acceptance
						? <div class="cell-title"><span><Badge tone="note" icon="check">{t(row.stands ? 'drift-accepted' : 'drift-accepted-not-now')}</Badge></span>
							<small>{row.acceptance.by}: {row.acceptance.comment}{row.acceptance.until && <> ({until(row.acceptance.until, now.value)})</>}</small></div>
						: <Badge tone="warn" icon="alert">{t('drift-stands')}</Badge> },
					...may('commit') ? [{ key: 'acts', text: t('word-actions'), end: true, cell: (row: Difference) => <span class="row-acts">
						{row.stands && <Button small icon="undo" aria-label={t('drift-repair-one', { object: row.object })} onClick={() => change(post(address(row) + '/repair'), t('drift-repaired-now'))}>{t('drift-repair')}</Button>}
						{row.acceptance ? <Button small icon="x" aria-label={t('drift-take-back-one', { object: row.object })} onClick={() => change(call('DELETE', address(row)), t('drift-taken-back'))}>{t('drift-take-back')}</Button>
							: row.owner !== 'fwd' && <Button small icon="check" aria-label={t('drift-accept-one', { object: row.object })} onClick={() => set_accepting(row)}>{t('drift-accept')}</Button>}</span> }] : [],
				]} />}
			{accepting && <Accept row={accepting} onClose={done => { set_accepting(null); if (done) onRead() }} />}
		</Card>
	)
}

/** The whole kernel against the whole configuration, now. */
function Verification() {
	const [found, set_found] = useState<{ revision: number; verified: boolean; checks: Check[]; 'took-us': number } | null>(null)
	const [busy, set_busy] = useState(false)
	const run = async () => {
		set_busy(true)
		await post<NonNullable<typeof found>>('/verification').then(set_found, complain)
		set_busy(false)
	}
	return (
		<Card title={t('drift-compare')} icon="search" actions={<Button small icon="shield" busy={busy} onClick={() => void run()}>{t('drift-compare-now')}</Button>}>
			{!found ? <p class="soft">{t('drift-compare-more')}</p> : <>
				<p role="status">{found.verified ? <Badge tone="good" icon="shield">{t('drift-same', { revision: String(found.revision) })}</Badge> : <Badge tone="bad" icon="alert">{t('drift-differs', { revision: String(found.revision) })}</Badge>}
					<small class="soft"> {t('drift-took', { ms: Math.round(found['took-us'] / 1000) })}</small></p>
				<ul class="plain-list">{found.checks.map(check => <li key={check.owner + check.by}><b>{check.owner}</b> <span class="soft">{check.by}</span>: {check.error ?? t('drift-n-differences', { count: check['differences-count'] })}
					{check.differences.length > 0 && <ul>{check.differences.map((one, at) => <li key={at}><code>{one.path}</code> {one.object}: {one.text}</li>)}</ul>}</li>)}</ul>
			</>}
		</Card>
	)
}

export default function Drift() {
	const [rows, set_rows] = useState<Difference[] | null>(null)
	const [found, set_found] = useState<Found[] | null>(null)
	const [error, set_error] = useState('')
	const edits = running_edits.value
	const read = () => {
		void get('/drift').then(body => { set_rows(list_of<Difference>(body, 'differences')); set_error('') }, problem => set_error(words_of(problem)))
		void get('/state/drift?limit=100').then(body => set_found(list_of<Found>(body, 'drift')), () => set_found([]))
	}
	useEffect(() => {
		read()
		again = read
		return () => { again = () => {} }
	}, [edits])
	return (
		<div class="page">
			<PageHead title={t('drift-title')} lead={t('drift-lead')} />
			{error && <Notice alert tone="bad" icon="unlink" title={t('drift-unreadable')}><p>{error}</p></Notice>}
			{!rows && !error && <Skeleton lines={5} />}
			{rows && <Standing rows={rows} onRead={read} />}
			<Verification />
			{found && <Card title={t('drift-found')} icon="history" flush actions={<span class="card-note">{full_count(number_of(found.length))}</span>}>
				{found.length === 0 ? <Empty icon="check" title={t('drift-nothing-found')} />
					: <Table label={t('drift-found')} rows={found} keyOf={(row, at) => `${row.time} ${row.object} ${at}`} columns={[
						{ key: 'time', text: t('drift-when'), cell: row => <time dateTime={row.time} title={row.time}>{date_time(row.time)}</time> },
						{ key: 'object', text: t('drift-what'), head: true, cell: row => <div class="cell-title"><span>{row.object}</span><small class="any-text">{row.detail}</small></div> },
						{ key: 'class', text: t('drift-class'), cell: row => <Class name={row.class} /> },
						{ key: 'owner', text: t('drift-owner'), cell: row => row.owner },
						{ key: 'action', text: t('drift-done'), cell: row => { const [tone, icon, text] = ACTIONS[row.action] ?? ['plain', 'info', '']; return <Badge tone={tone} icon={icon}>{text ? t(text) : row.action}</Badge> } },
					]} />}
			</Card>}
		</div>
	)
}
