// SPDX-License-Identifier: GPL-3.0-or-later
// One rule as a row of the policy: what can be changed at once is changed in its place.
import { useEffect, useRef, useState } from 'preact/hooks'
import { bit_rate_text, byte_size, list, short_count } from '../core/format'
import { counter_tick, counters } from '../core/live'
import { address } from '../core/router'
import { endpoint_words, type Finding, type Line, type Mark } from '../core/rules'
import { may_edit } from '../core/store'
import { Menu, type MenuItem } from './dialog'
import { Icon } from './icon'
import { ActionBadge, Badge, Spark, Switch } from './parts'
import type { Column } from './window'

export const COLUMNS: Column[] = [
	{ key: 'pick', text: 'Chosen', unseen: true },
	{ key: 'number', text: 'No.' },
	{ key: 'on', text: 'On' },
	{ key: 'action', text: 'Action' },
	{ key: 'name', text: 'Rule' },
	{ key: 'zones', text: 'From and to' },
	{ key: 'ends', text: 'Source and destination' },
	{ key: 'service', text: 'Service' },
	{ key: 'hits', text: 'Hits' },
	{ key: 'acts', text: 'Edit', unseen: true },
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
		return <span class="soft">any</span>
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

/** The counters of one rule, or of several together. */
function Counter({ ids }: { ids: string[] }) {
	void counter_tick.value
	const all = ids.flatMap(id => counters.get(id) ?? [])
	const one = all.length === 1 ? all[0] : all.length === 0 ? undefined : { packets: 0, bytes: 0, rate: 0, spark: [] as number[] }
	if (one && all.length > 1) {
		for (const each of all) {
			one.packets += each.packets
			one.bytes += each.bytes
			one.rate += each.rate
			const shift = one.spark.length - each.spark.length
			if (shift < 0)
				one.spark.unshift(...new Array<number>(-shift).fill(0))
			each.spark.forEach((value, at) => { one.spark[at + Math.max(0, shift)] += value })
		}
	}
	if (!one)
		return <span class="soft">–</span>
	return (
		<span class="counter">
			<Spark values={one.spark} width={52} />
			<span class="counter-words"><b>{short_count(one.packets)}</b> <small>pkt</small><br />
				<small class={one.rate > 0 ? 'counter-live' : ''}>{one.rate > 0 ? bit_rate_text(one.rate) : byte_size(one.bytes)}</small></span>
		</span>
	)
}

const MARKS: Record<Mark, [string, 'accent' | 'note']> = { new: ['new', 'accent'], edited: ['edited', 'accent'], moved: ['moved', 'note'] }

const FINDINGS: Record<Finding['finding'], [string, 'warn' | 'note' | 'plain']> = { shadowed: ['shadowed', 'warn'], redundant: ['redundant', 'note'], partly: ['partly shadowed', 'note'], 'never-hit': ['unused', 'plain'] }

/** The proof is in the title, and its first witness is a press away. */
function FindingBadge({ finding }: { finding: Finding }) {
	const [text, tone] = FINDINGS[finding.finding]
	const witness = finding.witnesses?.[0]
	const badge = <Badge tone={tone} icon={tone === 'warn' ? 'alert' : 'info'} title={finding.text}>{text}</Badge>
	return witness ? <a class="finding" tabIndex={-1} href={address('rules', { focus: witness })} aria-label={`${text}: ${finding.text}. Go to ${witness}`}>{badge}</a> : badge
}

export function menu_of(line: Line, deeds: Deeds, count: number): MenuItem[] {
	return [
		{ text: 'Edit', icon: 'edit', keys: 'Enter', then: () => deeds.open(line) },
		{ text: 'Insert above', icon: 'plus', keys: 'N', then: () => deeds.insert(line, 'before') },
		{ text: 'Insert below', icon: 'plus', keys: 'n', then: () => deeds.insert(line, 'after') },
		{ text: 'Clone', icon: 'copy', keys: 'c', then: () => deeds.clone(line) },
		{ text: 'Move up', icon: 'up', keys: 'Alt ↑', disabled: line.number === 1, then: () => deeds.move(line, 'up') },
		{ text: 'Move down', icon: 'down', keys: 'Alt ↓', disabled: line.number === count, then: () => deeds.move(line, 'down') },
		{ text: 'Move to the top', icon: 'top', disabled: line.number === 1, then: () => deeds.move(line, 'first') },
		{ text: 'Move to the bottom', icon: 'bottom', disabled: line.number === count, then: () => deeds.move(line, 'last') },
		{ text: 'Move to …', icon: 'swap', keys: 'm', then: () => deeds.move_to(line) },
		{ text: 'Delete', icon: 'trash', keys: 'Del', danger: true, then: () => deeds.remove(line) },
	]
}

/** Text that becomes a field when it is pressed. Enter keeps it, Escape does not, leaving keeps it too. */
function Inline({ id, text, open, onOpen, onText }: { id: string; text: string; open: boolean; onOpen: (open: boolean) => void; onText: (text: string) => void }) {
	const [draft, set_draft] = useState(text)
	const field = useRef<HTMLInputElement>(null)
	const over = useRef(false)
	useEffect(() => {
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
		return text ? <button type="button" class="rule-about" tabIndex={-1} title={text} aria-label={`Description of ${id}: ${text}. Press to change it`} onClick={() => onOpen(true)}>{text}</button> : null
	}
	return <input ref={field} class="input rule-inline" value={draft} aria-label={`Description of ${id}`} maxLength={255} onInput={event => set_draft(event.currentTarget.value)}
		onBlur={() => end(true, false)} onKeyDown={event => {
			event.stopPropagation()
			if (event.key === 'Enter' || event.key === 'Escape') {
				event.preventDefault()
				end(event.key === 'Enter', true)
			}
		}} />
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
				<input type="checkbox" checked={chosen} aria-label={`Choose ${rule.id}`} onClick={event => deeds.pick(line, event)} /></label>}</span>
			<span role="gridcell" class="cell cell-number">{generated ? <Icon name="lock" size={15} /> : <>
				{editable && <span class="grip" title="Drag to move it, or press Alt and an arrow" {...grip}><Icon name="grip" size={16} /></span>}
				<span>{line.number}</span></>}</span>
			<span role="gridcell" class="cell cell-on">
				{generated ? <span class="unseen">always on</span>
					: <Switch bare label={`${rule.id} is enabled`} on={on} disabled={!editable} onChange={next => deeds.toggle(line, next)} />}
			</span>
			<span role="gridcell" class="cell cell-action">{rule.action && (!editable ? <ActionBadge action={rule.action} />
				: <Menu class="action-menu" label={`Action of ${rule.id}: ${rule.action}`} tabIndex={-1}
					items={ACTIONS.map(action => ({ text: action, icon: action, disabled: action === rule.action, then: () => deeds.decide(line, action) }))}>
					<ActionBadge action={rule.action} /></Menu>)}</span>
			<span role="gridcell" class={`cell cell-name${bare ? ' cell-alone' : ''}`} aria-colspan={bare ? 3 : undefined}>
				<span class="rule-id">
					{editable ? <button type="button" class="rule-open" onClick={() => deeds.open(line)}>{rule.id}</button> : <b title={rule.id}>{rule.id}</b>}
					{line.folded ? <small class="soft">{line.heading}</small> : generated && <Badge>generated</Badge>}
					{line.mark && <Badge tone={MARKS[line.mark][1]}>{MARKS[line.mark][0]}</Badge>}
					{line.finding && <FindingBadge finding={line.finding} />}
					{rule.log && <span class="rule-logs" title="Its connections are logged"><Icon name="log" size={15} /><span class="unseen">logged</span></span>}
					{editable && !rule.description && !writing && <button type="button" class="rule-describe" tabIndex={-1} aria-label={`Describe ${rule.id}`} title="Describe it" onClick={() => onWriting(true)}><Icon name="edit" size={14} /></button>}
					{list(rule.tags).map(tag => <button key={tag} type="button" class="rule-tag" tabIndex={-1} title={`Show only rules tagged ${tag}`} onClick={() => deeds.search(`tag=${tag}`)}>{tag}</button>)}
				</span>
				{editable ? <Inline id={rule.id} text={rule.description ?? ''} open={writing} onOpen={onWriting} onText={text => deeds.describe(line, text)} />
					: rule.description && <small class="rule-about" title={rule.description}>{rule.description}</small>}
			</span>
			{!bare && <span role="gridcell" class="cell cell-zones">
				<ZoneChips names={rule.from} zones={zones} /><Icon name="arrow" size={14} /><span class="unseen">to</span><ZoneChips names={rule.to} zones={zones} /></span>}
			{!bare && <span role="gridcell" class="cell cell-ends">
				{source.length + destination.length === 0 ? !generated && <span class="soft">everybody</span> : <>
					{source.length > 0 && <span class="end"><small>from</small> <Words words={source} otherwise="" /></span>}
					{destination.length > 0 && <span class="end"><small>to</small> <Words words={destination} otherwise="" /></span>}
				</>}
			</span>}
			<span role="gridcell" class="cell cell-service"><Words words={list(rule.service)} otherwise={generated ? '' : 'every service'} />
				{rule.limit?.rate && <small class="soft"> {rule.limit.rate}</small>}</span>
			<span role="gridcell" class="cell cell-hits"><Counter ids={line.folded ?? [rule.id]} /></span>
			<span role="gridcell" class="cell cell-acts">{editable && <Menu label={`More for ${rule.id}`} items={menu_of(line, deeds, count)} />}</span>
		</>
	)
}
