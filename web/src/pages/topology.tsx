// SPDX-License-Identifier: GPL-3.0-or-later
// Zones, interfaces, networks and routers, and whom the firewall lets reach whom: as a picture, or as tables of the same.
import '../css/matrix.css'
import '../css/topology.css'
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { get, words_of } from '../core/api'
import { bit_rate_text, plain } from '../core/format'
import { seed_interfaces, series, series_tick } from '../core/live'
import { is_page_key } from '../core/keys'
import { address, place, settle } from '../core/router'
import { running_edits } from '../core/store'
import { shown_name, topology_of, type Area, type Port, type Reach } from '../core/topology'
import type { InterfaceState } from '../core/types'
import { list_of } from '../core/api'
import { VERDICT_ICONS, VERDICTS } from '../core/verdicts'
import { t } from '../core/words'
import { Icon } from '../ui/icon'
import { Badge, Card, Empty, Notice, PageHead, Segments, Skeleton } from '../ui/parts'
import { Table } from '../ui/table'
import { area_name, gate_words, link_state, pair_address, rates_of, TopologyPicture } from '../ui/topology-picture'

const words_in = (text: string) => text.toLowerCase().split(/\s+/).filter(Boolean)

/** Read when the page opens, another revision runs, or a link comes or goes: the stream tells that, and rates. */
function use_topology() {
	const [areas, set_areas] = useState<Area[] | null>(null)
	const [error, set_error] = useState('')
	const runs = running_edits.value
	void series_tick.value
	const ups = [...series.values()].map(one => `${one.name} ${one.linkUp}`).join()
	useEffect(() => {
		let wanted = true
		Promise.all([get('/state/interfaces'), get('/state/routes'), get('/configuration/firewall')]).then(([links, routes, firewall]) => {
			if (!wanted)
				return
			seed_interfaces(list_of<InterfaceState>(links, 'interfaces').filter(row => row.name))
			set_areas(topology_of(links, routes, firewall))
			set_error('')
		}, problem => wanted && set_error(words_of(problem)))
		return () => { wanted = false }
	}, [runs, ups])
	return { areas, error }
}

function Rate({ port, which }: { port: Port; which: 'rx' | 'tx' }) {
	void series_tick.value
	return <span class="nowrap">{bit_rate_text(rates_of(port)[which])}</span>
}

function State({ port }: { port: Port }) {
	void series_tick.value
	const { word, tone, icon } = link_state(port)
	return <Badge tone={tone} icon={icon}>{word}</Badge>
}

const codes = (all: string[]) => all.length ? all.map(text => <code key={text} class="topo-cell">{text}</code>) : <span class="soft">{t('word-none')}</span>

interface LinkRow {
	area: Area
	port: Port
	words: string
}

interface PairRow {
	area: Area
	reach: Reach
	words: string
}

function LinksTable({ rows }: { rows: LinkRow[] }) {
	return (
		<Table label={t('topology-links')} rows={rows} keyOf={row => `${row.area.key}/${shown_name(row.port.link)}`} columns={[
			{ key: 'name', text: t('word-interface'), head: true, cell: ({ port }) => port.link.name ? <a href={address('settings/interfaces', { edit: port.link.name })}>{port.link.name}</a> : shown_name(port.link) },
			{ key: 'zone', text: t('topology-zone-head'), cell: ({ area }) => area.number < 0 ? <span class="soft">{area_name(area)}</span> : <a href={address('settings/firewall/zones', { edit: area.key })}>{area.key}</a> },
			{ key: 'state', text: t('word-state'), cell: ({ port }) => <State port={port} /> },
			{ key: 'addresses', text: t('topology-addresses'), cell: ({ port }) => codes((port.link.addresses ?? []).map(plain)) },
			{ key: 'nets', text: t('topology-networks'), cell: ({ port }) => codes(port.nets.map(net => net.text)) },
			{ key: 'gates', text: t('topology-routers'), cell: ({ port }) => {
				const gates = [...port.nets.flatMap(net => net.gates), ...port.gates]
				return gates.length ? gates.map(gate => <span key={gate.via + gate.to[0]} class="topo-cell">{gate.via && <code>{gate.via}</code>} <small class="soft">{gate_words(gate)}{gate.name && <> · <a href={address('settings/routing/static', { edit: gate.name })}>{gate.name}</a></>}</small></span>)
					: <span class="soft">{t('word-none')}</span>
			} },
			{ key: 'in', text: t('links-in'), end: true, cell: ({ port }) => <Rate port={port} which="rx" /> },
			{ key: 'out', text: t('links-out'), end: true, cell: ({ port }) => <Rate port={port} which="tx" /> },
		]} />
	)
}

