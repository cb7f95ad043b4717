// SPDX-License-Identifier: GPL-3.0-or-later
// The policy: the ordered rules with live counters, edited in the workspace, as a list or as pairs of zones.
import '../css/rules.css'
import type { JSX } from 'preact'
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { call, get, list_of, words_of } from '../core/api'
import { list } from '../core/format'
import { counter_tick, seed_counters } from '../core/live'
import { has_single_keys, is_page_key, is_single_key } from '../core/keys'
import { place, settle } from '../core/router'
import { begun, type Draft } from '../core/rule-draft'
import { is_live, matcher } from '../core/rule-filter'
import { clone_operations, move_operations, number_spot, reorder, restore_operations, step_spot, type Operation, type Spot } from '../core/rule-order'
import { fold, marks_of, merge, policy_of, RULE_LISTS, type Finding, type Line, type Mark, type Policy, type RuleList } from '../core/rules'
import { complain, edit, edit_batch, may_edit, running_edits, toast, workspace, workspace_edits } from '../core/store'
import { narrow } from '../core/theme'
import type { Diff, Rule, RuleState } from '../core/types'
import { msg, t } from '../core/words'
import { Dialog } from '../ui/dialog'
import { useDrag } from '../ui/drag'
import { Icon } from '../ui/icon'
import { Button, Empty, IconButton, Notice, PageHead, Segments, Skeleton, Switch } from '../ui/parts'
import { BulkBar, FilterHelp, Keys, MoveDialog, TagDialog } from '../ui/rule-bulk'
import { columns, Row, type Deeds } from '../ui/rule-row'
import { Window, type WindowControl } from '../ui/window'
import type { MatrixProps } from './rules-matrix'
import { RuleForm } from './rule-form'

const LIST_NAMES: Record<RuleList, string> = { 'pre-rules': msg('rules-list-before'), rules: msg('rules-list-rules'), 'post-rules': msg('rules-list-after') }
const LEADS: Record<RuleList, string> = {
	'pre-rules': msg('rules-lead-before'),
	rules: msg('rules-lead'),
	'post-rules': msg('rules-lead-after'),
}

const read_policy = () => call<unknown>('GET', '/configuration/firewall', { workspace: workspace.value?.id }).then(answer => policy_of(answer.body))

async function read_diff(): Promise<Diff | null> {
	return workspace.value?.changes ? get<Diff>(`/workspaces/${workspace.value.id}/diff`) : null
}

/** A free id that says where it comes from. */
function free_id(wish: string, taken: Set<string>) {
	for (let number = 2; ; number++) {
		const id = `${wish.slice(0, 58)}-${number}`
		if (!taken.has(id)) {
			taken.add(id)
			return id
		}
	}
}

const MATRIX = () => import('./rules-matrix')

/** The pairs of zones come in a chunk of their own. */
function Matrix(props: MatrixProps) {
	const [part, set_part] = useState<typeof import('./rules-matrix') | null>(null)
	useEffect(() => void MATRIX().then(set_part, complain), [])
	return part ? <part.Matrix {...props} /> : <Skeleton lines={6} />
}

type Asking = { kind: 'move' | 'tag' | 'delete'; ids: string[] } | { kind: 'keys' | 'help' } | null

/** The policy as the workspace has it, as the page shows it while an edit is on its way. */
function usePolicy() {
	const [policy, set_policy] = useState<Policy | null>(null)
	const [diff, set_diff] = useState<Diff | null>(null)
	const [states, set_states] = useState<RuleState[]>([])
	const [findings, set_findings] = useState(new Map<string, Finding>())
	const [error, set_error] = useState('')
	const [again, set_again] = useState(0)
	const writing = useRef(0)
	const edits = workspace_edits.value
	const runs = running_edits.value
	const home = workspace.value?.id

	useEffect(() => {
		let wanted = true
		const read = async () => {
			if (writing.current)
				return		// it is read when the last edit has been answered
			try {
				const next = await read_policy()
				if (wanted && !writing.current)
					set_policy(next)
				const some = await read_diff()
				if (wanted)
					set_diff(some)
				if (wanted)
					set_error('')
			} catch (problem) {
				if (wanted)
					set_error(words_of(problem))
			}
		}
		void read()
		return () => { wanted = false }
	}, [edits, runs, home, again])

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

	// What the analysis finds is worth a badge and no complaint: it is asked for when the edits rest.
	useEffect(() => {
		let wanted = true
		const soon = setTimeout(() => {
			get('/state/firewall-analysis', { workspace: home }).then(body => {
				// Of several findings about a rule the first is the gravest.
				const found = new Map<string, Finding>()
				for (const one of list_of<Finding>(body, 'findings'))
					if (!found.has(one.rule))
						found.set(one.rule, one)
				if (wanted)
					set_findings(found)
			}, () => {})
		}, 1200)
		return () => {
			wanted = false
			clearTimeout(soon)
		}
	}, [edits, runs, home])

	// Edits follow each other in the order in which they were made.
	const queue = useRef<Promise<void>>(Promise.resolve())
	const act = (then: () => Promise<void>) => {
		writing.current++
		queue.current = queue.current.then(then).catch(problem => {
			complain(problem)
		}).then(() => {
			if (--writing.current === 0)
				set_again(count => count + 1)
		})
		return queue.current
	}
	return { policy, set_policy, diff, states, findings, error, act }
}

