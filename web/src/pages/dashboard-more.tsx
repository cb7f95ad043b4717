// SPDX-License-Identifier: GPL-3.0-or-later
// The widgets of the dashboard that come after its first sight.
import { useEffect, useState } from 'preact/hooks'
import { get, list_of, Problem } from '../core/api'
import { byte_size, clock_time, duration, list, number_of, short_count } from '../core/format'
import { box_lines, every } from '../core/history'
import { connected, counter_tick, counters, fetch_log, log_events, series_tick } from '../core/live'
import { address } from '../core/router'
import { complain } from '../core/store'
import type { Count, Machine, ProcessState, RuleState } from '../core/types'
import { t } from '../core/words'
import { Icon } from '../ui/icon'
import { ActionBadge, Badge, Card, Empty, Skeleton, Spark } from '../ui/parts'
import { Plot, type PlotKind } from '../ui/plot'
import { Table } from '../ui/table'

const words_of_caps = (caps: string | string[] | undefined) => list(caps).flatMap(one => one.split(/[\s,]+/)).filter(Boolean)

/** What really holds a process, as the kernel tells it. */
function Confinement({ process }: { process: ProcessState }) {
	const caps = words_of_caps(process.capabilities)
	const spaces = words_of_caps(process.namespaces)
	const filtered = process.seccomp === 'filter' || process.seccomp === 2
	const locked = process['no-new-privs'] === true
	return (
		<span class="confinement">
			{caps.length > 0 && <Badge tone="note" icon="key" title={caps.join(', ')}>{t('widgets-n-capabilities', { count: caps.length })}</Badge>}
			{caps.length === 0 && filtered && locked ? <Badge tone="good" icon="shield" title={t('widgets-confined-how')}>{t('widgets-confined')}</Badge> : <>
				{filtered ? <Badge tone="good" icon="filter">{t('widgets-seccomp')}</Badge> : <Badge tone="warn" icon="alert">{t('widgets-no-seccomp')}</Badge>}
				{!locked && <Badge tone="warn" icon="alert">{t('widgets-may-gain-rights')}</Badge>}
			</>}
			{spaces.length > 0 && <Badge icon="box" title={spaces.join(', ')}>{t('widgets-n-namespaces', { count: spaces.length })}</Badge>}
		</span>
	)
}

export function Processes({ rows }: { rows: ProcessState[] }) {
	const memory = rows.reduce((sum, row) => sum + number_of(row['memory-pss-kb'] ?? row['memory-rss-kb']), 0)
	return (
		<Card title={t('dashboard-processes')} icon="shield" flush actions={<span class="card-note">{t('widgets-together', { size: byte_size(memory * 1024) })}</span>}>
			<Table label={t('widgets-processes-held')} rows={rows} keyOf={row => row.name} columns={[
				{ key: 'name', text: t('widgets-process'), head: true, cell: row => <>
					<span class="process-name">{row.name}</span>
					{row.state && row.state !== 'running' && <Badge tone="bad" icon="alert">{row.state}</Badge>}
				</> },
				{ key: 'user', text: t('widgets-user'), cell: row => <span class="nowrap">{row.user || String(row.uid ?? '')}</span> },
				{ key: 'held', text: t('widgets-held-by'), cell: row => <Confinement process={row} /> },
				{ key: 'memory', text: t('widgets-memory'), end: true, cell: row => byte_size(number_of(row['memory-pss-kb'] ?? row['memory-rss-kb']) * 1024) },
				{ key: 'restarts', text: t('widgets-restarts'), end: true, cell: row => String(row.restarts ?? 0) },
				{ key: 'up', text: t('widgets-up-for'), end: true, cell: row => duration(number_of(row['uptime-seconds'])) },
			]} />
		</Card>
	)
}

export function TopRules({ rules }: { rules: RuleState[] }) {
	void counter_tick.value
	const most = Math.max(1, ...rules.map(rule => counters.get(rule.id)?.bytes ?? number_of(rule.bytes)))
	return (
		<Card title={t('dashboard-rules')} icon="rules" actions={<a class="card-link" href="#/rules">{t('widgets-all-rules')}</a>}>
			{rules.length === 0 ? <Empty icon="rules" title={t('widgets-no-match')} />
				: <ol class="top-rules">
					{rules.map(rule => {
						const live = counters.get(rule.id)
						const bytes = live?.bytes ?? number_of(rule.bytes)
						return (
							<li key={rule.id}>
								<a class="top-rule-name" href={address('rules', { focus: rule.id })}>{rule.id}</a>
								{rule.action ? <ActionBadge action={rule.action} /> : <span />}
								<Spark values={live?.spark ?? []} />
								<span class="top-rule-count">{byte_size(bytes)}<small>{t('widgets-packets', { count: short_count(live?.packets ?? number_of(rule.packets)) })}</small></span>
								<progress class="share" max={most} value={bytes} aria-label={t('widgets-share-of', { name: rule.id })} />
							</li>
						)
					})}
				</ol>}
		</Card>
	)
}

/* ---- the machine ---- */

const percent = (value: number) => `${Math.round(value / 10)} %`
const whole = (total: number) => () => total
const CPU: PlotKind = { lines: [{ name: 'cpu', token: '--accent' }], top: whole(1000), words: value => value ? percent(value) : '0' }
const bytes_kind = (name: string, total: number): PlotKind => ({ lines: [{ name, token: '--accent' }], top: whole(total || 1), words: value => value ? byte_size(value).replace(/\.0+(?= )/, '') : '0' })
let kinds: { total: string; memory: PlotKind; disk: PlotKind } = { total: '', memory: bytes_kind('memory', 0), disk: bytes_kind('disk', 0) }

