// SPDX-License-Identifier: GPL-3.0-or-later
// One screen that says whether all is well, and where the traffic is.
import '../css/dashboard.css'
import { useCallback, useEffect, useState } from 'preact/hooks'
import { get, list_of, Problem } from '../core/api'
import { ago, byte_size, clock_time, duration, full_count, list, number_of, plural, short_count } from '../core/format'
import { box_lines, DAY, fetch_day, fetch_history, put_machine, span, SPANS } from '../core/history'
import { forget_layout, layout, read_layout } from '../core/layout'
import { connected, counter_tick, counters, fetch_log, log_events, series, series_tick } from '../core/live'
import { address } from '../core/router'
import { complain, now, refresh_status, session, status, status_at, status_error } from '../core/store'
import type { Alarm, Count, InterfaceState, Machine, ProcessState, RuleState } from '../core/types'
import { Board, type Widget } from '../ui/widgets'
import { Icon, type IconName } from '../ui/icon'
import { LinkBadge, Rate } from '../ui/link'
import { ActionBadge, Badge, Button, Card, Empty, Notice, PageHead, Segments, Skeleton, Spark } from '../ui/parts'
import { Plot, type PlotKind, type Reading } from '../ui/plot'
import { Table } from '../ui/table'

/** What no event tells (connections, memory) is asked for every five seconds, and not while nobody looks. */
function use_fresh_status() {
	useEffect(() => every(5000, () => void refresh_status()), [])
	const machine = status.value?.machine
	useEffect(() => { if (machine) put_machine(machine) }, [machine])
}

/** Again and again, and not while nobody looks. */
function every(milliseconds: number, then: () => void) {
	const timer = setInterval(() => {
		if (!document.hidden)
			then()
	}, milliseconds)
	return () => clearInterval(timer)
}

/** The box tells what it remembers when the page opens and when the stream was away; its minutes while somebody looks at a day. */
function use_history() {
	const stands = connected.value === 'yes'
	useEffect(() => { if (stands) fetch_history(true).catch(complain) }, [stands])
	const is_day = span.value === DAY
	useEffect(() => {
		if (!is_day)
			return
		const read = () => void fetch_day().catch(complain)
		read()
		return every(60_000, read)
	}, [is_day])
}

function InterfaceCard({ link }: { link: InterfaceState }) {
	void series_tick.value
	const [reading, set_reading] = useState<Reading | null>(null)
	const take = useCallback((next: Reading | null) => set_reading(next), [])
	const one = series.get(link.name)
	const shown = reading ?? { time: null, rx: one?.rx.at(-1) ?? 0, tx: one?.tx.at(-1) ?? 0 }
	return (
		<section class="card link-card" aria-label={`Interface ${link.name}`}>
			<header class="link-head">
				<div><h3><a href={address('interfaces')}>{link.name}</a></h3>
					<p>{shown.time === null ? link.description || link['kernel-name'] : shown.time > Date.now() / 1000 - 600 ? `${Math.max(0, Math.round(Date.now() / 1000 - shown.time))} seconds ago` : ago(new Date(shown.time * 1000).toISOString())}</p></div>
				<LinkBadge link={link} />
			</header>
			<p class="link-rates">
				<Rate icon="down" label="in" tone="in" rate={shown.rx} />
				<Rate icon="up" label="out" tone="out" rate={shown.tx} />
			</p>
			<Plot link={link.name} label={`Throughput of ${link.name}`} onReading={take} />
		</section>
	)
}

function Tile({ icon, label, value, more, part, tone = 'plain' }: { icon: IconName; label: string; value: string; more?: string; part?: number
		tone?: 'plain' | 'bad' | 'good' }) {
	return (
		<div class={`tile tile-${tone}`}>
			<p class="tile-label"><Icon name={icon} size={16} />{label}</p>
			<p class="tile-value">{value}</p>
			{part !== undefined && <meter class="meter" min={0} max={1} value={part} high={0.9} aria-label={label}>{Math.round(part * 100)} %</meter>}
			{more && <p class="tile-more">{more}</p>}
		</div>
	)
}

