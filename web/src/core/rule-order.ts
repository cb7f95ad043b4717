// SPDX-License-Identifier: GPL-3.0-or-later
// Moving rules: where a block goes, what the list is afterwards, and the edits that make it so. Pure functions.
import type { Rule } from './types'

/** Beside a rule that is not moved itself, or at an end. */
export type Spot = { before: string } | { after: string } | { to: 'first' | 'last' }

export interface Operation {
	op: 'create' | 'put' | 'patch' | 'delete' | 'append' | 'move'
	path: string
	value?: unknown
	before?: string
	after?: string
	to?: string
}

/** The list as it is when these rules stand together at that spot, in their order. */
export function reorder(rules: Rule[], ids: Set<string>, spot: Spot): Rule[] {
	const block = rules.filter(rule => ids.has(rule.id))
	const rest = rules.filter(rule => !ids.has(rule.id))
	const at = 'to' in spot ? (spot.to === 'first' ? 0 : rest.length)
		: 'before' in spot ? rest.findIndex(rule => rule.id === spot.before) : rest.findIndex(rule => rule.id === spot.after) + 1
	return at < 0 ? rules : [...rest.slice(0, at), ...block, ...rest.slice(at)]
}

/** One step up or down: over the next rule that does not move itself. Null at the end. */
export function step_spot(rules: Rule[], ids: Set<string>, by: 1 | -1): Spot | null {
	const places = rules.flatMap((rule, at) => ids.has(rule.id) ? [at] : [])
	if (!places.length)
		return null
	const is_block = places.at(-1)! - places[0] === places.length - 1
	let at = by < 0 ? places[0] - 1 : places.at(-1)! + 1
	if (!is_block) {		// first it gathers, at the end it moves towards
		at = by < 0 ? places[0] : places.at(-1)!
		const beside = by < 0 ? rules.slice(at).find(rule => !ids.has(rule.id)) : rules.slice(0, at).reverse().find(rule => !ids.has(rule.id))
		return beside ? (by < 0 ? { before: beside.id } : { after: beside.id }) : null
	}
	const next = rules[at]
	return next ? (by < 0 ? { before: next.id } : { after: next.id }) : null
}

/** So that the block begins at this number (from 1). */
export function number_spot(rules: Rule[], ids: Set<string>, number: number): Spot {
	const rest = rules.filter(rule => !ids.has(rule.id))
	const next = rest[Math.max(1, Math.floor(number)) - 1]
	return next ? { before: next.id } : { to: 'last' }
}

const path_in = (list: string, id: string) => `${list}/${encodeURIComponent(id)}`

/** The first goes to the spot, each other one behind the one before it. */
export function move_operations(list: string, rules: Rule[], ids: Set<string>, spot: Spot): Operation[] {
	const block = rules.filter(rule => ids.has(rule.id))
	return block.map((rule, at) => ({ op: 'move', path: path_in(list, rule.id), ...(at === 0 ? spot : { after: block[at - 1].id }) }))
}

/** What brings deleted rules back to where they were. */
export function restore_operations(list: string, rules: Rule[], ids: Set<string>): Operation[] {
	return rules.flatMap((rule, at): Operation[] => !ids.has(rule.id) ? [] : [{ op: 'append', path: list, value: rule },
		{ op: 'move', path: path_in(list, rule.id), ...(at === 0 ? { to: 'first' } : { after: rules[at - 1].id }) }])
}

/** Copies below their originals' block. */
export function clone_operations(list: string, copies: Rule[], after: string): Operation[] {
	return copies.flatMap((rule, at): Operation[] => [{ op: 'append', path: list, value: rule },
		{ op: 'move', path: path_in(list, rule.id), after: at === 0 ? after : copies[at - 1].id }])
}
