// SPDX-License-Identifier: GPL-3.0-or-later
// The connections that the kernel tracks: searched there, a page at a time, and ended.
import '../css/states.css'
import { useEffect, useRef, useState } from 'preact/hooks'
import { call, get, list_of, words_of } from '../core/api'
import { byte_size, duration, number_of } from '../core/format'
import { place, settle } from '../core/router'
import type { Packet } from '../core/rule-draft'
import { complain, toast } from '../core/store'
import type { Count } from '../core/types'
import { msg, t } from '../core/words'
import { Dialog, Menu } from '../ui/dialog'
import { Icon } from '../ui/icon'
import { GroupDialog, may_end_connections, packet_items } from '../ui/log-menu'
import { Origins } from '../ui/origin'
import { Badge, Button, Card, Empty, Notice, PageHead, Skeleton } from '../ui/parts'
import { Table } from '../ui/table'

interface Connection {
	id: number
	protocol: string
	state: string
	source: string
	'source-port'?: number
	'source-country'?: string
	'source-autonomous-system'?: number
	destination: string
	'destination-port'?: number
	'destination-country'?: string
	'destination-autonomous-system'?: number
	'translated-source'?: string
	'translated-source-port'?: number
	'translated-destination'?: string
	'translated-destination-port'?: number
	from?: string
	to?: string
	timeout: number
	bytes?: Count
	'reply-bytes'?: Count
	rate?: number		// bytes a second since it was read before
}

interface Told {
	connections: Connection[]
	total: number
	matched: number
	next?: string
}

const FIELDS = new Set(['protocol', 'state', 'source', 'destination', 'source-port', 'destination-port', 'from', 'to', 'address', 'port', 'mark', 'translated-source', 'translated-destination'])
const PROTOCOLS = /^(tcp|udp|icmp|icmpv6|sctp|gre|esp|udplite|dccp)$/
const SORTS: [string, string][] = [['-bytes', msg('states-most-bytes')], ['bytes', msg('states-fewest-bytes')], ['source', msg('states-by-sender')], ['destination', msg('states-by-receiver')], ['-timeout', msg('states-last-used')]]

/** What is typed becomes filters of the appliance: an address or network, a port or range, a protocol, or "from:lan". Null: it says nothing. */
export function filters_of(text: string): { filters: URLSearchParams; unknown: string[] } {
	const filters = new URLSearchParams()
	const unknown: string[] = []
	for (const word of text.trim().split(/\s+/).filter(Boolean)) {
		const [, field, value] = word.match(/^([a-z-]+)[:=](.+)$/) ?? []
		if (field && FIELDS.has(field))
			filters.append(`filter[${field}]`, value)
		else if (/^\d{1,5}(-\d{1,5})?$/.test(word))
			filters.append('filter[port]', word)
		else if (PROTOCOLS.test(word))
			filters.append('filter[protocol]', word)
		else if (/^[0-9a-f.:]+(\/\d{1,3})?$/i.test(word) && /[.:]/.test(word))
			filters.append('filter[address]', word)
		else
			unknown.push(word)
	}
	return { filters, unknown }
}

/** What moved since each was read before. */
function rates_of(rows: Connection[], seen: Map<string, { bytes: number; at: number }>) {
	const at = performance.now()
	for (const row of rows) {
		if (row.bytes === undefined)
			continue
		const bytes = number_of(row.bytes) + number_of(row['reply-bytes'])
		const before = seen.get(String(row.id))
		if (before && at - before.at > 500)
			row.rate = Math.max(0, (bytes - before.bytes) * 1000 / (at - before.at))
		seen.set(String(row.id), { bytes, at })
	}
}

const one_of = (row: Connection) => new URLSearchParams(Object.entries({ 'filter[protocol]': row.protocol, 'filter[source]': row.source, 'filter[destination]': row.destination,
	...row['source-port'] !== undefined && { 'filter[source-port]': String(row['source-port']) }, ...row['destination-port'] !== undefined && { 'filter[destination-port]': String(row['destination-port']) } }))
const packet_of = (row: Connection): Packet => ({ protocol: row.protocol, source: row.source, destination: row.destination, port: row['destination-port'], from: row.from, to: row.to, action: 'accept' })

function End({ address, port, after, after_port, zone, country, system }: { address: string; port?: number; after?: string; after_port?: number; zone?: string; country?: string; system?: number }) {
	return (
		<span class="state-end"><span class="mono">{address}{port ? <span class="port-number">:{port}</span> : null}</span><Origins country={country} system={system} />
			{after && <small class="mono" title={t('states-translated-to')}>→ {after}{after_port ? `:${after_port}` : ''}</small>}{zone && <small class="soft">{zone}</small>}</span>
	)
}