const alarm_words = (alarm: Alarm) => alarm.text || [alarm.object, alarm.detail].filter(Boolean).join(': ') || 'Something is wrong'

function Alarms({ alarms }: { alarms: Alarm[] }) {
	return (
		<div class="alarms" role="region" aria-label="Alarms">
			{alarms.map((alarm, at) => {
				const grave = (alarm.severity ?? alarm.class) === 'critical'
				return (
					<Notice key={at} tone={grave ? 'bad' : 'warn'} icon="alert" title={alarm_words(alarm)}>
						<p>{[grave ? 'Critical' : 'Warning', alarm.owner && `seen by ${alarm.owner}`, alarm.time && ago(alarm.time, now.value)].filter(Boolean).join(', ')}</p>
					</Notice>
				)
			})}
		</div>
	)
}

const words_of_caps = (caps: string | string[] | undefined) => list(caps).flatMap(one => one.split(/[\s,]+/)).filter(Boolean)

/** What really holds a process, as the kernel tells it. */
function Confinement({ process }: { process: ProcessState }) {
	const caps = words_of_caps(process.capabilities)
	const spaces = words_of_caps(process.namespaces)
	const filtered = process.seccomp === 'filter' || process.seccomp === 2
	const locked = process['no-new-privs'] === true
	return (
		<span class="confinement">
			{caps.length > 0 && <Badge tone="note" icon="key" title={caps.join(', ')}>{plural(caps.length, 'capability', 'capabilities')}</Badge>}
			{caps.length === 0 && filtered && locked ? <Badge tone="good" icon="shield" title="No capability, a seccomp filter, no_new_privs">confined</Badge> : <>
				{filtered ? <Badge tone="good" icon="filter">seccomp</Badge> : <Badge tone="warn" icon="alert">no seccomp</Badge>}
				{!locked && <Badge tone="warn" icon="alert">may gain rights</Badge>}
			</>}
			{spaces.length > 0 && <Badge icon="box" title={spaces.join(', ')}>{plural(spaces.length, 'namespace')}</Badge>}
		</span>
	)
}

function Processes({ rows }: { rows: ProcessState[] }) {
	const memory = rows.reduce((sum, row) => sum + number_of(row['memory-pss-kb'] ?? row['memory-rss-kb']), 0)
	return (
		<Card title="Processes" icon="shield" flush actions={<span class="card-note">{byte_size(memory * 1024)} together</span>}>
			<Table label="Processes and what confines them" rows={rows} keyOf={row => row.name} columns={[
				{ key: 'name', text: 'Process', head: true, cell: row => <>
					<span class="process-name">{row.name}</span>
					{row.state && row.state !== 'running' && <Badge tone="bad" icon="alert">{row.state}</Badge>}
				</> },
				{ key: 'user', text: 'User', cell: row => <span class="nowrap">{row.user || String(row.uid ?? '')}</span> },
				{ key: 'held', text: 'Held by', cell: row => <Confinement process={row} /> },
				{ key: 'memory', text: 'Memory', end: true, cell: row => byte_size(number_of(row['memory-pss-kb'] ?? row['memory-rss-kb']) * 1024) },
				{ key: 'restarts', text: 'Restarts', end: true, cell: row => String(row.restarts ?? 0) },
				{ key: 'up', text: 'Up for', end: true, cell: row => duration(number_of(row['uptime-seconds'])) },
			]} />
		</Card>
	)
}

