// SPDX-License-Identifier: GPL-3.0-or-later
// What was done, and by whom: the audit log with its signed head, searched on the appliance.
import '../css/access.css'
import { useEffect, useRef, useState } from 'preact/hooks'
import { get, words_of } from '../core/api'
import { ago, date_time, full_count } from '../core/format'
import { settle, place } from '../core/router'
import { now } from '../core/store'
import { msg, t, T } from '../core/words'
import { Icon, type IconName } from '../ui/icon'
import { Badge, Button, Card, Empty, Notice, PageHead, Skeleton } from '../ui/parts'
import { Table } from '../ui/table'

interface Entry {
	seq: number
	time: string
	actor: string
	origin: string
	action: string
	object: string
	result: string
	detail?: string
}

interface Head {
	size: number
	oldest: number
	head?: { 'audit-head': number; size: number; time: string; root: string }
	checked?: { head: number; size: number; time: string }
	alarm?: string
	problem?: string
}

const FIELDS = ['actor', 'action', 'object', 'since', 'until'] as const
const LABELS: Record<typeof FIELDS[number], [string, string]> = { actor: [msg('access-who'), msg('access-example-who')], action: [msg('access-did'), msg('access-example-did')], object: [msg('access-what'), msg('access-example-what')], since: [msg('access-since-when'), '2026-11-28T10:00'], until: [msg('access-until-when'), '2026-11-28T12:00'] }
type Wish = Record<typeof FIELDS[number], string>
const TONES: Record<string, ['good' | 'bad' | 'warn' | 'plain', IconName]> = { ok: ['good', 'check'], kept: ['good', 'check'], accepted: ['good', 'check'], refused: ['bad', 'x'], failed: ['bad', 'alert'], denied: ['bad', 'x'], 'rolled-back': ['warn', 'undo'] }

/** Is the log what was signed? */
function State({ head }: { head: Head }) {
	if (head.alarm || head.problem)
		return <Notice alert tone="bad" icon="alert" title={t('access-the-audit-log-is-not')}><p>{head.alarm || head.problem}</p></Notice>
	return (
		<Card class="audit-state"><p><Badge tone="good" icon="shield">{t('access-records', { size: full_count(head.size) })}</Badge>
			{head.head && <>{' '}<T id="access-signed-by-head-over-records" args={{ 'audit-head': String(head.head['audit-head']), size: full_count(head.head.size), time: ago(head.head.time, now.value) }} parts={{ root: <code class="root">{head.head.root}</code> }} /></>}
			{head.checked && <small class="soft"> {t('access-the-box-read-all-of', { time: ago(head.checked.time, now.value) })}</small>}</p></Card>
	)
}

export default function Audit() {
	const begin = Object.fromEntries(FIELDS.map(name => [name, place.value.query.get(name) ?? ''])) as Wish
	const [wish, set_wish] = useState<Wish>(begin)
	const [rows, set_rows] = useState<Entry[] | null>(null)
	const [next, set_next] = useState<number | null>(null)
	const [head, set_head] = useState<Head | null>(null)
	const [error, set_error] = useState('')
	const asked = useRef(0)
	const read = async (before?: number) => {
		const mine = ++asked.current
		const query = new URLSearchParams({ limit: '100', ...before !== undefined && { before: String(before) } })
		for (const [name, text] of Object.entries(wish))
			if (text)
				query.set(name, text)
		try {
			const body = await get<{ records: Entry[]; next?: number }>(`/audit?${query}`)
			if (mine !== asked.current)
				return
			set_rows(old => before !== undefined ? [...old ?? [], ...body.records] : body.records)
			set_next(body.next ?? null)
			set_error('')
		} catch (problem) {
			if (mine === asked.current)
				set_error(words_of(problem))
		}
	}
	const wanted = JSON.stringify(wish)
	useEffect(() => {
		const soon = setTimeout(() => void read(), 250)
		settle(Object.fromEntries(Object.entries(wish).filter(([, text]) => text)))
		return () => clearTimeout(soon)
	}, [wanted])
	useEffect(() => void get<Head>('/audit/head').then(set_head, () => {}), [])
	return (
		<div class="page">
			<PageHead title={t('access-audit-log')} lead={t('access-what-was-done-and-by')} />
			{head && <State head={head} />}
			<div class="tools audit-wish" role="search" aria-label={t('access-search-the-audit-log')}>
				{FIELDS.map(name => <label key={name} class="wish-field"><span>{t(LABELS[name][0])}</span>
					<input class="input" value={wish[name]} placeholder={t(LABELS[name][1])} spellcheck={false} onInput={event => set_wish({ ...wish, [name]: event.currentTarget.value })} /></label>)}
			</div>
			{error && <Notice alert tone="bad" icon="alert" title={error} />}
			{!rows && !error && <Skeleton lines={8} />}
			{rows && rows.length === 0 && <Card><Empty icon="search" title={t('access-no-record-fits')} /></Card>}
			{rows && rows.length > 0 && <Card flush><Table label={t('access-audit-records-newest-first')} rows={rows} keyOf={row => String(row.seq)} columns={[
				{ key: 'index', text: t('access-record'), end: true, cell: row => full_count(row.seq) },
				{ key: 'time', text: t('access-when'), cell: row => <time dateTime={row.time} title={row.time}>{date_time(row.time)}</time> },
				{ key: 'actor', text: t('access-who'), head: true, cell: row => <div class="cell-title"><span>{row.actor || t('word-appliance')}</span>{row.origin && <small>{row.origin}</small>}</div> },
				{ key: 'action', text: t('access-did'), cell: row => row.action },
				{ key: 'object', text: t('access-what'), cell: row => <div class="cell-title"><span class="any-text">{row.object}</span>{row.detail && <small class="any-text">{row.detail}</small>}</div> },
				{ key: 'result', text: t('access-result'), cell: row => { const [tone, icon] = TONES[row.result] ?? ['plain', 'info']; return <Badge tone={tone} icon={icon}>{row.result}</Badge> } },
			]} /></Card>}
			{next !== null && <Button onClick={() => void read(next)}><Icon name="down" />{t('access-older-records')}</Button>}
		</div>
	)
}