export default function States() {
	const [text, set_text] = useState(place.value.query.get('filter') ?? '')
	const [sort, set_sort] = useState('-bytes')
	const [told, set_told] = useState<Told | null>(null)
	const [trouble, set_trouble] = useState('')
	const [busy, set_busy] = useState(false)
	const [asking, set_asking] = useState<{ filters: URLSearchParams; words: string } | null>(null)
	const [group, set_group] = useState<string | null>(null)
	const turn = useRef(0)
	const seen = useRef(new Map<string, { bytes: number; at: number }>())
	const { filters, unknown } = filters_of(text)

	const read = async (cursor?: string) => {
		const mine = ++turn.current
		const query = new URLSearchParams([...filters, ['sort', sort], ['limit', '100'], ...(cursor ? [['cursor', cursor]] : [])])
		set_busy(true)
		try {
			const body = await get<Told>('/state/connections?' + query)
			const rows = list_of<Connection>(body, 'connections')
			if (mine === turn.current) {
				rates_of(rows, seen.current)
				set_told(before => ({ ...body, connections: cursor && before ? [...before.connections, ...rows] : rows }))
				set_trouble('')
			}
		} catch (problem) {
			if (mine === turn.current)
				set_trouble(words_of(problem))
		}
		if (mine === turn.current)
			set_busy(false)
	}
	useEffect(() => {
		const soon = setTimeout(() => {
			settle(text ? { filter: text } : {})
			void read()
		}, told ? 300 : 0)
		return () => clearTimeout(soon)
	}, [text, sort])

	const end = async () => {
		const what = asking
		set_asking(null)
		if (!what)
			return
		try {
			const { body } = await call<{ ended: number }>('DELETE', '/state/connections?' + what.filters)
			toast('good', t('states-n-ended', { count: body.ended ?? 0 }))
			void read()
		} catch (problem) {
			complain(problem)
		}
	}
	const rows = told?.connections ?? []
	const may_end = may_end_connections()
	return (
		<div class="page">
			<PageHead title={t('shell-connections')} lead={t('states-lead')}>
				<Button icon="history" busy={busy} onClick={() => void read()}>{t('states-read-again')}</Button>
				{may_end && [...filters].length > 0 && (told?.matched ?? 0) > 0 && <Button icon="x" onClick={() => set_asking({ filters, words: t('states-n-that-fit', { count: told?.matched ?? 0, text: text.trim() }) })}>{t('states-end-all', { count: told?.matched ?? 0 })}</Button>}
			</PageHead>
			<div class="tools">
				<label class="search"><Icon name="search" /><span class="unseen">{t('states-search')}</span>
					<input type="search" placeholder={t('states-search-hint')} value={text} spellcheck={false} autoComplete="off" onInput={event => set_text(event.currentTarget.value)} /></label>
				<label class="select states-sort"><span class="unseen">{t('states-order')}</span><select value={sort} onChange={event => set_sort(event.currentTarget.value)}>
					{SORTS.map(([key, name]) => <option key={key} value={key}>{t(name)}</option>)}</select><Icon name="chevron" size={16} /></label>
				<span class="tools-count" role="status">{told && t('states-matched', { matched: told.matched, count: told.total })}</span>
			</div>
			{unknown.length > 0 && <p class="soft">{t('states-unknown-word', { words: unknown.join(' ') })}</p>}
			{trouble && <Notice alert tone="bad" icon="unlink" title={t('states-unreadable')}><p>{trouble}</p></Notice>}
			{!told && !trouble && <Skeleton lines={8} />}
			{told && rows.length === 0 && <Card><Empty icon="search" title={t('states-none-like-that')} /></Card>}
			{rows.length > 0 && <Card flush>
				<Table label={t('shell-connections')} rows={rows} keyOf={row => String(row.id)} columns={[
					{ key: 'protocol', text: t('packets-protocol'), head: true, cell: row => <>{row.protocol} <Badge tone={row.state === 'unreplied' ? 'warn' : 'plain'}>{row.state}</Badge></> },
					{ key: 'source', text: t('packets-sender'), cell: row => <End address={row.source} port={row['source-port']} after={row['translated-source']} after_port={row['translated-source-port']} zone={row.from} country={row['source-country']} system={row['source-autonomous-system']} /> },
					{ key: 'destination', text: t('packets-receiver'), cell: row => <End address={row.destination} port={row['destination-port']} after={row['translated-destination']} after_port={row['translated-destination-port']} zone={row.to} country={row['destination-country']} system={row['destination-autonomous-system']} /> },
					{ key: 'bytes', text: t('states-bytes'), end: true, cell: row => row.bytes === undefined ? <span class="soft">{t('states-not-counted')}</span> : <>{byte_size(number_of(row.bytes))}<br /><small class="soft">{byte_size(number_of(row['reply-bytes']))}</small>
						{row.rate ? <><br /><small>{t('states-rate', { size: byte_size(row.rate) })}</small></> : null}</> },
					{ key: 'timeout', text: t('states-ends-in'), end: true, cell: row => duration(row.timeout) },
					{ key: 'acts', text: t('word-more'), end: true, cell: row => <Menu label={t('packets-more-for', { from: row.source, to: row.destination })} items={[...packet_items(packet_of(row), set_group),
						{ text: t('packets-only-sender'), icon: 'filter' as const, then: () => set_text(`source:${row.source}`) },
						...(may_end ? [{ text: t('states-end-it'), icon: 'x' as const, danger: true, then: () => set_asking({ filters: one_of(row), words: t('states-the-one', { from: row.source, to: row.destination }) }) }] : [])]} /> },
				]} />
			</Card>}
			{told?.next && <div><Button busy={busy} onClick={() => void read(told.next)}>{t('states-show-more')}</Button></div>}
			{asking && <Dialog title={t('states-end-connections')} lead={t('states-end-lead', { what: asking.words })} onClose={() => set_asking(null)}
				actions={<><Button onClick={() => set_asking(null)}>{t('shell-keep')}</Button><Button kind="danger" icon="x" data-autofocus onClick={() => void end()}>{t('states-end')}</Button></>} />}
			{group && <GroupDialog address={group} onClose={() => set_group(null)} />}
		</div>
	)
}
