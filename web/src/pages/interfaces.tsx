// SPDX-License-Identifier: GPL-3.0-or-later
// The links and the routes as the kernel has them.
import { useEffect, useState } from 'preact/hooks'
import { get, list_of, words_of } from '../core/api'
import { byte_size, full_count, number_of, plain, plural } from '../core/format'
import { seed_interfaces, series, series_tick } from '../core/live'
import { running_edits } from '../core/store'
import type { InterfaceState, Route } from '../core/types'
import { Badge, Card, Empty, Notice, PageHead, Skeleton, Switch } from '../ui/parts'
import { Table } from '../ui/table'
import { LinkBadge, Rate } from '../ui/link'

function Trouble({ link }: { link: InterfaceState }) {
	const counts: [string, number][] = [['errors in', number_of(link['rx-errors'])], ['errors out', number_of(link['tx-errors'])],
		['dropped in', number_of(link['rx-dropped'])], ['dropped out', number_of(link['tx-dropped'])]]
	const some = counts.filter(([, count]) => count > 0)
	return some.length === 0 ? <Badge tone="good" icon="check">no errors</Badge>
		: <>{some.map(([text, count]) => <Badge key={text} tone="warn" icon="alert">{full_count(count)} {text}</Badge>)}</>
}

function LinkCard({ link }: { link: InterfaceState }) {
	void series_tick.value
	const one = series.get(link.name)
	const addresses = (link.addresses ?? []).map(plain)
	return (
		<section class="card port" aria-label={`Interface ${link.name || link['kernel-name']}`}>
			<header class="link-head">
				<div><h3>{link.name || link['kernel-name']}</h3><p>{link.description || (link.name ? '' : 'not configured')}</p></div>
				<LinkBadge link={link} />
			</header>
			<p class="link-rates">
				<Rate icon="down" label="in" tone="in" rate={one?.rx.at(-1) ?? 0} />
				<Rate icon="up" label="out" tone="out" rate={one?.tx.at(-1) ?? 0} />
			</p>
			<dl class="facts">
				<div><dt>Addresses</dt><dd>{addresses.length ? addresses.map(text => <code key={text}>{text}</code>) : 'none'}</dd></div>
				<div><dt>Hardware</dt><dd><code>{link['kernel-name'] || 'absent'}</code>{link.mac && <code>{link.mac}</code>}</dd></div>
				<div><dt>MTU</dt><dd>{link.mtu ?? ''}</dd></div>
				<div><dt>Total</dt><dd><span>{byte_size(one?.rxTotal ?? number_of(link['rx-bytes']))} in</span><span>{byte_size(one?.txTotal ?? number_of(link['tx-bytes']))} out</span></dd></div>
				<div><dt>Trouble</dt><dd><Trouble link={link} /></dd></div>
			</dl>
		</section>
	)
}

export default function Interfaces() {
	const [links, set_links] = useState<InterfaceState[] | null>(null)
	const [routes, set_routes] = useState<Route[] | null>(null)
	const [error, set_error] = useState('')
	const [foreign, set_foreign] = useState(true)
	const edits = running_edits.value

	useEffect(() => {
		let wanted = true
		const read = async () => {
			try {
				const [some, ways] = await Promise.all([get('/state/interfaces'), get('/state/routes')])
				if (!wanted)
					return
				const rows = list_of<InterfaceState>(some, 'interfaces')
				seed_interfaces(rows.filter(row => row.name))
				set_links([...rows.filter(row => row.name), ...rows.filter(row => !row.name)])
				set_routes(list_of<Route>(ways, 'routes'))
				set_error('')
			} catch (problem) {
				if (wanted)
					set_error(words_of(problem))
			}
		}
		void read()
		const timer = setInterval(() => { if (!document.hidden) void read() }, 10_000)
		return () => {
			wanted = false
			clearInterval(timer)
		}
	}, [edits])

	const shown = (routes ?? []).filter(route => foreign || route.owned)
	return (
		<div class="page">
			<PageHead title="Interfaces and routes" lead="Read from the kernel as it is now." />
			{error && <Notice alert tone="bad" icon="unlink" title="The interfaces cannot be read"><p>{error}</p></Notice>}
			{!links && !error && <Skeleton lines={8} />}
			<h2 class="unseen">Interfaces</h2>
			{links && <div class="link-cards">{links.map(link => <LinkCard key={link.name || link.index} link={link} />)}</div>}
			{routes && <Card title="Routes" icon="route" flush actions={<><span class="card-note">{plural(shown.length, 'route')}</span>
					<Switch label="Show routes made by others" on={foreign} onChange={set_foreign} /></>}>
				{shown.length === 0 ? <Empty icon="route" title="No route" />
					: <Table label="Routes" rows={shown} keyOf={(route, at) => `${route.destination} ${route.via} ${route.interface} ${route.table} ${at}`} columns={[
						{ key: 'to', text: 'Destination', head: true, cell: route => <><code>{route.destination}</code>
							{/^(0\.0\.0\.0|::)\/0$/.test(route.destination) && <small class="soft"> everything else</small>}</> },
						{ key: 'via', text: 'Via', cell: route => route.via ? <code>{route.via}</code> : <span class="soft">directly attached</span> },
						{ key: 'link', text: 'Interface', cell: route => route.interface ?? '' },
						{ key: 'table', text: 'Table', cell: route => String(route.table ?? 'main') === '254' ? 'main' : String(route.table ?? 'main') },
						{ key: 'metric', text: 'Metric', end: true, cell: route => String(route.metric ?? 0) },
						{ key: 'owner', text: 'Made by', cell: route => route.owned
							? <Badge tone="accent" icon="shield">{route.name || 'Patronus'}</Badge> : <span class="soft">{route.protocol ?? 'other'}</span> },
					]} />}
			</Card>}
		</div>
	)
}
