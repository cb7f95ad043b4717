// SPDX-License-Identifier: GPL-3.0-or-later
// What the firewall logs, as it happens. Click a value to see only that.
import '../css/word.css'
import '../css/log.css'
import { useEffect, useMemo, useState } from 'preact/hooks'
import { clock_time, date_time } from '../core/format'
import { has_single_keys, is_single_key } from '../core/keys'
import { connected, fetch_log, log_events, log_lost } from '../core/live'
import { address, go } from '../core/router'
import { begin_rule, explain_query, type Packet } from '../core/rule-draft'
import { complain, may_edit } from '../core/store'
import { narrow } from '../core/theme'
import type { LogEvent } from '../core/types'
import { msg, t, T } from '../core/words'
import { Icon } from '../ui/icon'
import { Menu, type MenuItem } from '../ui/dialog'
import { GroupDialog, packet_items } from '../ui/log-menu'
import { country_name, Origins } from '../ui/origin'
import { ActionBadge, Badge, Button, Empty, IconButton, PageHead } from '../ui/parts'
import { Window, type Column } from '../ui/window'

type Field = 'rule' | 'action' | 'in-interface' | 'out-interface' | 'protocol' | 'source' | 'destination' | 'destination-port' | 'family' | 'country' | 'autonomous-system'

interface Wish {
	field: Field
	value: string
	not: boolean
}

const NAMES: Record<Field, string> = {
	rule: msg('log-field-rule'), action: msg('log-field-action'), 'in-interface': msg('log-field-in'), 'out-interface': msg('log-field-out'), protocol: msg('log-field-protocol'),
	source: msg('log-field-source'), destination: msg('log-field-destination'), 'destination-port': msg('log-field-port'), family: msg('log-field-family'),
	country: msg('log-field-country'), 'autonomous-system': msg('log-field-system'),
}
const columns = (): Column[] => [
	{ key: 'time', text: t('log-time') },
	{ key: 'action', text: t('log-action') },
	{ key: 'rule', text: t('log-rule') },
	{ key: 'path', text: t('log-path') },
	{ key: 'protocol', text: t('packets-protocol') },
	{ key: 'source', text: t('log-source') },
	{ key: 'destination', text: t('log-destination') },
	{ key: 'length', text: t('log-length'), end: true },
	{ key: 'acts', text: t('word-more'), unseen: true },
]
/** Checks of the firewall itself: there is no rule to jump to. */
const CHECKS = new Set(['unmatched', 'invalid', 'spoofed', 'bogon'])

/** What a row says of a field; of the country and the autonomous system both ends do. */
const said = (event: LogEvent, field: Field) => field === 'country' || field === 'autonomous-system'
	? [event[`source-${field}`], event[`destination-${field}`]].map(value => String(value ?? '')) : [String(event[field] ?? '')]
const fits = (event: LogEvent, wish: Wish) => said(event, wish.field).includes(wish.value) !== wish.not

/** "country:DE" and "as:64496" (or "AS64496") of what is typed; other words are looked for anywhere. */
function fits_word(event: LogEvent, word: string) {
	const [, code] = word.match(/^country:([a-z]{2})$/) ?? []
	const [, number] = word.match(/^asn?:?(\d{1,10})$/) ?? []
	if (code)
		return said(event, 'country').includes(code.toUpperCase())
	if (number)
		return said(event, 'autonomous-system').includes(number)
	return Object.values(event).some(value => String(value).toLowerCase().includes(word))
}

/** A word of a row: press it to see only rows with it. */
function Word({ event, field, onWish, children, class: extra = '' }: { event: LogEvent; field: Field; onWish: (wish: Wish) => void; children?: preact.ComponentChildren; class?: string }) {
	const [value] = said(event, field)
	if (!value)
		return <span class="soft">–</span>
	return (
		<button type="button" class={`word ${extra}`} tabIndex={-1} title={t('log-show-only', { field: t(NAMES[field]), value })} onClick={() => onWish({ field, value, not: false })}>
			{children ?? value}
		</button>
	)
}

function Port({ port }: { port?: number }) {
	return port ? <span class="port-number">:{port}</span> : null
}

const packet_of = (event: LogEvent): Packet => ({ protocol: event.protocol, source: event.source, destination: event.destination, port: event['destination-port'],
	from: event['in-interface'], to: event['out-interface'], action: event.action, rule: event.rule })

