// SPDX-License-Identifier: GPL-3.0-or-later
// One rule as a row of the policy: what can be changed at once is changed in its place.
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import { ago, bit_rate_text, byte_size, date_time, full_count, list, short_count } from '../core/format'
import { has_single_keys } from '../core/keys'
import { counter_tick, counters, type RuleCounter } from '../core/live'
import { address } from '../core/router'
import { conditions_of, endpoint_words, type Finding, type Line, type Mark } from '../core/rules'
import { title_of } from '../core/schema'
import { may_edit } from '../core/store'
import type { Rule } from '../core/types'
import { msg, t } from '../core/words'
import { Menu, type MenuItem } from './dialog'
import { Icon } from './icon'
import { ActionBadge, Badge, Spark, Switch } from './parts'
import type { Column } from './window'

export const columns = (): Column[] => [
	{ key: 'pick', text: t('rules-chosen'), unseen: true },
	{ key: 'number', text: t('rules-no') },
	{ key: 'on', text: t('rules-on') },
	{ key: 'action', text: t('rules-action') },
	{ key: 'name', text: t('rules-rule') },
	{ key: 'zones', text: t('rules-from-and-to') },
	{ key: 'ends', text: t('rules-ends') },
	{ key: 'service', text: t('rules-service') },
	{ key: 'hits', text: t('rules-hits') },
	{ key: 'acts', text: t('word-edit'), unseen: true },
]

export const ACTIONS = ['accept', 'reject', 'drop'] as const

/** What can be done with one rule. */
export interface Deeds {
	open: (line: Line) => void
	toggle: (line: Line, on: boolean) => void
	move: (line: Line, where: 'up' | 'down' | 'first' | 'last') => void
	move_to: (line: Line) => void
	insert: (line: Line, side: 'before' | 'after') => void
	clone: (line: Line) => void
	remove: (line: Line) => void
	pick: (line: Line, event: MouseEvent) => void
	describe: (line: Line, text: string) => void
	decide: (line: Line, action: string) => void
	search: (words: string) => void
}

export function ZoneChips({ names: some, zones }: { names: string | string[] | undefined; zones: string[] }) {
	const all = list(some)
	if (all.length === 0)
		return <span class="soft">{t('rules-any')}</span>
	return <>{all.map(name => {
		const at = zones.indexOf(name)
		return <span key={name} class="zone">{at >= 0 ? <i class={`zone-dot zone-${at % 6}`} aria-hidden="true" /> : <Icon name={name === 'local' ? 'box' : 'globe'} size={13} />}{name}</span>
	})}</>
}

function Words({ words, otherwise }: { words: string[]; otherwise: string }) {
	if (words.length === 0)
		return <span class="soft">{otherwise}</span>
	return <span class="words" title={words.join(', ')}>{words[0]}{words.length > 1 && <small> +{words.length - 1}</small>}</span>
}

type Evidence = Pick<RuleCounter, 'since' | 'first' | 'last' | 'rate' | 'spark'> & { packets: number; bytes: number }

const earlier = (a: string | undefined, b: string | undefined) => a && b ? a < b ? a : b : a ?? b
const later = (a: string | undefined, b: string | undefined) => a && b ? a > b ? a : b : a ?? b

/** All that rules of these names ever decided; nothing when none of them is in force. */
function evidence_of(ids: string[]): Evidence | undefined {
	const all = ids.flatMap(id => counters.get(id) ?? [])
	const one: Evidence = { packets: 0, bytes: 0, rate: 0, spark: [] }
	for (const each of all) {
		one.packets += each.before[0] + each.packets
		one.bytes += each.before[1] + each.bytes
		one.rate += each.rate
		one.since = earlier(one.since, each.since)
		one.first = earlier(one.first, each.first)
		one.last = later(one.last, each.last)
		if (all.length === 1) {
			one.spark = each.spark
		} else {
			const shift = one.spark.length - each.spark.length
			if (shift < 0)
				one.spark.unshift(...new Array<number>(-shift).fill(0))
			each.spark.forEach((value, at) => { one.spark[at + Math.max(0, shift)] += value })
		}
	}
	return all.length ? one : undefined
}

/** How much, since when, when first and last. */
const evidence_words = (one: Evidence) => [one.packets ? t('rules-decided', { packets: full_count(one.packets), bytes: byte_size(one.bytes) }) : t('rules-never-hit'),
	one.since && t('rules-counted-since', { time: date_time(one.since) }), one.first && t('rules-first-hit', { time: date_time(one.first) }),
	one.last && t('rules-last-hit', { time: date_time(one.last), ago: ago(one.last) })].filter(Boolean) as string[]

/** What a rule did, for who opens it: titles are for a mouse. */
export function RuleEvidence({ id }: { id: string }) {
	void counter_tick.value
	const one = evidence_of([id])
	return one ? <p class="rule-evidence"><Icon name="clock" size={16} /><span>{evidence_words(one).join(' · ')}</span></p> : null
}

