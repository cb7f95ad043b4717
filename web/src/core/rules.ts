// SPDX-License-Identifier: GPL-3.0-or-later
// The policy as the rules page sees it: the candidate's rules with the generated ones between them, filtered.
import { list_of, node_of } from './api'
import { list } from './format'
import { msg, t } from './words'
import type { Change, Endpoint, FieldError, Rule, RuleState } from './types'

/** The three lists of rules, in the order the kernel asks them. */
export const RULE_LISTS = ['pre-rules', 'rules', 'post-rules'] as const
export type RuleList = typeof RULE_LISTS[number]

/** What a rule can refer to, and the rules themselves, as the workspace has them. */
export interface Policy {
	zones: string[]
	groups: string[]
	services: string[]
	lists: Record<RuleList, Rule[]>
	defaults: Record<string, string>	// what happens to what no rule decides, for each zone
}

const names = (rows: unknown, key = 'name') => list_of<Record<string, string>>({ rows }, 'rows').map(row => row[key])

/** The firewall's part of a configuration as the pages see it. */
export function policy_of(body: unknown): Policy {
	const node = node_of<Record<string, unknown>>(body, 'firewall')
	const fallback = node.defaults as { action?: string; outgoing?: string } | undefined
	const usual = fallback?.action ?? 'drop'
	return { zones: names(node.zones), groups: names(node.groups), services: names(node.services),
		defaults: { ...Object.fromEntries(list_of<Record<string, string>>(node, 'zones').map(zone => [zone.name, zone['default-action'] ?? usual])), local: fallback?.outgoing ?? 'accept' },
		lists: Object.fromEntries(RULE_LISTS.map(name => [name, list_of<Rule>(node, name)])) as Policy['lists'] }
}

/** What the appliance found out about a rule (GET /state/firewall-analysis). */
export interface Finding {
	rule: string
	finding: 'shadowed' | 'redundant' | 'partly' | 'never-hit'
	witnesses?: string[]
	since?: string
	text: string
}

export type Mark = 'new' | 'edited' | 'moved'

export interface Line {
	key: string
	rule: Rule
	number: number		// among the rules of people; 0 for a generated one
	generated: boolean
	mark?: Mark
	finding?: Finding	// what the analysis says of it
	stage?: Stage
	folded?: string[]	// the generated rules that this line stands for
	heading?: string
}

/** When the kernel asks a generated rule: before the rules of people, after all of them, or to translate addresses. */
export type Stage = 'before' | 'after' | 'translation'

const stage_of = (state: RuleState): Stage => !state.action ? 'translation' : state.id.startsWith('default:') ? 'after' : 'before'

/** The rules of people in their order, between the generated ones that come before and after them. */
export function merge(rules: Rule[], states: RuleState[], marks: Map<string, Mark>): Line[] {
	const seen = new Map<string, number>()
	const made = states.filter(state => state.generated).map(state => {
		const count = (seen.get(state.id) ?? 0) + 1
		seen.set(state.id, count)
		return { key: `generated ${state.id} ${count}`, rule: { ...state } as unknown as Rule, number: 0, generated: true, stage: stage_of(state) }
	})
	const of = (stage: Stage): Line[] => made.filter(line => line.stage === stage)
	return [...of('before'), ...rules.map((rule, at) => ({ key: rule.id, rule, number: at + 1, generated: false, mark: marks.get(rule.id) })),
		...of('after'), ...of('translation')]
}

const HEADINGS: Record<Stage, string> = { before: msg('rules-checked-first'), after: msg('rules-for-the-rest'), translation: msg('rules-translate') }

/** The generated ones of a stage as one line; those that decide what is left stay by themselves. */
export function fold(lines: Line[]): Line[] {
	const out: Line[] = []
	for (const line of lines) {
		const last = out.at(-1)
		if (!line.generated || line.stage === 'after') {
			out.push(line)
		} else if (last?.folded && last.stage === line.stage) {
			last.folded.push(line.rule.id)
			last.rule = { ...last.rule, id: t('rules-n-generated', { count: last.folded.length }), description: last.folded.join(', ') }
		} else {
			out.push({ key: `folded ${line.stage}`, rule: { id: t('rules-n-generated', { count: 1 }), description: line.rule.id }, number: 0, generated: true, stage: line.stage,
				folded: [line.rule.id], heading: t(HEADINGS[line.stage ?? 'before']) })
		}
	}
	return out
}

export function marks_of(changes: Change[], list: RuleList) {
	const marks = new Map<string, Mark>()
	for (const change of changes) {
		const [, name, id, ...rest] = change.path.match(/^\/firewall\/([a-z-]+)\/([^/]+)(\/.*)?$/) ?? []
		if (name !== list)
			continue
		if (!id || (change.op === 'delete' && !rest[0]))
			continue
		if (change.op === 'create' && !rest[0])
			marks.set(id, 'new')
		else if (change.op === 'move' && !marks.has(id))
			marks.set(id, 'moved')
		else if (change.op !== 'move' && marks.get(id) !== 'new')
			marks.set(id, 'edited')
	}
	return marks
}

export function endpoint_words(end: Endpoint | undefined): string[] {
	if (!end)
		return []
	return [...list(end.group), ...list(end.addresses), ...list(end.zones as string[] | undefined).map(zone => t('rules-network-of', { zone }))]
}

/** Members of a rule that narrow what it is about, beside those that have columns. */
const CONDITIONS = ['family', 'in-interface', 'out-interface', 'source-mac', 'source-mac-group', 'dscp', 'mark', 'connection-mark', 'state', 'length', 'tcp-flags', 'connections']
export const conditions_of = (rule: Rule) => CONDITIONS.filter(name => rule[name] !== undefined)

/** Only what says something: empty members are left out, so that the document stays short. */
export function tidy(rule: Rule): Rule {
	const out: Rule = { ...rule }
	const end = (one: Endpoint | undefined) => {
		const kept = Object.entries(one ?? {}).filter(([, value]) => list(value as string[]).length > 0)
		return kept.length ? Object.fromEntries(kept) : undefined
	}
	out.source = end(rule.source)
	out.destination = end(rule.destination)
	if (!list(rule.service).length)
		delete out.service
	if (!rule.description)
		delete out.description
	if (!rule.limit?.rate)
		delete out.limit
	if (!list(rule.tags).length)
		delete out.tags
	if (rule.enabled !== false)
		delete out.enabled
	if (!rule.log)
		delete out.log
	for (const key of Object.keys(out)) {
		if (out[key] === undefined)
			delete out[key]
	}
	return out
}

/** Where an error belongs that is about the whole of them. */
const ALONE: Record<string, string> = { source: 'addresses', destination: 'addresses', limit: 'rate' }

/** "/firewall/rules/web-in/source/addresses/0" is about the field "source-addresses". */
export function field_of(error: FieldError, id: string) {
	const parts = (error.pointer ?? '').split('/').filter(Boolean)
	const at = parts.indexOf(id)
	const inner = (at >= 0 ? parts.slice(at + 1) : parts.slice(parts[0] === 'firewall' ? 3 : 0)).filter(part => !/^\d+$/.test(part))
	if (inner.length === 1 && inner[0] in ALONE)
		return `${inner[0]}-${ALONE[inner[0]]}`
	return inner.join('-')
}