export default function Rules() {
	const { policy, set_policy, diff, states, findings, error, act } = usePolicy()
	const query = place.value.query
	const section = (RULE_LISTS.find(name => name === query.get('list')) ?? 'rules') as RuleList
	const view = query.get('view') === 'zones' ? 'zones' : 'list'
	const [text, set_text] = useState(query.get('filter') ?? '')
	const [generated, set_generated] = useState(false)
	const [draft, set_draft] = useState<Draft | null>(null)
	const [focus, set_focus] = useState<string | null>(null)
	const [chosen, set_chosen] = useState(new Set<string>())
	const [writing, set_writing] = useState<string | null>(null)
	const [asking, set_asking] = useState<Asking>(null)
	const [told, set_told] = useState('')
	const anchor = useRef<string | null>(null)
	const pending_move = useRef<{ ids: Set<string>; spot: Spot } | null>(null)
	const search = useRef<HTMLInputElement>(null)
	const control = useRef<WindowControl>(null)

	const rules = policy?.lists[section] ?? []
	const zones = policy?.zones ?? []
	const base = `/firewall/${section}`
	const path_of = (id: string) => `${base}/${encodeURIComponent(id)}`

	// "#/rules?edit=ID&field=to" comes from an error of validation; "new" with a draft from the log.
	useEffect(() => {
		const wish = query.get('edit')
		const rule = wish ? rules.find(one => one.id === wish) : undefined
		if (rule && may_edit.value) {
			set_draft({ rule, list: section, fresh: false, field: query.get('field') ?? undefined })
			settle({ ...section !== 'rules' && { list: section }, focus: rule.id })
		}
		if (query.has('filter'))
			set_text(query.get('filter') ?? '')
	}, [policy !== null, place.value])

	useEffect(() => {
		if (policy && begun.value && may_edit.value) {
			set_draft(begun.value)
			begun.value = null
		}
	}, [policy !== null, begun.value])

	useEffect(() => {
		const on_key = (event: KeyboardEvent) => {
			if (!is_page_key(event))
				return
			if (event.key === '/') {
				event.preventDefault()
				search.current?.focus()
			} else if (event.key === '?') {
				set_asking({ kind: 'keys' })
			}
		}
		addEventListener('keydown', on_key)
		return () => removeEventListener('keydown', on_key)
	}, [])

	const marks = useMemo(() => diff ? marks_of(diff.changes, section) : new Map<string, Mark>(), [diff, section])
	const all = useMemo(() => merge(rules, section === 'rules' ? states : [], marks).map(line => ({ ...line, finding: line.generated ? undefined : findings.get(line.rule.id) })),
		[rules, states, marks, section, findings])
	const test = useMemo(() => matcher(text), [text])
	const live = is_live(text) ? counter_tick.value : 0
	const lines = useMemo(() => test ? all.filter(test) : generated ? all : fold(all), [all, test, generated, live])
	// "#/rules?focus=ID" comes from the log and the dashboard; the id may be that of a generated rule.
	useEffect(() => {
		const seek = query.get('focus')
		const found = seek ? all.find(line => line.rule.id === seek) : undefined
		if (found?.generated)
			set_generated(true)
		if (found)
			set_focus(found.key)
	}, [place.value, policy !== null, states.length > 0])

	// Rules that went away are not chosen any more.
	useEffect(() => {
		const there = new Set(rules.map(rule => rule.id))
		if ([...chosen].some(id => !there.has(id)))
			set_chosen(new Set([...chosen].filter(id => there.has(id))))
	}, [rules])
	useEffect(() => set_chosen(new Set()), [section])

	/** Shown at once; what the appliance says about it follows. */
	const put_rules = (next: Rule[]) => set_policy(before => before && { ...before, lists: { ...before.lists, [section]: next } })
	const among = (id: string) => chosen.has(id) ? chosen : new Set([id])
	const what = (ids: string[] | Set<string>) => [...ids].length === 1 ? [...ids][0] : t('rules-n-rules', { count: [...ids].length })

	const say = (ids: string[] | Set<string>, one: string, many: string, args: Record<string, string> = {}) =>
		[...ids].length === 1 ? t(one, { what: [...ids][0], ...args }) : t(many, { count: [...ids].length, ...args })

	const move_block = (ids: Set<string>, spot: Spot | null) => {
		if (!spot || !ids.size)
			return
		const next = reorder(rules, ids, spot)
		if (next.every((rule, at) => rule.id === rules[at].id))
			return
		put_rules(next)
		const first = next.findIndex(rule => ids.has(rule.id))
		set_told(ids.size === 1 ? t('rules-is-now', { rule: [...ids][0], at: first + 1, all: next.length })
			: t('rules-are-now', { rules: what(ids), from: first + 1, to: first + ids.size, all: next.length }))
		// Steps of a held key are sent as one: only where it ends counts.
		const waits = pending_move.current
		const same = waits && waits.ids.size === ids.size && [...ids].every(id => waits.ids.has(id))
		const at = first + ids.size
		const to: Spot = first > 0 ? { after: next[first - 1].id } : at < next.length ? { before: next[at].id } : { to: 'last' }
		if (same) {
			waits.spot = to
			return
		}
		const mine = { ids, spot: to }
		pending_move.current = mine
		void act(async () => {
			if (pending_move.current === mine)
				pending_move.current = null
			const operations = move_operations(base, next, mine.ids, mine.spot)
			if (operations.length === 1)
				await edit('POST', operations[0].path + '/move', mine.spot)
			else
				await edit_batch(operations)
		})
	}

	/** The same change to several rules, with a way back. */
	const change = (ids: Iterable<string>, patch: (rule: Rule) => Partial<Rule> | null, words: (ids: string[]) => string, back?: (rule: Rule) => Partial<Rule>) => {
		const wanted = new Set(ids)
		const had = rules.filter(rule => wanted.has(rule.id))
		const edits = had.flatMap(rule => {
			const value = patch(rule)
			return value ? [{ rule, value }] : []
		})
		if (!edits.length)
			return
		const by_id = new Map(edits.map(one => [one.rule.id, one.value]))
		put_rules(rules.map(rule => by_id.has(rule.id) ? { ...rule, ...Object.fromEntries(Object.entries(by_id.get(rule.id)!).map(([key, value]) => [key, value ?? undefined])) } as Rule : rule))
		void act(async () => {
			if (edits.length === 1)
				await edit('PATCH', path_of(edits[0].rule.id), edits[0].value)
			else
				await edit_batch(edits.map(({ rule, value }): Operation => ({ op: 'patch', path: path_of(rule.id), value })))
			toast('good', words(edits.map(one => one.rule.id)), back && (() => void act(() => edit_batch(edits.map(({ rule }): Operation => ({ op: 'patch', path: path_of(rule.id), value: back(rule) }))))))
		})
	}
	const enable = (ids: Set<string>, on: boolean) => change(ids, rule => (rule.enabled !== false) === on ? null : { enabled: on ? null : false } as unknown as Partial<Rule>,
		some => on ? say(some, 'rules-is-enabled', 'rules-n-enabled') : say(some, 'rules-is-disabled', 'rules-n-disabled'), rule => ({ enabled: rule.enabled === false ? false : null } as unknown as Partial<Rule>))
	const log = (ids: Set<string>, on: boolean) => change(ids, rule => (rule.log === true) === on ? null : { log: on || null } as unknown as Partial<Rule>,
		some => on ? say(some, 'rules-is-logged', 'rules-n-logged') : say(some, 'rules-is-not-logged', 'rules-n-not-logged'), rule => ({ log: rule.log === true || null } as unknown as Partial<Rule>))
	const decide = (ids: Set<string>, action: string) => change(ids, rule => rule.action === action ? null : { action }, some => say(some, 'rules-does', 'rules-n-do', { action }), rule => ({ action: rule.action }))

	const remove = (ids: Set<string>) => {
		const before = rules
		const first = before.findIndex(rule => ids.has(rule.id))
		const rest = before.filter(rule => !ids.has(rule.id))
		const gone = before.filter(rule => ids.has(rule.id))
		put_rules(rest)
		set_focus(rest[first]?.id ?? rest[first - 1]?.id ?? null)
		void act(async () => {
			if (gone.length === 1)
				await edit('DELETE', path_of(gone[0].id))
			else
				await edit_batch(gone.map((rule): Operation => ({ op: 'delete', path: path_of(rule.id) })))
			toast('good', say(ids, 'rules-is-deleted', 'rules-n-deleted'), () => void act(() => edit_batch(restore_operations(base, before, ids))))
		})
	}
	const clone_all = (ids: Set<string>) => {
		const taken = new Set(rules.map(rule => rule.id))
		const originals = rules.filter(rule => ids.has(rule.id))
		const copies = originals.map(rule => ({ ...rule, id: free_id(rule.id, taken) }))
		void act(async () => {
			await edit_batch(clone_operations(base, copies, originals.at(-1)!.id))
			set_chosen(new Set(copies.map(rule => rule.id)))
			toast('good', t('rules-n-copies', { count: copies.length }))
		})
	}
	const tag = (ids: string[], add: string[], less: string[]) => change(ids, rule => {
		const tags = [...new Set([...list(rule.tags).filter(one => !less.includes(one)), ...add])]
		return { tags: tags.length ? tags : null } as unknown as Partial<Rule>
	}, some => say(some, 'rules-is-tagged', 'rules-n-tagged'))

	const steer = (ids: Set<string>, where: 'up' | 'down' | 'first' | 'last') =>
		move_block(ids, where === 'first' || where === 'last' ? { to: where } : step_spot(rules, ids, where === 'up' ? -1 : 1))

	/* ---- choosing ---- */

	const mine = (line: Line | undefined) => line && !line.generated ? line.rule.id : null
	const range_to = (id: string) => {
		const at = lines.findIndex(line => mine(line) === id)
		const from = Math.max(0, lines.findIndex(line => mine(line) === anchor.current))
		return lines.slice(Math.min(at, from), Math.max(at, from) + 1).flatMap(line => mine(line) ?? [])
	}
	const pick = (id: string, is_range: boolean) => {
		const next = new Set(chosen)
		if (is_range && anchor.current)
			range_to(id).forEach(one => next.add(one))
		else
			next.has(id) ? next.delete(id) : next.add(id)
		if (!is_range)
			anchor.current = id
		set_chosen(next)
		set_told(next.size ? t('rules-n-chosen', { count: next.size }) : t('rules-none-chosen'))
	}

	const deeds: Deeds = {
		open: line => set_draft({ rule: line.rule, list: section, fresh: false }),
		toggle: (line, on) => enable(new Set([line.rule.id]), on),
		move: (line, where) => {
			steer(among(line.rule.id), where)
			if (where === 'first' || where === 'last')
				set_focus(line.rule.id)
		},
		move_to: line => set_asking({ kind: 'move', ids: [...among(line.rule.id)] }),
		insert: (line, side) => set_draft({ rule: { id: '', from: line.rule.from, to: line.rule.to, action: 'accept' }, list: section, fresh: true, [side]: line.rule.id }),
		clone: line => set_draft({ rule: { ...line.rule, id: free_id(line.rule.id, new Set(rules.map(rule => rule.id))) }, list: section, fresh: true, after: line.rule.id }),
		remove: line => set_asking({ kind: 'delete', ids: [...among(line.rule.id)] }),
		pick: (line, event) => pick(line.rule.id, event.shiftKey),
		describe: (line, words) => change([line.rule.id], () => ({ description: words || null } as unknown as Partial<Rule>), ([id]) => t('rules-is-described', { what: id }),
			rule => ({ description: rule.description ?? null } as unknown as Partial<Rule>)),
		decide: (line, action) => decide(new Set([line.rule.id]), action),
		search: set_text,
	}
	const add = (rule: Partial<Rule> = {}) => set_draft({ rule: { id: '', action: 'accept', ...rule }, list: section, fresh: true })

	const { drag, ghost, grip } = useDrag(control, ({ key, slot }) => {
		const ids = among(key)
		const next = lines.slice(slot).find(line => mine(line) && !ids.has(line.rule.id))
		const last = lines.slice(0, slot).reverse().find(line => mine(line) && !ids.has(line.rule.id))
		move_block(ids, next ? { before: next.rule.id } : last ? { after: last.rule.id } : null)
		set_focus(key)
	})

	const on_key = (event: KeyboardEvent, line: Line, at: number) => {
		const keyed = event.ctrlKey || event.metaKey
		if (keyed && event.key.toLowerCase() === 'a' && may_edit.value) {
			event.preventDefault()
			set_chosen(new Set(lines.flatMap(one => mine(one) ?? [])))
			return
		}
		if (event.key === 'Escape' && chosen.size) {
			set_chosen(new Set())
			set_told(t('rules-none-chosen'))
			return
		}
		if (keyed || !may_edit.value || (is_single_key(event) && !has_single_keys()))
			return
		const id = line.rule.id
		const wants: Record<string, () => void> = event.altKey
			? { ArrowUp: () => steer(among(id), 'up'), ArrowDown: () => steer(among(id), 'down') }
			: { ' ': () => pick(id, event.shiftKey), x: () => pick(id, false), X: () => pick(id, true), d: () => chosen.has(id) ? enable(chosen, line.rule.enabled === false) : deeds.toggle(line, line.rule.enabled === false),
				e: () => deeds.open(line), c: () => chosen.has(id) && chosen.size > 1 ? clone_all(chosen) : deeds.clone(line), n: () => deeds.insert(line, 'after'), N: () => deeds.insert(line, 'before'), m: () => deeds.move_to(line),
				t: () => set_asking({ kind: 'tag', ids: [...among(id)] }), F2: () => set_writing(line.key), Delete: () => deeds.remove(line) }
		const then = wants[event.key]
		if (then) {
			event.preventDefault()
			if (!line.generated)
				then()
		}
		void at
	}

	const made = all.length - rules.length
	const ask = asking && 'ids' in asking ? asking : null
	const counts = RULE_LISTS.map(name => policy?.lists[name].length ?? 0)
	const has_sections = section !== 'rules' || counts[0] + counts[2] > 0
	return (
		<div class="page page-full">
			<PageHead title={t('shell-firewall-rules')} lead={t(LEADS[section])}>
				<Segments label={t('word-view')} name="view" value={view} onValue={next => settle({ ...section !== 'rules' && { list: section }, ...next !== 'list' && { view: next } })}
					options={[{ key: 'list', text: t('rules-list'), icon: 'log' }, { key: 'zones', text: t('rules-zones'), icon: 'grid' }]} />
				{may_edit.value && <Button kind="primary" icon="plus" onClick={() => add()}>{t('rules-add')}</Button>}
			</PageHead>
			{view === 'list' && <div class="tools">
				<label class="search">
					<Icon name="search" /><span class="unseen">{t('rules-search')}</span>
					<input ref={search} type="search" placeholder={t('rules-search-hint')} value={text} spellcheck={false} autoComplete="off"
						onInput={event => set_text(event.currentTarget.value)} />
				</label>
				<IconButton label={t('rules-how-to-search')} icon="help" onClick={() => set_asking({ kind: 'help' })} />
				{has_sections && <Segments label={t('rules-which')} name="section" value={section} onValue={next => settle(next === 'rules' ? {} : { list: next })}
					options={RULE_LISTS.map((name, at) => ({ key: name, text: `${t(LIST_NAMES[name])} ${counts[at]}` }))} />}
				{section === 'rules' && <Switch label={t('rules-show-generated', { count: made })} on={generated} onChange={set_generated} />}
				<span class="tools-count" role="status">{test ? t('rules-n-of', { count: lines.length, all: all.length }) : t('rules-n-rules', { count: rules.length })}</span>
				<IconButton class="only-wide" label={t('rules-keys')} icon="keyboard" onClick={() => set_asking({ kind: 'keys' })} />
			</div>}
			<p class="unseen" role="status" aria-live="assertive">{told}</p>
			{error && <Notice alert tone="bad" icon="unlink" title={t('rules-unreadable')}><p>{error}</p></Notice>}
			{!policy && !error && <Skeleton lines={10} />}
			{policy && view === 'zones' && <Matrix policy={policy} onPair={(from, to) => {
				set_text(`pair:${from}>${to}`)
				settle({})
			}} onAdd={(from, to) => add({ from: [from], to: [to] })} />}
			{policy && view === 'list' && <Window label={t('shell-firewall-rules')} class={`rules${chosen.size ? ' rules-choosing' : ''}`} columns={columns()} items={lines} keyOf={line => line.key}
				heightOf={line => narrow.value ? line.generated ? 76 : 148 : line.generated && !line.folded ? 40 : 52}
				rowLabel={line => line.folded ? `${line.rule.id}, ${line.heading}` : line.generated ? t('rules-row-generated', { rule: line.rule.id }) : t('rules-row', { number: String(line.number), rule: line.rule.id })}
				rowClass={line => [line.generated && 'row-generated', line.rule.enabled === false && 'row-off', line.mark && 'row-marked', chosen.has(line.key) && 'row-chosen',
					drag && (drag.key === line.key || (chosen.has(drag.key) && chosen.has(line.key))) && 'row-dragged'].filter(Boolean).join(' ')}
				focusKey={focus} onFocused={() => set_focus(null)} onKey={on_key} chosen={may_edit.value ? chosen : undefined} control={control} drop={drag?.slot ?? null}
				onPress={(event, line) => {
					if (line.generated || !may_edit.value)
						return
					if (event.shiftKey || event.ctrlKey || event.metaKey)
						pick(line.rule.id, event.shiftKey)
					else
						anchor.current = line.rule.id
				}}
				onOpen={line => line.folded ? set_generated(true) : may_edit.value && !line.generated && deeds.open(line)}
				row={line => <Row line={line} zones={zones} deeds={deeds} count={rules.length} chosen={chosen.has(line.key)} grip={grip(line.key)}
					writing={writing === line.key} onWriting={on => set_writing(on ? line.key : null)} />}
				empty={test ? <Empty icon="search" title={t('rules-none-like-that')}><Button onClick={() => set_text('')}>{t('rules-show-all')}</Button></Empty>
					: <Empty icon="rules" title={t('rules-no-rule')}><p>{t('rules-no-rule-more')}</p></Empty>} />}
			{drag && <div class="drag-ghost" ref={ghost as JSX.Element['ref']} aria-hidden="true"><Icon name="rules" size={16} />{what(among(drag.key))}</div>}
			{view === 'list' && chosen.size > 0 && may_edit.value && <BulkBar count={chosen.size} deeds={{
				enable: on => enable(chosen, on), log: on => log(chosen, on), decide: action => decide(chosen, action), tag: () => set_asking({ kind: 'tag', ids: [...chosen] }),
				clone: () => clone_all(chosen), move: where => steer(chosen, where), move_to: () => set_asking({ kind: 'move', ids: [...chosen] }),
				remove: () => set_asking({ kind: 'delete', ids: [...chosen] }), clear: () => set_chosen(new Set()) }} />}
			{draft && policy && <RuleForm draft={draft} policy={policy} onClose={saved => {
				set_draft(null)
				if (saved)
					set_focus(saved)
			}} />}
			{ask?.kind === 'move' && <MoveDialog what={what(ask.ids)} count={rules.length} onClose={() => set_asking(null)} onNumber={number => {
				set_asking(null)
				move_block(new Set(ask.ids), number_spot(rules, new Set(ask.ids), number))
				set_focus(ask.ids[0])
			}} />}
			{ask?.kind === 'tag' && <TagDialog what={what(ask.ids)} known={[...new Set(rules.flatMap(rule => list(rule.tags)))].sort()}
				carried={[...new Set(rules.filter(rule => ask.ids.includes(rule.id)).flatMap(rule => list(rule.tags)))].sort()} onClose={() => set_asking(null)}
				onTags={(more, less) => {
					set_asking(null)
					tag(ask.ids, more, less)
				}} />}
			{ask?.kind === 'delete' && <Dialog title={t('rules-delete-title', { what: what(ask.ids) })} lead={t('rules-delete-lead')} onClose={() => set_asking(null)}
				actions={<><Button onClick={() => set_asking(null)}>{t('rules-keep-it')}</Button>
					<Button kind="danger" icon="trash" data-autofocus onClick={() => {
						set_asking(null)
						remove(new Set(ask.ids))
					}}>{t('rules-delete')}</Button></>} />}
			{asking?.kind === 'keys' && <Keys onClose={() => set_asking(null)} />}
			{asking?.kind === 'help' && <FilterHelp onClose={() => set_asking(null)} onTry={words => {
				set_text(words)
				set_asking(null)
			}} />}
		</div>
	)
}
