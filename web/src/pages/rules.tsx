// SPDX-License-Identifier: GPL-3.0-or-later
// The policy: the ordered rules with live counters, edited in the workspace.
import '../css/rules.css'
import { useSignal } from '@preact/signals'
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { call, get, list_of, node_of, Problem, words_of } from '../core/api'
import { bit_rate_text, byte_size, list, plural, short_count } from '../core/format'
import { counter_tick, counters, seed_counters } from '../core/live'
import { place, settle } from '../core/router'
import { endpoint_words, fold, marks_of, matcher, merge, type Line, type Mark, type Policy } from '../core/rules'
import { complain, edit, may_edit, running_edits, toast, workspace, workspace_edits } from '../core/store'
import { narrow } from '../core/theme'
import type { Diff, Rule, RuleState } from '../core/types'
import { Dialog, Menu, type MenuItem } from '../ui/dialog'
import { Icon } from '../ui/icon'
import { ActionBadge, Badge, Button, Empty, IconButton, Notice, PageHead, Skeleton, Spark, Switch } from '../ui/parts'
import { Window, type Column } from '../ui/window'
import { RuleForm, type Draft } from './rule-form'

const names = (rows: unknown, key = 'name') => list_of<Record<string, string>>({ rows }, 'rows').map(row => row[key])

async function read_policy(): Promise<Policy> {
	const answer = await call<unknown>('GET', '/configuration/firewall', { workspace: workspace.value?.id })
	const node = node_of<Record<string, unknown>>(answer.body, 'firewall')
	return { zones: names(node.zones), groups: names(node.groups), services: names(node.services), rules: list_of<Rule>(node, 'rules') }
}

async function read_marks(): Promise<Map<string, Mark>> {
	if (!workspace.value?.changes)
		return new Map()
	const diff = await get<Diff>(`/workspaces/${workspace.value.id}/diff`)
	return marks_of(diff.changes)
}

const path_of = (id: string) => `/firewall/rules/${encodeURIComponent(id)}`

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

