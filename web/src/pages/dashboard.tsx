// SPDX-License-Identifier: GPL-3.0-or-later
// One screen that says whether all is well, and where the traffic is.
import '../css/dashboard.css'
import { useCallback, useEffect, useState } from 'preact/hooks'
import { ago, duration, full_count, number_of } from '../core/format'
import { DAY, every, fetch_day, fetch_history, put_machine, span, SPANS } from '../core/history'
import { forget_layout, layout, read_layout } from '../core/layout'
import { on_overtaken, preferences } from '../core/preferences'
import { connected, series, series_tick } from '../core/live'
import { address } from '../core/router'
import { complain, now, refresh_status, status, status_at, status_error, toast } from '../core/store'
import type { Alarm, InterfaceState } from '../core/types'
import { need_words, t } from '../core/words'
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
		<section class="card link-card" aria-label={t('links-interface', { name: link.name })}>
			<header class="link-head">
				<div><h3><a href={address('interfaces')}>{link.name}</a></h3>
					<p>{shown.time === null ? link.description || link['kernel-name'] : ago(new Date(shown.time * 1000).toISOString())}</p></div>
				<LinkBadge link={link} />
			</header>
			<p class="link-rates">
				<Rate icon="down" label={t('links-in')} tone="in" rate={shown.rx} />
				<Rate icon="up" label={t('links-out')} tone="out" rate={shown.tx} />
			</p>
			<Plot link={link.name} label={t('dashboard-throughput-of', { name: link.name })} onReading={take} />
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

const alarm_words = (alarm: Alarm) => alarm.text || [alarm.object, alarm.detail].filter(Boolean).join(': ') || t('dashboard-something-is-wrong')

function Alarms({ alarms }: { alarms: Alarm[] }) {
	return (
		<div class="alarms" role="region" aria-label={t('dashboard-alarms')}>
			{alarms.map((alarm, at) => {
				const grave = (alarm.severity ?? alarm.class) === 'critical'
				return (
					<Notice key={at} tone={grave ? 'bad' : 'warn'} icon="alert" title={alarm_words(alarm)}>
						<p>{[t(grave ? 'dashboard-critical' : 'dashboard-warning'), alarm.source && t('dashboard-seen-by', { owner: alarm.source }), alarm.time && ago(alarm.time, now.value)].filter(Boolean).join(', ')}</p>
					</Notice>
				)
			})}
		</div>
	)
}

/* What fetches a part stands here and not in the page: its style sheet holds that function for ever, and with it all that is in sight of it (ADR 245). */
const MORE = () => import('./dashboard-more')

on_overtaken(() => toast('note', t('dashboard-arranged-elsewhere')))

export default function Dashboard() {
	use_fresh_status()
	use_history()
	const [arranging, set_arranging] = useState(false)
	const [more, set_more] = useState<typeof import('./dashboard-more') | null>(null)
	useEffect(() => void Promise.all([MORE(), need_words(['widgets'])]).then(([part]) => set_more(part), complain), [])
	const box = status.value
	const links = (box?.interfaces ?? []).filter(link => link.name)
	const widgets: Widget[] = [
		{ key: 'throughput', text: t('dashboard-throughput'), icon: 'interfaces', size: 'full', show: () => links.length === 0 ? <Card><Empty icon="interfaces" title={t('dashboard-no-interface')} /></Card>
			: <><h2 class="unseen">{t('dashboard-throughput')}</h2><div class="link-cards">{links.map(link => <InterfaceCard key={link.name} link={link} />)}</div></> },
		{ key: 'machine', text: t('dashboard-machine'), icon: 'box', size: 'full', show: () => more && <more.MachineCard machine={box?.machine ?? {}} /> },
		{ key: 'rules', text: t('dashboard-rules'), icon: 'rules', size: 'half', show: () => more && <more.TopRules rules={box?.['top-rules'] ?? []} /> },
		{ key: 'talkers', text: t('dashboard-talkers'), icon: 'swap', size: 'half', show: () => more && <more.Talkers /> },
		{ key: 'refused', text: t('dashboard-refused'), icon: 'drop', size: 'full', show: () => more && <more.Refused /> },
		{ key: 'processes', text: t('dashboard-processes'), icon: 'shield', size: 'full', show: () => more && <more.Processes rows={box?.processes ?? []} /> },
	]
	const usual = widgets.map(({ key, size }) => ({ key, size }))
	useEffect(() => read_layout(usual), [preferences.value])
	if (!box)
		return <div class="page">{status_error.value ? <Notice alert tone="bad" icon="unlink" title={t('dashboard-unreadable')}><p>{status_error.value}</p></Notice> : <Skeleton lines={8} />}</div>
	const alarms = box.alarms ?? []
	const current = number_of(box.connections?.current)
	const maximum = number_of(box.connections?.maximum)
	const up = number_of(box['uptime-seconds']) + Math.max(0, now.value - status_at.value) / 1000
	const ended = (box.processes ?? []).filter(row => row.state && row.state !== 'running').length
	return (
		<div class="page">
			<PageHead title={box.hostname || t('dashboard-this-appliance')} lead={t('dashboard-lead', { version: box.version, time: duration(up) })}>
				<Segments label={t('dashboard-plots-show')} name="span" value={String(span.value)} onValue={next => { span.value = Number(next) }}
					options={[{ key: String(SPANS[0]), text: t('dashboard-ten-minutes') }, { key: String(DAY), text: t('dashboard-day') }]} />
				{arranging && <Button kind="quiet" onClick={forget_layout}>{t('dashboard-as-it-was')}</Button>}
				<Button icon={arranging ? 'check' : 'grid'} kind={arranging ? 'primary' : 'plain'} aria-pressed={arranging} onClick={() => set_arranging(!arranging)}>{t(arranging ? 'word-done' : 'dashboard-arrange')}</Button>
			</PageHead>
			{alarms.length > 0 && <Alarms alarms={alarms} />}
			<div class="tiles">
				<Tile icon={alarms.length ? 'alert' : 'accept'} tone={alarms.length ? 'bad' : 'good'} label={t('dashboard-health')} value={alarms.length ? t('dashboard-n-alarms', { count: alarms.length }) : t('dashboard-all-well')}
					more={ended ? t('dashboard-n-not-running', { count: ended }) : t('dashboard-n-running', { count: box.processes?.length ?? 0 })} />
				<Tile icon="swap" label={t('shell-connections')} value={full_count(current)} part={maximum ? current / maximum : undefined} more={maximum ? t('dashboard-of', { total: maximum }) : undefined} />
				<Tile icon="history" label={t('dashboard-configuration')} value={t('dashboard-revision', { revision: String(box.revision) })} more={t(box.pending ? 'dashboard-on-trial' : 'dashboard-in-force')} />
				<Tile icon="interfaces" label={t('dashboard-links')} value={t('dashboard-links-up', { up: links.filter(link => series.get(link.name)?.linkUp ?? link['link-up']).length, all: links.length })}
					more={links.map(link => link.name).join(', ')} />
			</div>
			{layout.value.length > 0 && more ? <more.Board widgets={widgets} arranging={arranging} /> : widgets[0].show()}
		</div>
	)
}
