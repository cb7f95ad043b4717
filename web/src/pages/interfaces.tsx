// SPDX-License-Identifier: GPL-3.0-or-later
// The links and the routes as the kernel has them.
import '../css/facts.css'
import { useEffect, useState } from 'preact/hooks'
import { get, list_of, words_of } from '../core/api'
import { byte_size, number_of, plain } from '../core/format'
import { seed_interfaces, series, series_tick } from '../core/live'
import { running_edits } from '../core/store'
import type { InterfaceState, Route } from '../core/types'
import { msg, t } from '../core/words'
import { Badge, Card, Empty, Notice, PageHead, Skeleton, Switch } from '../ui/parts'
import { Table } from '../ui/table'
import { LinkBadge, Rate } from '../ui/link'

/** As ip(8) calls it. */
const table_name = (table: Route['table']) => ['undefined', '254'].includes(String(table)) ? 'main' : String(table)

function Trouble({ link }: { link: InterfaceState }) {
	const counts: [string, number][] = [[msg('links-errors-in'), number_of(link['rx-errors'])], [msg('links-errors-out'), number_of(link['tx-errors'])],
		[msg('links-dropped-in'), number_of(link['rx-dropped'])], [msg('links-dropped-out'), number_of(link['tx-dropped'])]]
	const some = counts.filter(([, count]) => count > 0)
	return some.length === 0 ? <Badge tone="good" icon="check">{t('links-no-errors')}</Badge>
		: <>{some.map(([text, count]) => <Badge key={text} tone="warn" icon="alert">{t(text, { count })}</Badge>)}</>
}

function LinkCard({ link }: { link: InterfaceState }) {
	void series_tick.value
	const one = series.get(link.name)
	const addresses = (link.addresses ?? []).map(plain)
	return (
		<section class="card port" aria-label={t('links-interface', { name: link.name || link['kernel-name'] })}>
			<header class="link-head">
				<div><h3>{link.name || link['kernel-name']}</h3><p>{link.description || (link.name ? '' : t('links-not-configured'))}</p></div>
				<LinkBadge link={link} />
			</header>
			<p class="link-rates">
				<Rate icon="down" label={t('links-in')} tone="in" rate={one?.rx.at(-1) ?? 0} />
				<Rate icon="up" label={t('links-out')} tone="out" rate={one?.tx.at(-1) ?? 0} />
			</p>
			<dl class="facts">
				<div><dt>{t('links-addresses')}</dt><dd>{addresses.length ? addresses.map(text => <code key={text}>{text}</code>) : t('word-none')}</dd></div>
				<div><dt>{t('links-hardware')}</dt><dd><code>{link['kernel-name'] || t('links-absent')}</code>{link.mac && <code>{link.mac}</code>}</dd></div>
				<div><dt>{t('links-mtu')}</dt><dd>{link.mtu ?? ''}</dd></div>
				<div><dt>{t('links-total')}</dt><dd><span>{t('links-in-2', { 'rx-total': byte_size(one?.rxTotal ?? number_of(link['rx-bytes'])) })}</span><span>{t('links-out-2', { 'tx-total': byte_size(one?.txTotal ?? number_of(link['tx-bytes'])) })}</span></dd></div>
				<div><dt>{t('links-trouble')}</dt><dd><Trouble link={link} /></dd></div>
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
			<PageHead title={t('links-interfaces-and-routes')} lead={t('links-read-from-the-kernel-as')} />
			{error && <Notice alert tone="bad" icon="unlink" title={t('links-the-interfaces-cannot-be-read')}><p>{error}</p></Notice>}
			{!links && !error && <Skeleton lines={8} />}
			<h2 class="unseen">{t('links-interfaces')}</h2>
			{links && <div class="link-cards">{links.map(link => <LinkCard key={link.name || link.index} link={link} />)}</div>}
			{routes && <Card title={t('links-routes')} icon="route" flush actions={<><span class="card-note">{t('links-n-routes', { count: shown.length })}</span>
					<Switch label={t('links-show-routes-made-by-others')} on={foreign} onChange={set_foreign} /></>}>
				{shown.length === 0 ? <Empty icon="route" title={t('links-no-route')} />
					: <Table label={t('links-routes')} rows={shown} keyOf={(route, at) => `${route.destination} ${route.via} ${route.interface} ${route.table} ${at}`} columns={[
						{ key: 'to', text: t('links-destination'), head: true, cell: route => <><code>{route.destination}</code>
							{/^(0\.0\.0\.0|::)\/0$/.test(route.destination) && <small class="soft"> {t('links-everything-else')}</small>}</> },
						{ key: 'via', text: t('links-via'), cell: route => route.via ? <code>{route.via}</code> : <span class="soft">{t('links-directly-attached')}</span> },
						{ key: 'link', text: t('word-interface'), cell: route => route.interface ?? '' },
						{ key: 'table', text: t('links-table'), cell: route => <code>{table_name(route.table)}</code> },
						{ key: 'metric', text: t('links-metric'), end: true, cell: route => String(route.metric ?? 0) },
						{ key: 'owner', text: t('links-made-by'), cell: route => route.owned
							? <Badge tone="accent" icon="shield">{route.name || 'Patronus'}</Badge> : <span class="soft">{route.protocol ?? t('links-other')}</span> },
					]} />}
			</Card>}
		</div>
	)
}
