// SPDX-License-Identifier: GPL-3.0-or-later
// One screen that says whether all is well, and where the traffic is.
import '../css/dashboard.css'
import { useCallback, useEffect, useState } from 'preact/hooks'
import { ago, duration, full_count, number_of, plural } from '../core/format'
import { DAY, every, fetch_day, fetch_history, put_machine, span, SPANS } from '../core/history'
import { forget_layout, layout, read_layout } from '../core/layout'
import { connected, series, series_tick } from '../core/live'
import { address } from '../core/router'
import { complain, now, refresh_status, session, status, status_at, status_error } from '../core/store'
import type { Alarm, InterfaceState } from '../core/types'
import type { Widget } from '../ui/widgets'
import { Icon, type IconName } from '../ui/icon'
import { LinkBadge, Rate } from '../ui/link'
import { Button, Card, Empty, Notice, PageHead, Segments, Skeleton } from '../ui/parts'
import { Plot, type Reading } from '../ui/plot'

/** What no event tells (connections, memory) is asked for every five seconds, and not while nobody looks. */
function use_fresh_status() {
	useEffect(() => every(5000, () => void refresh_status()), [])
	const machine = status.value?.machine
	useEffect(() => { if (machine) put_machine(machine) }, [machine])
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

export default function Dashboard() {
	use_fresh_status()
	use_history()
	const [arranging, set_arranging] = useState(false)
	const [more, set_more] = useState<typeof import('./dashboard-more') | null>(null)
	useEffect(() => void import('./dashboard-more').then(set_more, complain), [])
	const box = status.value
	const links = (box?.interfaces ?? []).filter(link => link.name)
	const widgets: Widget[] = [
		{ key: 'throughput', text: 'Throughput', icon: 'interfaces', size: 'full', show: () => links.length === 0 ? <Card><Empty icon="interfaces" title="No interface is configured" /></Card>
			: <><h2 class="unseen">Throughput</h2><div class="link-cards">{links.map(link => <InterfaceCard key={link.name} link={link} />)}</div></> },
		{ key: 'machine', text: 'Machine', icon: 'box', size: 'full', show: () => more && <more.MachineCard machine={box?.machine ?? {}} /> },
		{ key: 'rules', text: 'Busiest rules', icon: 'rules', size: 'half', show: () => more && <more.TopRules rules={box?.['top-rules'] ?? []} /> },
		{ key: 'talkers', text: 'Top talkers', icon: 'swap', size: 'half', show: () => more && <more.Talkers /> },
		{ key: 'refused', text: 'Refused last', icon: 'drop', size: 'full', show: () => more && <more.Refused /> },
		{ key: 'processes', text: 'Processes', icon: 'shield', size: 'full', show: () => more && <more.Processes rows={box?.processes ?? []} /> },
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
			{layout.value.length > 0 && more ? <more.Board widgets={widgets} arranging={arranging} /> : widgets[0].show()}
		</div>
	)
}