function PairsTable({ rows }: { rows: PairRow[] }) {
	return (
		<Table label={t('topology-who-reaches')} rows={rows} keyOf={row => `${row.area.key} ${row.reach.to}`} columns={[
			{ key: 'from', text: t('rules-from'), head: true, cell: ({ area }) => area_name(area) },
			{ key: 'to', text: t('rules-to'), cell: ({ reach }) => reach.to === 'local' ? t('topology-the-box') : reach.to },
			{ key: 'what', text: t('topology-passes'), cell: ({ reach }) => <><Badge tone={reach.verdict === 'open' ? 'good' : 'note'} icon={VERDICT_ICONS[reach.verdict]}>{t(VERDICTS[reach.verdict])}</Badge> {reach.words}</> },
			{ key: 'rules', text: t('topology-rules'), end: true, cell: ({ area, reach }) => <a href={pair_address(area.key, reach.to)}>{t('rules-n-rules', { count: reach.rules })}</a> },
		]} />
	)
}

function Tables({ areas, words }: { areas: Area[]; words: string[] }) {
	const has = (text: string) => words.every(word => text.toLowerCase().includes(word))
	const links = useMemo(() => areas.flatMap(area => area.ports.map(port => ({ area, port, words: [area_name(area), shown_name(port.link), port.link['kernel-name'], port.link.description, port.link.addresses?.map(plain),
		[...port.nets.flatMap(net => [net.text, ...net.gates.flatMap(gate => [gate.via, gate.to, gate.name])]), ...port.gates.flatMap(gate => [gate.via, gate.to, gate.name])]].flat(3).join(' ') }))), [areas])
	const pairs = useMemo(() => areas.flatMap(area => area.reach.map(reach => ({ area, reach, words: `${area_name(area)} ${area.key} ${reach.to} ${reach.words}` }))), [areas])
	return (
		<>
			<Card title={t('topology-links')} icon="interfaces" flush><LinksTable rows={links.filter(row => has(row.words))} /></Card>
			<Card title={t('topology-who-reaches')} icon="rules" flush><PairsTable rows={pairs.filter(row => has(row.words))} /></Card>
		</>
	)
}

function Key() {
	return (
		<ul class="matrix-key topo-key" aria-label={t('matrix-key')}>
			<li class="matrix-open"><Icon name="accept" size={15} /><b>{t('matrix-open')}</b> {t('matrix-open-means')}</li>
			<li class="matrix-some"><Icon name="filter" size={15} /><b>{t('matrix-some')}</b> {t('matrix-some-means')}</li>
			<li id="topology-how">{t('topology-how')}</li>
		</ul>
	)
}

export default function Topology() {
	const { areas, error } = use_topology()
	const [text, set_text] = useState(place.value.query.get('q') ?? '')
	const search = useRef<HTMLInputElement>(null)
	const first = useRef(() => {})
	const view = place.value.query.get('view') === 'table' ? 'table' : 'picture'
	const words = useMemo(() => words_in(text), [text])
	const matches = words.length ? (label: string) => words.every(word => label.toLowerCase().includes(word)) : null

	useEffect(() => {
		const on_key = (event: KeyboardEvent) => {
			if (event.key === '/' && is_page_key(event)) {
				event.preventDefault()
				search.current?.focus()
			}
		}
		addEventListener('keydown', on_key)
		return () => removeEventListener('keydown', on_key)
	}, [])

	const ports = areas?.reduce((sum, area) => sum + area.ports.length, 0) ?? 0
	return (
		<div class="page">
			<PageHead title={t('shell-topology')} lead={t('topology-lead')}>
				<Segments label={t('word-view')} name="view" value={view} onValue={next => settle(next === 'table' ? { view: next } : {})}
					options={[{ key: 'picture', text: t('topology-as-picture'), icon: 'topology' }, { key: 'table', text: t('topology-as-table'), icon: 'log' }]} />
			</PageHead>
			<div class="tools">
				<label class="search">
					<Icon name="search" /><span class="unseen">{t('topology-search')}</span>
					<input ref={search} type="search" placeholder={t('topology-search-hint')} value={text} spellcheck={false} autoComplete="off" onInput={event => set_text(event.currentTarget.value)}
						onKeyDown={event => { if (event.key === 'Enter') first.current() }} />
				</label>
				<span class="tools-count">{areas && t('topology-counts', { zones: areas.filter(area => area.number >= 0).length, ports })}</span>
			</div>
			{error && <Notice alert tone="bad" icon="unlink" title={t('topology-unreadable')}><p>{error}</p></Notice>}
			{!areas && !error && <Skeleton lines={8} />}
			{areas && ports === 0 && <Card><Empty icon="interfaces" title={t('topology-none')} /></Card>}
			{areas && ports > 0 && view === 'picture' && <Card flush><TopologyPicture areas={areas} matches={matches} focus={first} /><Key /></Card>}
			{areas && view === 'table' && <Tables areas={areas} words={words} />}
		</div>
	)
}