function Counter({ ids }: { ids: string[] }) {
	void counter_tick.value
	const one = evidence_of(ids)
	if (!one)
		return <span class="soft">–</span>
	return (
		<span class="counter" title={evidence_words(one).join('\n')}>
			<Spark values={one.spark} width={52} />
			<span class="counter-words"><b>{short_count(one.packets)}</b> <small>{t('rules-pkt')}</small><br />
				<small class={one.rate > 0 ? 'counter-live' : ''}>{one.rate > 0 ? bit_rate_text(one.rate) : one.last ? ago(one.last) : one.packets ? byte_size(one.bytes) : t('rules-never')}</small></span>
		</span>
	)
}

const MARKS: Record<Mark, [string, 'accent' | 'note']> = { new: [msg('rules-new'), 'accent'], edited: [msg('rules-edited'), 'accent'], moved: [msg('rules-moved'), 'note'] }

const FINDINGS: Record<Finding['finding'], [string, 'warn' | 'note' | 'plain']> = { shadowed: [msg('rules-shadowed'), 'warn'], redundant: [msg('rules-redundant'), 'note'],
	partly: [msg('rules-partly'), 'note'], 'never-hit': [msg('rules-unused'), 'plain'] }

/** The proof is in the title, and its first witness is a press away. */
function FindingBadge({ finding }: { finding: Finding }) {
	const [name, tone] = FINDINGS[finding.finding]
	const text = t(name)
	const witness = finding.witnesses?.[0]
	const badge = <Badge tone={tone} icon={tone === 'warn' ? 'alert' : 'info'} title={finding.text}>{text}</Badge>
	return witness ? <a class="finding" tabIndex={-1} href={address('rules', { focus: witness })} aria-label={t('rules-finding', { finding: text, text: finding.text, rule: witness })}>{badge}</a> : badge
}

export function menu_of(line: Line, deeds: Deeds, count: number): MenuItem[] {
	const single = (key: string) => has_single_keys() ? key : undefined
	return [
		{ text: t('word-edit'), icon: 'edit', keys: 'Enter', then: () => deeds.open(line) },
		{ text: t('rules-insert-above'), icon: 'plus', keys: single('N'), then: () => deeds.insert(line, 'before') },
		{ text: t('rules-insert-below'), icon: 'plus', keys: single('n'), then: () => deeds.insert(line, 'after') },
		{ text: t('rules-clone'), icon: 'copy', keys: single('c'), then: () => deeds.clone(line) },
		{ text: t('rules-move-up'), icon: 'up', keys: 'Alt ↑', disabled: line.number === 1, then: () => deeds.move(line, 'up') },
		{ text: t('rules-move-down'), icon: 'down', keys: 'Alt ↓', disabled: line.number === count, then: () => deeds.move(line, 'down') },
		{ text: t('rules-to-top'), icon: 'top', disabled: line.number === 1, then: () => deeds.move(line, 'first') },
		{ text: t('rules-to-bottom'), icon: 'bottom', disabled: line.number === count, then: () => deeds.move(line, 'last') },
		{ text: t('rules-move-to'), icon: 'swap', keys: single('m'), then: () => deeds.move_to(line) },
		{ text: t('rules-delete'), icon: 'trash', keys: t('rules-key-delete'), danger: true, then: () => deeds.remove(line) },
	]
}

/** Text that becomes a field when it is pressed. Enter keeps it, Escape does not, leaving keeps it too. */
function Inline({ id, text, open, onOpen, onText }: { id: string; text: string; open: boolean; onOpen: (open: boolean) => void; onText: (text: string) => void }) {
	const [draft, set_draft] = useState(text)
	const field = useRef<HTMLInputElement>(null)
	const over = useRef(false)
	// Before anything can be typed: what is typed must not be overwritten.
	useLayoutEffect(() => {
		if (!open)
			return
		over.current = false
		set_draft(text)
		field.current?.focus()
		field.current?.select()
	}, [open])
	const end = (keep: boolean, back: boolean) => {
		if (over.current)
			return
		over.current = true
		const row = field.current?.closest<HTMLElement>('[data-key]')
		onOpen(false)
		if (back)
			row?.focus({ preventScroll: true })
		if (keep && draft.trim() !== text)
			onText(draft.trim())
	}
	if (!open) {
		return text ? <button type="button" class="rule-about" tabIndex={-1} title={text} aria-label={t('rules-description-press', { rule: id, text })} onClick={() => onOpen(true)}>{text}</button> : null
	}
	return <input ref={field} class="input rule-inline" value={draft} aria-label={t('rules-description-of', { rule: id })} maxLength={255} onInput={event => set_draft(event.currentTarget.value)}
		onBlur={() => end(true, false)} onKeyDown={event => {
			event.stopPropagation()
			if (event.key === 'Enter' || event.key === 'Escape') {
				event.preventDefault()
				end(event.key === 'Enter', true)
			}
		}} />
}

/** That a rule means less than its zones and services say is seen in the list, and what it is when one points at it. */
function Conditions({ rule }: { rule: Rule }) {
	const more = conditions_of(rule).map(title_of)
	const schedule = list(rule.schedule as string | undefined)[0]
	return (
		<>
			{schedule && <span class="rule-logs" title={t('rules-only-in', { schedule })}><Icon name="clock" size={15} /><span class="unseen">{t('rules-only-in', { schedule })}</span></span>}
			{more.length > 0 && <span class="rule-logs" title={t('rules-conditions', { names: more.join(', ') })}><Icon name="filter" size={15} /><span class="unseen">{t('rules-conditions', { names: more.join(', ') })}</span></span>}
		</>
	)
}