function items_of(event: LogEvent, onWish: (wish: Wish) => void, onGroup: (address: string) => void): MenuItem[] {
	const jump = event.rule && !CHECKS.has(event.rule) && !event.rule.includes(':')
	return [...(jump ? [{ text: t('log-go-to-rule', { rule: event.rule }), icon: 'rules' as const, keys: 'Enter', then: () => go('rules', { focus: event.rule ?? '' }) }] : []),
		...packet_items(packet_of(event), onGroup),
		...(event.source ? [{ text: t('packets-only-sender'), icon: 'filter' as const, keys: 's', then: () => onWish({ field: 'source', value: event.source ?? '', not: false }) },
			{ text: t('log-hide-sender'), icon: 'drop' as const, then: () => onWish({ field: 'source', value: event.source ?? '', not: true }) }] : []),
		...(['country', 'autonomous-system'] as const).flatMap(field => [...new Set(said(event, field))].filter(Boolean).map(value =>
			({ text: t('packets-only-origin', { name: field === 'country' ? country_name(value) : `AS${value}` }), icon: 'filter' as const, then: () => onWish({ field, value, not: false }) })))]
}

function LogRow({ event, onWish, onGroup }: { event: LogEvent; onWish: (wish: Wish) => void; onGroup: (address: string) => void }) {
	const jump = event.rule && !CHECKS.has(event.rule)
	const origins = (end: 'source' | 'destination') => <Origins country={event[`${end}-country`]} system={event[`${end}-autonomous-system`]} onPick={(field, value) => onWish({ field, value, not: false })} />
	return (
		<>
			<span role="gridcell" class="cell cell-time mono"><time dateTime={event.time} title={`${date_time(event.time)} (${event.time})`}>{clock_time(event.time)}</time></span>
			<span role="gridcell" class="cell cell-action"><Word event={event} field="action" onWish={onWish} class="word-badge"><ActionBadge action={event.action} /></Word></span>
			<span role="gridcell" class="cell cell-rule">
				<Word event={event} field="rule" onWish={onWish} />
				{jump && <a class="icon-link" tabIndex={-1} href={address('rules', { focus: event.rule ?? '' })} aria-label={t('log-go-to-rule', { rule: event.rule })} title={t('log-go-to-rule', { rule: event.rule })}><Icon name="arrow" size={15} /></a>}
			</span>
			<span role="gridcell" class="cell cell-path">
				<Word event={event} field="in-interface" onWish={onWish}>{event['in-interface'] || undefined}</Word>
				<Icon name="arrow" size={13} /><span class="unseen">{t('log-to')}</span>
				{event['out-interface'] ? <Word event={event} field="out-interface" onWish={onWish} /> : <span class="soft">{t('packets-this-box')}</span>}
			</span>
			<span role="gridcell" class="cell cell-protocol"><Word event={event} field="protocol" onWish={onWish} /></span>
			<span role="gridcell" class="cell cell-source mono"><Word event={event} field="source" onWish={onWish} /><Port port={event['source-port']} />{origins('source')}</span>
			<span role="gridcell" class="cell cell-destination mono"><Icon name="arrow" size={13} class="only-narrow" /><Word event={event} field="destination" onWish={onWish} />
				{event['destination-port'] ? <Word event={event} field="destination-port" onWish={onWish} class="word-port">:{event['destination-port']}</Word> : null}{origins('destination')}</span>
			<span role="gridcell" class="cell cell-length cell-end mono">{event.length ?? ''}</span>
			<span role="gridcell" class="cell cell-acts"><Menu label={t('packets-more-for', { from: event.source, to: event.destination })} tabIndex={-1} items={items_of(event, onWish, onGroup)} /></span>
		</>
	)
}

