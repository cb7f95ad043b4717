// SPDX-License-Identifier: GPL-3.0-or-later
// One screen that says whether all is well, and where the traffic is.
import '../css/dashboard.css'
import { useCallback, useEffect, useState } from 'preact/hooks'
import { ago, byte_size, duration, full_count, list, number_of, plural, short_count } from '../core/format'
import { counter_tick, counters, series, series_tick } from '../core/live'
import { address } from '../core/router'
import { now, refresh_status, status, status_at, status_error } from '../core/store'
import type { Alarm, InterfaceState, ProcessState, RuleState } from '../core/types'
import { Icon, type IconName } from '../ui/icon'
import { LinkBadge, Rate } from '../ui/link'
import { ActionBadge, Badge, Card, Empty, Notice, PageHead, Skeleton, Spark } from '../ui/parts'
import { Plot, type Reading } from '../ui/plot'
import { Table } from '../ui/table'

/** What no event tells (connections, memory) is asked for every five seconds, and not while nobody looks. */
function use_fresh_status() {
	useEffect(() => {
		const timer = setInterval(() => {
			if (!document.hidden)
				void refresh_status()
		}, 5000)
		return () => clearInterval(timer)
	}, [])
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
					<p>{shown.time === null ? link.description || link['kernel-name'] : `${Math.max(0, Math.round(Date.now() / 1000 - shown.time))} seconds ago`}</p></div>
				<LinkBadge link={link} />
			</header>
			<p class="link-rates">
				<Rate icon="down" label="in" tone="in" rate={shown.rx} />
				<Rate icon="up" label="out" tone="out" rate={shown.tx} />
			</p>
			<Plot name={link.name} label={`Throughput of ${link.name} in the last five minutes`} onReading={take} />
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
		<Card title="Processes" icon="shield" flush class="span-3" actions={<span class="card-note">{byte_size(memory * 1024)} together</span>}>
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
		<Card title="Busiest rules" icon="rules" class="span-2" actions={<a class="card-link" href="#/rules">All rules</a>}>
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

export default function Dashboard() {
	use_fresh_status()
	const box = status.value
	if (!box)
		return <div class="page">{status_error.value ? <Notice alert tone="bad" icon="unlink" title="The status cannot be read"><p>{status_error.value}</p></Notice> : <Skeleton lines={8} />}</div>
	const links = (box.interfaces ?? []).filter(link => link.name)
	const alarms = box.alarms ?? []
	const current = number_of(box.connections?.current)
	const maximum = number_of(box.connections?.maximum)
	const up = number_of(box['uptime-seconds']) + Math.max(0, now.value - status_at.value) / 1000
	const ended = (box.processes ?? []).filter(row => row.state && row.state !== 'running').length
	return (
		<div class="page">
			<PageHead title={box.hostname || 'This appliance'} lead={`Patronus ${box.version}, running for ${duration(up)}`} />
			{alarms.length > 0 && <Alarms alarms={alarms} />}
			<div class="tiles">
				<Tile icon={alarms.length ? 'alert' : 'accept'} tone={alarms.length ? 'bad' : 'good'} label="Health" value={alarms.length ? plural(alarms.length, 'alarm') : 'All well'}
					more={ended ? `${plural(ended, 'process', 'processes')} not running` : `${plural(box.processes?.length ?? 0, 'process', 'processes')} running`} />
				<Tile icon="swap" label="Connections" value={full_count(current)} part={maximum ? current / maximum : undefined} more={maximum ? `of ${full_count(maximum)}` : undefined} />
				<Tile icon="history" label="Configuration" value={`Revision ${box.revision}`} more={box.pending ? 'another one is on trial' : 'in force'} />
				<Tile icon="interfaces" label="Links" value={`${links.filter(link => series.get(link.name)?.linkUp ?? link['link-up']).length} of ${links.length} up`}
					more={links.map(link => link.name).join(', ')} />
			</div>
			<h2 class="unseen">Throughput</h2>
			{links.length === 0 ? <Card><Empty icon="interfaces" title="No interface is configured" /></Card>
				: <div class="link-cards">{links.map(link => <InterfaceCard key={link.name} link={link} />)}</div>}
			<div class="columns">
				<Processes rows={box.processes ?? []} />
				<TopRules rules={box['top-rules'] ?? []} />
			</div>
		</div>
	)
}
