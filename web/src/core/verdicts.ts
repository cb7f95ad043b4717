// SPDX-License-Identifier: GPL-3.0-or-later
// What becomes of a new connection from one zone to another, as the policy says it.
import type { IconName } from '../ui/icon'
import { list } from './format'
import { in_pair } from './rule-filter'
import type { Policy } from './rules'
import type { Rule } from './types'
import { msg } from './words'

export type Verdict = 'open' | 'some' | 'closed' | 'refused'

export interface Cell {
	verdict: Verdict
	rules: number		// enabled rules that may decide
	words: string		// what they let through
}

export const VERDICTS: Record<Verdict, string> = { open: msg('matrix-open'), some: msg('matrix-some'), closed: msg('matrix-closed'), refused: msg('matrix-refused') }
export const VERDICT_ICONS: Record<Verdict, IconName> = { open: 'accept', some: 'filter', closed: 'drop', refused: 'reject' }

/** A rule that decides whatever reaches it: it says nothing of addresses, services or anything else. */
const KNOWN = new Set(['id', 'description', 'tags', 'enabled', 'from', 'to', 'log', 'log-text', 'log-limit', 'action', 'reject-with'])
const takes_all = (rule: Rule) => Object.entries(rule).every(([key, value]) => KNOWN.has(key) || list(value as string[]).length === 0 ||
	(typeof value === 'object' && !Array.isArray(value) && value !== null && Object.keys(value).length === 0))

/** Goes through the rules of a pair as the kernel does, until one decides everything. */
function summary(rules: Rule[], usual: string): Cell {
	let rest = usual
	const lets: string[] = []
	for (const rule of rules) {
		if (takes_all(rule) && rule.action !== 'continue') {
			rest = rule.action ?? usual
			break
		}
		if (rule.action === 'accept')
			lets.push(...(list(rule.service).length ? list(rule.service) : [rule.id]))
	}
	const verdict: Verdict = rest === 'accept' ? 'open' : lets.length ? 'some' : rest === 'reject' ? 'refused' : 'closed'
	const names = [...new Set(lets)]
	return { verdict, rules: rules.length, words: verdict === 'some' ? names.slice(0, 2).join(', ') + (names.length > 2 ? ` +${names.length - 2}` : '') : '' }
}

/** What becomes of a pair of zones; "local" is the box itself. */
export function pairs_of(policy: Policy): (from: string, to: string) => Cell {
	const rules = [...policy.lists['pre-rules'], ...policy.lists.rules, ...policy.lists['post-rules']].filter(rule => rule.enabled !== false)
	return (from, to) => summary(rules.filter(rule => in_pair({ key: '', rule, number: 0, generated: false }, from, to)), policy.defaults[from] ?? 'drop')
}