export function Row({ line, zones, deeds, count, chosen, writing, onWriting, grip }: { line: Line; zones: string[]; deeds: Deeds; count: number; chosen: boolean
		writing: boolean; onWriting: (on: boolean) => void; grip: object }) {
	const { rule, generated } = line
	const on = rule.enabled !== false
	const editable = may_edit.value && !generated
	const source = endpoint_words(rule.source)
	const destination = endpoint_words(rule.destination)
	const bare = generated && list(rule.from).length + list(rule.to).length === 0	// says what it does in its name alone
	return (
		<>
			<span role="gridcell" class="cell cell-pick">{editable && <label class="pick">
				<input type="checkbox" checked={chosen} aria-label={t('rules-choose', { rule: rule.id })} onClick={event => deeds.pick(line, event)} /></label>}</span>
			<span role="gridcell" class="cell cell-number">{generated ? <Icon name="lock" size={15} /> : <>
				{editable && <span class="grip" title={t('rules-drag')} {...grip}><Icon name="grip" size={16} /></span>}
				<span>{line.number}</span></>}</span>
			<span role="gridcell" class="cell cell-on">
				{generated ? <span class="unseen">{t('rules-always-on')}</span>
					: <Switch bare label={t('rules-enabled-switch', { rule: rule.id })} on={on} disabled={!editable} onChange={next => deeds.toggle(line, next)} />}
			</span>
			<span role="gridcell" class="cell cell-action">{rule.action && (!editable ? <ActionBadge action={rule.action} />
				: <Menu class="action-menu" label={t('rules-action-of', { rule: rule.id, action: rule.action })} tabIndex={-1}
					items={ACTIONS.map(action => ({ text: action, icon: action, disabled: action === rule.action, then: () => deeds.decide(line, action) }))}>
					<ActionBadge action={rule.action} /></Menu>)}</span>
			<span role="gridcell" class={`cell cell-name${bare ? ' cell-alone' : ''}`} aria-colspan={bare ? 3 : undefined}>
				<span class="rule-id">
					{editable ? <button type="button" class="rule-open" onClick={() => deeds.open(line)}>{rule.id}</button> : <b title={rule.id}>{rule.id}</b>}
					{line.folded ? <small class="soft">{line.heading}</small> : generated && <Badge>{t('rules-generated')}</Badge>}
					{line.mark && <Badge tone={MARKS[line.mark][1]}>{t(MARKS[line.mark][0])}</Badge>}
					{line.finding && <FindingBadge finding={line.finding} />}
					{rule.log && <span class="rule-logs" title={t('rules-logs')}><Icon name="log" size={15} /><span class="unseen">{t('rules-logged')}</span></span>}
					<Conditions rule={rule} />
					{editable && !rule.description && !writing && <button type="button" class="rule-describe" tabIndex={-1} aria-label={t('rules-describe', { rule: rule.id })} title={t('rules-describe-it')} onClick={() => onWriting(true)}><Icon name="edit" size={14} /></button>}
					{list(rule.tags).map(tag => <button key={tag} type="button" class="rule-tag" tabIndex={-1} title={t('rules-only-tagged', { tag })} onClick={() => deeds.search(`tag=${tag}`)}>{tag}</button>)}
				</span>
				{editable ? <Inline id={rule.id} text={rule.description ?? ''} open={writing} onOpen={onWriting} onText={text => deeds.describe(line, text)} />
					: rule.description && <small class="rule-about" title={rule.description}>{rule.description}</small>}
			</span>
			{!bare && <span role="gridcell" class="cell cell-zones">
				<ZoneChips names={rule.from} zones={zones} /><Icon name="arrow" size={14} /><span class="unseen">{t('rules-to')}</span><ZoneChips names={rule.to} zones={zones} /></span>}
			{!bare && <span role="gridcell" class="cell cell-ends">
				{source.length + destination.length === 0 ? !generated && <span class="soft">{t('rules-everybody')}</span> : <>
					{source.length > 0 && <span class="end"><small>{t('rules-from')}</small> <Words words={source} otherwise="" /></span>}
					{destination.length > 0 && <span class="end"><small>{t('rules-to')}</small> <Words words={destination} otherwise="" /></span>}
				</>}
			</span>}
			<span role="gridcell" class="cell cell-service"><Words words={list(rule.service)} otherwise={generated ? '' : t('rules-every-service')} />
				{rule.limit?.rate && <small class="soft"> {rule.limit.rate}</small>}</span>
			<span role="gridcell" class="cell cell-hits"><Counter ids={line.folded ?? [rule.id]} /></span>
			<span role="gridcell" class="cell cell-acts">{editable && <Menu label={t('rules-more-for', { rule: rule.id })} items={menu_of(line, deeds, count)} />}</span>
		</>
	)
}