function TopRules({ rules }: { rules: RuleState[] }) {
	void counter_tick.value
	const most = Math.max(1, ...rules.map(rule => counters.get(rule.id)?.bytes ?? number_of(rule.bytes)))
	return (
		<Card title="Busiest rules" icon="rules" actions={<a class="card-link" href="#/rules">All rules</a>}>
			{rules.length === 0 ? <Empty icon="rules" title="No rule has matched yet" />
				: <ol class="top-rules">
					{rules.map(rule => {
						const live = counters.get(rule.id)
						const bytes = live?.bytes ?? number_of(rule.bytes)
						return (
							<li key={rule.id}>
								<a class="top-rule-name" href={address('rules', { focus: rule.id })}>{rule.id}</a>
								{rule.action ? <ActionBadge action={rule.action} /> : <span />}
								<Spark values={live?.spark ?? []} />
								<span class="top-rule-count">{byte_size(bytes)}<small>{short_count(live?.packets ?? number_of(rule.packets))} packets</small></span>
								<progress class="share" max={most} value={bytes} aria-label={`Share of ${rule.id}`} />
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
			<Plot kind={kind} height={104} axis={58} label={`${text} over time`} />
		</div>
	)
}

function MachineCard({ machine }: { machine: Machine }) {
	void series_tick.value
	const kind = kinds_of(machine)
	const cpu = machine.cpu ?? box_lines.get('cpu')?.values.at(-1)
	return (
		<Card title="Machine" icon="box">
			<div class="gauges">
				{cpu !== undefined && <Gauge text="Processors" value={percent(cpu)} more={machine.processors ? `of ${machine.processors}` : undefined} kind={CPU} />}
				{machine['memory-total'] !== undefined && <Gauge text="Memory" value={byte_size(number_of(machine['memory-used']))} more={`of ${byte_size(number_of(machine['memory-total']))}`} kind={kind.memory} />}
				<Gauge text="Disk" value={byte_size(number_of(machine['disk-used']))} more={`of ${byte_size(number_of(machine['disk-total']))}`} kind={kind.disk} />
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

function Talkers() {
	const [rows, set_rows] = useState<Connection[] | null>(null)
	const [trouble, set_trouble] = useState('')
	useEffect(() => {
		const read = () => void get(`/state/connections?sort=-bytes&limit=${LARGEST}&fields=source,bytes,reply-bytes`).then(body => {
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
		<Card title="Top talkers" icon="swap" actions={<a class="card-link" href="#/states">All connections</a>}>
			{trouble && <p class="soft">{trouble}</p>}
			{!rows && !trouble && <Skeleton lines={4} />}
			{rows && !counted && <Empty icon="swap" title={rows.length ? 'The kernel does not count bytes of connections' : 'There is no connection'} />}
			{rows && counted && <ol class="top-rules">
				{talkers.map(one => <li key={one.source}>
					<a class="top-rule-name mono" href={address('states', { filter: one.source })}>{one.source}</a><span /><span class="soft nowrap">{plural(one.count, 'connection')}</span>
					<span class="top-rule-count">{byte_size(one.bytes)}</span>
					<progress class="share" max={most} value={one.bytes} aria-label={`Share of ${one.source}`} />
				</li>)}
			</ol>}
		</Card>
	)
}

/* ---- what was refused last ---- */

function Refused() {
	useEffect(() => { fetch_log().catch(complain) }, [connected.value === 'yes'])
	const rows = log_events.value.filter(event => event.action !== 'accept').slice(0, 8)
	return (
		<Card title="Refused last" icon="drop" flush actions={<a class="card-link" href="#/log">Live log</a>}>
			{rows.length === 0 ? <Empty icon="accept" title="Nothing was refused and logged" />
				: <ul class="refused">{rows.map(event => <li key={String(event.sequence)}>
					<span class="mono soft">{clock_time(event.time).slice(0, 8)}</span><ActionBadge action={event.action} />
					<span class="mono refused-ends">{event.source} <Icon name="arrow" size={12} /> {event.destination}{event['destination-port'] ? `:${event['destination-port']}` : ''}</span>
					<span class="soft refused-rule">{event.rule}</span>
				</li>)}</ul>}
		</Card>
	)
}

export default function Dashboard() {
	use_fresh_status()
	use_history()
	const [arranging, set_arranging] = useState(false)
	const box = status.value
	const links = (box?.interfaces ?? []).filter(link => link.name)
	const widgets: Widget[] = [
		{ key: 'throughput', text: 'Throughput', icon: 'interfaces', size: 'full', show: () => links.length === 0 ? <Card><Empty icon="interfaces" title="No interface is configured" /></Card>
			: <><h2 class="unseen">Throughput</h2><div class="link-cards">{links.map(link => <InterfaceCard key={link.name} link={link} />)}</div></> },
		{ key: 'machine', text: 'Machine', icon: 'box', size: 'full', show: () => <MachineCard machine={box?.machine ?? {}} /> },
		{ key: 'rules', text: 'Busiest rules', icon: 'rules', size: 'half', show: () => <TopRules rules={box?.['top-rules'] ?? []} /> },
		{ key: 'talkers', text: 'Top talkers', icon: 'swap', size: 'half', show: () => <Talkers /> },
		{ key: 'refused', text: 'Refused last', icon: 'drop', size: 'full', show: () => <Refused /> },
		{ key: 'processes', text: 'Processes', icon: 'shield', size: 'full', show: () => <Processes rows={box?.processes ?? []} /> },
	]
	const usual = widgets.map(({ key, size }) => ({ key, size }))
	useEffect(() => read_layout(usual), [session.value?.user])
	if (!box)
		return <div class="page">{status_error.value ? <Notice alert tone="bad" icon="unlink" title="The status cannot be read"><p>{status_error.value}</p></Notice> : <Skeleton lines={8} />}</div>
	const alarms = box.alarms ?? []
	const current = number_of(box.connections?.current)
	const maximum = number_of(box.connections?.maximum)
	const up = number_of(box['uptime-seconds']) + Math.max(0, now.value - status_at.value) / 1000
	const ended = (box.processes ?? []).filter(row => row.state && row.state !== 'running').length
	return (
		<div class="page">
			<PageHead title={box.hostname || 'This appliance'} lead={`Patronus ${box.version}, running for ${duration(up)}`}>
				<Segments label="Plots show" name="span" value={String(span.value)} onValue={next => { span.value = Number(next) }}
					options={[{ key: String(SPANS[0]), text: '10 minutes' }, { key: String(DAY), text: '24 hours' }]} />
				{arranging && <Button kind="quiet" onClick={() => forget_layout(usual)}>As it was</Button>}
				<Button icon={arranging ? 'check' : 'grid'} kind={arranging ? 'primary' : 'plain'} aria-pressed={arranging} onClick={() => set_arranging(!arranging)}>{arranging ? 'Done' : 'Arrange'}</Button>
			</PageHead>
			{alarms.length > 0 && <Alarms alarms={alarms} />}
			<div class="tiles">
				<Tile icon={alarms.length ? 'alert' : 'accept'} tone={alarms.length ? 'bad' : 'good'} label="Health" value={alarms.length ? plural(alarms.length, 'alarm') : 'All well'}
					more={ended ? `${plural(ended, 'process', 'processes')} not running` : `${plural(box.processes?.length ?? 0, 'process', 'processes')} running`} />
				<Tile icon="swap" label="Connections" value={full_count(current)} part={maximum ? current / maximum : undefined} more={maximum ? `of ${full_count(maximum)}` : undefined} />
				<Tile icon="history" label="Configuration" value={`Revision ${box.revision}`} more={box.pending ? 'another one is on trial' : 'in force'} />
				<Tile icon="interfaces" label="Links" value={`${links.filter(link => series.get(link.name)?.linkUp ?? link['link-up']).length} of ${links.length} up`}
					more={links.map(link => link.name).join(', ')} />
			</div>
			{layout.value.length > 0 && <Board widgets={widgets} arranging={arranging} />}
		</div>
	)
}