const COLUMNS: Column[] = [
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

const MARKS: Record<Mark, [string, 'accent' | 'note']> = { new: ['new', 'accent'], edited: ['edited', 'accent'], moved: ['moved', 'note'] }

interface Deeds {
	open: (line: Line) => void
	toggle: (line: Line, on: boolean) => void
	move: (line: Line, where: 'up' | 'down' | 'first' | 'last') => void
	insert: (line: Line, side: 'before' | 'after') => void
	clone: (line: Line) => void
	remove: (line: Line) => void
}

function menu_of(line: Line, deeds: Deeds, filtered: boolean, count: number): MenuItem[] {
	return [
		{ text: 'Edit', icon: 'edit', keys: 'Enter', then: () => deeds.open(line) },
		{ text: 'Insert above', icon: 'plus', then: () => deeds.insert(line, 'before') },
		{ text: 'Insert below', icon: 'plus', then: () => deeds.insert(line, 'after') },
		{ text: 'Clone', icon: 'copy', then: () => deeds.clone(line) },
		{ text: 'Move up', icon: 'up', keys: 'Alt ↑', disabled: filtered || line.number === 1, then: () => deeds.move(line, 'up') },
		{ text: 'Move down', icon: 'down', keys: 'Alt ↓', disabled: filtered || line.number === count, then: () => deeds.move(line, 'down') },
		{ text: 'Move to the top', icon: 'top', disabled: line.number === 1, then: () => deeds.move(line, 'first') },
		{ text: 'Move to the bottom', icon: 'bottom', disabled: line.number === count, then: () => deeds.move(line, 'last') },
		{ text: 'Delete', icon: 'trash', keys: 'Del', danger: true, then: () => deeds.remove(line) },
	]
}

function Row({ line, zones, deeds, filtered, count }: { line: Line; zones: string[]; deeds: Deeds; filtered: boolean; count: number }) {
	const { rule, generated } = line
	const on = rule.enabled !== false
	const editable = may_edit.value && !generated
	const source = endpoint_words(rule.source)
	const destination = endpoint_words(rule.destination)
	const bare = generated && list(rule.from).length + list(rule.to).length === 0	// says what it does in its name alone
	return (
		<>
			<span role="gridcell" class="cell cell-number">{generated ? <Icon name="lock" size={15} /> : line.number}</span>
			<span role="gridcell" class="cell cell-on">
				{generated ? <span class="unseen">always on</span>
					: <Switch bare label={`${rule.id} is enabled`} on={on} disabled={!editable} onChange={next => deeds.toggle(line, next)} />}
			</span>
			<span role="gridcell" class="cell cell-action">{rule.action && <ActionBadge action={rule.action} />}</span>
			<span role="gridcell" class={`cell cell-name${bare ? ' cell-alone' : ''}`} aria-colspan={bare ? 3 : undefined}>
				<span class="rule-id">
					{editable ? <button type="button" class="rule-open" onClick={() => deeds.open(line)}>{rule.id}</button> : <b title={rule.id}>{rule.id}</b>}
					{line.folded ? <small class="soft">{line.heading}</small> : generated && <Badge>generated</Badge>}
					{line.mark && <Badge tone={MARKS[line.mark][1]}>{MARKS[line.mark][0]}</Badge>}
					{rule.log && <span class="rule-logs" title="Its connections are logged"><Icon name="log" size={15} /><span class="unseen">logged</span></span>}
				</span>
				{rule.description && <small class="rule-about" title={rule.description}>{rule.description}</small>}
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
			<span role="gridcell" class="cell cell-acts">{editable && <>
				<IconButton class="only-wide" label={`Move ${rule.id} up`} icon="up" disabled={filtered || line.number === 1} onClick={() => deeds.move(line, 'up')} />
				<IconButton class="only-wide" label={`Move ${rule.id} down`} icon="down" disabled={filtered || line.number === count} onClick={() => deeds.move(line, 'down')} />
				<Menu label={`More for ${rule.id}`} items={menu_of(line, deeds, filtered, count)} />
			</>}</span>
		</>
	)
}

/** A free id that says where it comes from. */
function free_id(wish: string, rules: Rule[]) {
	const taken = new Set(rules.map(rule => rule.id))
	for (let number = 2; ; number++) {
		const id = `${wish.slice(0, 58)}-${number}`
		if (!taken.has(id))
			return id
	}
}

function Keys({ onClose }: { onClose: () => void }) {
	const rows: [string, string][] = [['↑ ↓ Home End', 'Go from rule to rule'], ['Enter or e', 'Edit the rule'], ['Space', 'Enable or disable it'],
		['Alt ↑, Alt ↓', 'Move it'], ['n', 'New rule below it'], ['c', 'Clone it'], ['Delete', 'Delete it'], ['/', 'Search']]
	return (
		<Dialog title="Keys of this page" onClose={onClose}>
			<dl class="keys">{rows.map(([keys, text]) => <div key={keys}><dt><kbd>{keys}</kbd></dt><dd>{text}</dd></div>)}</dl>
		</Dialog>
	)
}

export default function Rules() {
	const [policy, set_policy] = useState<Policy | null>(null)
	const [states, set_states] = useState<RuleState[]>([])
	const [marks, set_marks] = useState(new Map<string, Mark>())
	const [error, set_error] = useState('')
	const [text, set_text] = useState(place.value.query.get('filter') ?? '')
	const [generated, set_generated] = useState(false)
	const [draft, set_draft] = useState<Draft | null>(null)
	const [doomed, set_doomed] = useState<Line | null>(null)
	const [focus, set_focus] = useState<string | null>(null)
	const keys = useSignal(false)
	const busy = useRef(false)
	const search = useRef<HTMLInputElement>(null)
	const edits = workspace_edits.value
	const runs = running_edits.value
	const home = workspace.value?.id

	useEffect(() => {
		let wanted = true
		const read = async () => {
			try {
				const next = await read_policy()
				if (wanted)
					set_policy(next)
				const some = await read_marks()
				if (wanted)
					set_marks(some)
				if (wanted)
					set_error('')
			} catch (problem) {
				if (wanted)
					set_error(words_of(problem))
			}
		}
		void read()
		return () => { wanted = false }
	}, [edits, runs, home])

	useEffect(() => {
		let wanted = true
		get('/state/firewall').then(body => {
			const rows = list_of<RuleState>(body, 'rules')
			seed_counters(rows)
			if (wanted)
				set_states(rows)
		}, complain)
		return () => { wanted = false }
	}, [runs])

	// "#/rules?edit=ID&field=to" comes from an error of validation.
	useEffect(() => {
		const wish = place.value.query.get('edit')
		const rule = wish ? policy?.rules.find(one => one.id === wish) : undefined
		if (rule && may_edit.value) {
			set_draft({ rule, fresh: false, field: place.value.query.get('field') ?? undefined })
			settle({ focus: rule.id })
		}
	}, [policy !== null, place.value])

	useEffect(() => {
		const on_key = (event: KeyboardEvent) => {
			const target = event.target as HTMLElement
			if (event.ctrlKey || event.metaKey || event.altKey || target.closest('input, select, textarea, dialog, [popover]'))
				return
			if (event.key === '/') {
				event.preventDefault()
				search.current?.focus()
			} else if (event.key === '?') {
				keys.value = true
			}
		}
		addEventListener('keydown', on_key)
		return () => removeEventListener('keydown', on_key)
	}, [])

	const all = useMemo(() => merge(policy?.rules ?? [], states, marks), [policy, states, marks])
	const test = useMemo(() => matcher(text), [text])
	const lines = useMemo(() => test ? all.filter(test) : generated ? all : fold(all), [all, test, generated])
	// "#/rules?focus=ID" comes from the log and the dashboard; the id may be that of a generated rule.
	useEffect(() => {
		const seek = place.value.query.get('focus')
		const found = seek ? all.find(line => line.rule.id === seek) : undefined
		if (found?.generated)
			set_generated(true)
		if (found)
			set_focus(found.key)
	}, [place.value, policy !== null, states.length > 0])

	const rules = policy?.rules ?? []
	const zones = policy?.zones ?? []

	/** Edits follow each other; a second key press waits for nobody and is dropped. */
	const act = async (then: () => Promise<void>) => {
		if (busy.current)
			return
		busy.current = true
		try {
			await then()
		} catch (problem) {
			complain(problem)
			if (problem instanceof Problem && (problem.status === 404 || problem.status === 412))
				workspace_edits.value++
		} finally {
			busy.current = false
		}
	}

	const deeds: Deeds = {
		open: line => set_draft({ rule: line.rule, fresh: false }),
		toggle: (line, on) => act(async () => {
			await edit('PATCH', path_of(line.rule.id), { enabled: on ? null : false })
			toast('good', `${line.rule.id} is ${on ? 'enabled' : 'disabled'} in the pending changes`, () => deeds.toggle(line, !on))
		}),
		move: (line, where) => act(async () => {
			const at = rules.findIndex(rule => rule.id === line.rule.id)
			const body = where === 'first' || where === 'last' ? { to: where }
				: where === 'up' ? { before: rules[at - 1]?.id } : { after: rules[at + 1]?.id }
			if ('before' in body && !body.before || 'after' in body && !body.after)
				return
			await edit('POST', path_of(line.rule.id) + '/move', body)
			if ('to' in body)
				set_focus(line.rule.id)
		}),
		insert: (line, side) => set_draft({ rule: { id: '', from: line.rule.from, to: line.rule.to, action: 'accept' }, fresh: true, [side]: line.rule.id }),
		clone: line => set_draft({ rule: { ...line.rule, id: free_id(line.rule.id, rules) }, fresh: true, after: line.rule.id }),
		remove: line => set_doomed(line),
	}
	const add = () => set_draft({ rule: { id: '', action: 'accept' }, fresh: true })

	const on_key = (event: KeyboardEvent, line: Line) => {
		if (event.ctrlKey || event.metaKey || !may_edit.value)
			return
		const wants: Record<string, () => void> = event.altKey
			? { ArrowUp: () => !test && deeds.move(line, 'up'), ArrowDown: () => !test && deeds.move(line, 'down') }
			: { ' ': () => deeds.toggle(line, line.rule.enabled === false), e: () => deeds.open(line), c: () => deeds.clone(line),
				n: () => deeds.insert(line, 'after'), Delete: () => deeds.remove(line) }
		const then = wants[event.key]
		if (then) {
			event.preventDefault()
			if (!line.generated)
				then()
		}
	}

	const made = all.length - rules.length
	return (
		<div class="page page-full">
			<PageHead title="Firewall rules" lead="The first rule that matches decides. Each holds for IPv4 and IPv6.">
				{may_edit.value && <Button kind="primary" icon="plus" onClick={add}>Add rule</Button>}
			</PageHead>
			<div class="tools">
				<label class="search">
					<Icon name="search" /><span class="unseen">Search rules</span>
					<input ref={search} type="search" placeholder="Search, or action:drop from:wan" value={text} spellcheck={false} autoComplete="off"
						onInput={event => set_text(event.currentTarget.value)} />
				</label>
				<Switch label={`Show each of ${made} generated rules`} on={generated} onChange={set_generated} />
				<span class="tools-count" role="status">{test ? `${plural(lines.length, 'rule')} of ${all.length}` : plural(rules.length, 'rule')}</span>
				<IconButton class="only-wide" label="Keys of this page" icon="keyboard" onClick={() => { keys.value = true }} />
			</div>
			{error && <Notice alert tone="bad" icon="unlink" title="The rules cannot be read"><p>{error}</p></Notice>}
			{!policy && !error && <Skeleton lines={10} />}
			{policy && <Window label="Firewall rules" class="rules" columns={COLUMNS} items={lines} keyOf={line => line.key} heightOf={line => narrow.value ? line.generated ? 76 : 148 : line.generated && !line.folded ? 40 : 52}
				rowLabel={line => line.folded ? `${line.rule.id}, ${line.heading}` : `${line.generated ? 'Generated rule' : `Rule ${line.number}`} ${line.rule.id}`}
				rowClass={line => `${line.generated ? 'row-generated' : ''} ${line.rule.enabled === false ? 'row-off' : ''} ${line.mark ? 'row-marked' : ''}`}
				focusKey={focus} onFocused={() => set_focus(null)} onKey={on_key}
				onOpen={line => line.folded ? set_generated(true) : may_edit.value && !line.generated && deeds.open(line)}
				row={line => <Row line={line} zones={zones} deeds={deeds} filtered={test !== null} count={rules.length} />}
				empty={test ? <Empty icon="search" title="No rule is like that"><Button onClick={() => set_text('')}>Show all rules</Button></Empty>
					: <Empty icon="rules" title="There is no rule yet"><p>Nothing passes until a rule lets it.</p></Empty>} />}
			{draft && policy && <RuleForm draft={draft} policy={policy} onClose={saved => {
				set_draft(null)
				if (saved)
					set_focus(saved)
			}} />}
			{doomed && <Dialog title={`Delete ${doomed.rule.id}?`} lead="It goes with the next commit; until then it stays in force." onClose={() => set_doomed(null)}
				actions={<><Button onClick={() => set_doomed(null)}>Keep it</Button>
					<Button kind="danger" icon="trash" data-autofocus onClick={() => {
						const line = doomed
						set_doomed(null)
						void act(async () => {
							await edit('DELETE', path_of(line.rule.id))
							set_focus(rules[line.number]?.id ?? rules[line.number - 2]?.id ?? null)
							toast('good', `${line.rule.id} is deleted in the pending changes`)
						})
					}}>Delete</Button></>} />}
			{keys.value && <Keys onClose={() => { keys.value = false }} />}
		</div>
	)
}