export default function Log() {
	const [wishes, set_wishes] = useState<Wish[]>([])
	const [text, set_text] = useState('')
	const [group, set_group] = useState<string | null>(null)
	const [held, set_held] = useState<LogEvent[] | null>(null)
	const live = log_events.value

	useEffect(() => {
		fetch_log().catch(complain)
	}, [connected.value === 'yes'])

	const rows = held ?? live
	const words = text.toLowerCase().split(/\s+/).filter(Boolean)
	const shown = useMemo(() => rows.filter(event => wishes.every(wish => fits(event, wish)) &&
		words.every(word => fits_word(event, word))), [rows, wishes, text])
	const waiting = held ? live.findIndex(event => event.sequence === held[0]?.sequence) : 0
	const counted = t('packets-n-rows', { count: shown.length })
	const wish = (next: Wish) => set_wishes(before => [...before.filter(one => one.field !== next.field || one.value !== next.value), next])

	return (
		<div class="page page-full">
			<PageHead title={t('shell-live-log')} lead={t('log-lead')}>
				<Badge tone={held ? 'warn' : connected.value === 'yes' ? 'good' : 'bad'} icon={held ? 'pause' : connected.value === 'yes' ? 'play' : 'unlink'}>
					{t(held ? 'log-paused' : connected.value === 'yes' ? 'log-live' : 'log-not-connected')}</Badge>
				<Button icon={held ? 'play' : 'pause'} kind={held ? 'primary' : 'plain'} onClick={() => set_held(held ? null : live)}>
					{!held ? t('log-pause') : waiting > 0 ? t('log-go-on-new', { count: waiting }) : t('log-go-on')}</Button>
			</PageHead>
			<div class="tools">
				<label class="search">
					<Icon name="search" /><span class="unseen">{t('log-search')}</span>
					<input type="search" placeholder={t('log-search-hint')} value={text} spellcheck={false} autoComplete="off"
						onInput={event => set_text(event.currentTarget.value)} />
				</label>
				<div class="actions-filter">{(['accept', 'drop', 'reject'] as const).map(action => {
					const on = wishes.some(one => one.field === 'action' && one.value === action && !one.not)
					return <Button key={action} small kind={on ? 'primary' : 'plain'} aria-pressed={on} icon={action} onClick={() => on
						? set_wishes(wishes.filter(one => one.field !== 'action')) : set_wishes([...wishes.filter(one => one.field !== 'action'), { field: 'action', value: action, not: false }])}>{action}</Button>
				})}</div>
				<span class="tools-count">{log_lost.value > 0 ? t('log-skipped', { shown: counted, lost: log_lost.value }) : counted}</span>
			</div>
			{wishes.length > 0 && <ul class="wishes" aria-label={t('log-filters')}>
				{wishes.map(one => (
					<li key={one.field + one.value} class={`wish${one.not ? ' wish-not' : ''}`}>
						<button type="button" title={t('log-turn-round')} onClick={() => set_wishes(wishes.map(other => other === one ? { ...one, not: !one.not } : other))}>
							<T id={one.not ? 'log-is-not' : 'log-is'} args={{ field: t(NAMES[one.field]) }} parts={{ value: <b>{one.value}</b> }} />
						</button>
						<IconButton label={t('log-remove-filter', { field: t(NAMES[one.field]), value: one.value })} icon="x" onClick={() => set_wishes(wishes.filter(other => other !== one))} />
					</li>
				))}
				<li><Button small kind="quiet" onClick={() => set_wishes([])}>{t('log-clear')}</Button></li>
			</ul>}
			<Window label={t('log-firewall-log')} class="log" columns={columns()} items={shown} keyOf={event => String(event.sequence)} heightOf={() => narrow.value ? 92 : 38} stickToTop
				rowLabel={event => t('log-row', { action: event.action, rule: event.rule, protocol: event.protocol, source: event.source, destination: event.destination })}
				rowClass={event => `log-${event.action ?? ''}`}
				row={event => <LogRow event={event} onWish={wish} onGroup={set_group} />}
				onKey={(press, event) => {
					const field = ({ r: 'rule', a: 'action', s: 'source', d: 'destination', p: 'destination-port' } as Record<string, Field>)[press.key]
					if (!is_single_key(press) || !has_single_keys())
						return
					if (press.key === 'n' && may_edit.value)
						void begin_rule(packet_of(event)).catch(complain)
					else if (press.key === 'w')
						go('explain', explain_query(packet_of(event)))
					const [value] = field ? said(event, field) : ['']
					if (value)
						wish({ field, value, not: false })
				}}
				onOpen={event => { if (event.rule && !CHECKS.has(event.rule)) location.hash = address('rules', { focus: event.rule }) }}
				empty={wishes.length || text ? <Empty icon="search" title={t('log-none-like-that')}><Button onClick={() => { set_wishes([]); set_text('') }}>{t('log-show-all')}</Button></Empty>
					: <Empty icon="log" title={t('log-nothing-yet')}><p>{t('log-switch-on')}</p></Empty>} />
			{group && <GroupDialog address={group} onClose={() => set_group(null)} />}
		</div>
	)
}