/** A plot is made anew when its kind is another one: the same as long as the machine is. */
function kinds_of(machine: Machine) {
	const total = `${machine['memory-total']} ${machine['disk-total']}`
	if (kinds.total !== total)
		kinds = { total, memory: bytes_kind('memory', number_of(machine['memory-total'])), disk: bytes_kind('disk', number_of(machine['disk-total'])) }
	return kinds
}

function Gauge({ text, value, more, kind }: { text: string; value: string; more?: string; kind: PlotKind }) {
	return (
		<div class="gauge">
			<p class="gauge-head"><span>{text}</span><b>{value}</b>{more && <small>{more}</small>}</p>
			<Plot kind={kind} height={104} axis={58} label={t('widgets-over-time', { name: text })} />
		</div>
	)
}

export function MachineCard({ machine }: { machine: Machine }) {
	void series_tick.value
	const kind = kinds_of(machine)
	const cpu = machine.cpu ?? box_lines.get('cpu')?.values.at(-1)
	return (
		<Card title={t('dashboard-machine')} icon="box">
			<div class="gauges">
				{cpu !== undefined && <Gauge text={t('widgets-processors')} value={percent(cpu)} more={machine.processors ? t('dashboard-of', { total: machine.processors }) : undefined} kind={CPU} />}
				{machine['memory-total'] !== undefined && <Gauge text={t('widgets-memory')} value={byte_size(number_of(machine['memory-used']))} more={t('dashboard-of', { total: byte_size(number_of(machine['memory-total'])) })} kind={kind.memory} />}
				<Gauge text={t('widgets-disk')} value={byte_size(number_of(machine['disk-used']))} more={t('dashboard-of', { total: byte_size(number_of(machine['disk-total'])) })} kind={kind.disk} />
			</div>
		</Card>
	)
}

/* ---- who talks most ---- */

interface Connection {
	source: string
	bytes?: Count
	'reply-bytes'?: Count
}

const LARGEST = 200

/** Of the largest connections those of one sender together. */
function talkers_of(rows: Connection[]) {
	const sums = new Map<string, { bytes: number; count: number }>()
	for (const row of rows) {
		const sum = sums.get(row.source) ?? { bytes: 0, count: 0 }
		sum.bytes += number_of(row.bytes) + number_of(row['reply-bytes'])
		sum.count++
		sums.set(row.source, sum)
	}
	return [...sums].map(([source, sum]) => ({ source, ...sum })).sort((a, b) => b.bytes - a.bytes).slice(0, 6)
}

export function Talkers() {
	const [rows, set_rows] = useState<Connection[] | null>(null)
	const [trouble, set_trouble] = useState('')
	useEffect(() => {
		const read = () => void get(`/state/connections?sort=-bytes&limit=${LARGEST}`).then(body => {
			set_rows(list_of<Connection>(body, 'connections'))
			set_trouble('')
		}, problem => set_trouble(problem instanceof Problem ? problem.words : String(problem)))
		read()
		return every(10_000, read)
	}, [])
	const talkers = talkers_of(rows ?? [])
	const most = Math.max(1, ...talkers.map(one => one.bytes))
	const counted = rows?.some(row => row.bytes !== undefined)
	return (
		<Card title={t('dashboard-talkers')} icon="swap" actions={<a class="card-link" href="#/states">{t('widgets-all-connections')}</a>}>
			{trouble && <p class="soft">{trouble}</p>}
			{!rows && !trouble && <Skeleton lines={4} />}
			{rows && !counted && <Empty icon="swap" title={t(rows.length ? 'widgets-not-counted' : 'widgets-no-connection')} />}
			{rows && counted && <ol class="top-rules">
				{talkers.map(one => <li key={one.source}>
					<a class="top-rule-name mono" href={address('states', { filter: one.source })}>{one.source}</a><span /><span class="soft nowrap">{t('widgets-n-connections', { count: one.count })}</span>
					<span class="top-rule-count">{byte_size(one.bytes)}</span>
					<progress class="share" max={most} value={one.bytes} aria-label={t('widgets-share-of', { name: one.source })} />
				</li>)}
			</ol>}
		</Card>
	)
}

/* ---- what was refused last ---- */

export function Refused() {
	useEffect(() => { fetch_log().catch(complain) }, [connected.value === 'yes'])
	const rows = log_events.value.filter(event => event.action !== 'accept').slice(0, 8)
	return (
		<Card title={t('dashboard-refused')} icon="drop" flush actions={<a class="card-link" href="#/log">{t('shell-live-log')}</a>}>
			{rows.length === 0 ? <Empty icon="accept" title={t('widgets-nothing-refused')} />
				: <ul class="refused">{rows.map(event => <li key={String(event.sequence)}>
					<span class="mono soft">{clock_time(event.time).slice(0, 8)}</span><ActionBadge action={event.action} />
					<span class="mono refused-ends">{event.source} <Icon name="arrow" size={12} /> {event.destination}{event['destination-port'] ? `:${event['destination-port']}` : ''}</span>
					<span class="soft refused-rule">{event.rule}</span>
				</li>)}</ul>}
		</Card>
	)
}

export { Board } from '../ui/widgets'
