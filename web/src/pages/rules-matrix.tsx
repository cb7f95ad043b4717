// SPDX-License-Identifier: GPL-3.0-or-later
// Who may talk to whom, as a table of zones: each cell says what becomes of a new connection from the zone of its row to that of its column.
import '../css/matrix.css'
import { in_pair } from '../core/rule-filter'
import { list } from '../core/format'
import { may_edit } from '../core/store'
import type { Policy } from '../core/rules'
import type { Rule } from '../core/types'
import { msg, t } from '../core/words'
import { Icon, type IconName } from '../ui/icon'
import { ZoneChips } from '../ui/rule-row'

export interface MatrixProps {
	policy: Policy
	onPair: (from: string, to: string) => void
	onAdd: (from: string, to: string) => void
}

type Verdict = 'open' | 'some' | 'closed' | 'refused'

interface Cell {
	verdict: Verdict
	rules: number		// enabled rules that may decide
	words: string		// what they let through
}

const WORDS: Record<Verdict, string> = { open: msg('matrix-open'), some: msg('matrix-some'), closed: msg('matrix-closed'), refused: msg('matrix-refused') }
const ICONS: Record<Verdict, IconName> = { open: 'accept', some: 'filter', closed: 'drop', refused: 'reject' }

/** A rule that decides whatever reaches it: it says nothing of addresses, services or anything else. */
const KNOWN = new Set(['id', 'description', 'tags', 'enabled', 'from', 'to', 'log', 'log-text', 'log-limit', 'action', 'reject-with'])
const takes_all = (rule: Rule) => Object.entries(rule).every(([key, value]) => KNOWN.has(key) || list(value as string[]).length === 0 ||
	(typeof value === 'object' && !Array.isArray(value) && value !== null && Object.keys(value).length === 0))

/** Goes through the rules of a pair as the kernel does, until one decides everything. */
export function summary(rules: Rule[], usual: string): Cell {
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

export function Matrix({ policy, onPair, onAdd }: MatrixProps) {
	const ends = [...policy.zones, 'local']
	const rules = [...policy.lists['pre-rules'], ...policy.lists.rules, ...policy.lists['post-rules']].filter(rule => rule.enabled !== false)
	const of = (from: string, to: string) => rules.filter(rule => in_pair({ key: '', rule, number: 0, generated: false }, from, to))
	return (
		<div class="matrix-box" role="region" aria-label={t('matrix-label')} tabIndex={0}>
			<table class="matrix">
				<caption class="unseen">{t('matrix-caption')}</caption>
				<thead>
					<tr>
						<th scope="col" class="matrix-corner"><span class="matrix-from">{t('rules-from')}</span><span class="matrix-to">{t('rules-to')}</span></th>
						{ends.map(to => <th key={to} scope="col"><ZoneChips names={to} zones={policy.zones} /></th>)}
					</tr>
				</thead>
				<tbody>
					{ends.map(from => <tr key={from}>
						<th scope="row"><ZoneChips names={from} zones={policy.zones} /></th>
						{ends.map(to => {
							if (from === to && from === 'local')
								return <td key={to} class="matrix-none"><span aria-label={t('matrix-box-itself')}>–</span></td>
							const cell = summary(of(from, to), policy.defaults[from] ?? 'drop')
							return (
								<td key={to} class={`matrix-cell matrix-${cell.verdict}`}>
									<button type="button" class="matrix-press" aria-label={t('matrix-cell', { from, to, verdict: t(WORDS[cell.verdict]), rules: t('rules-n-rules', { count: cell.rules }) })} onClick={() => onPair(from, to)}>
										<span class="matrix-verdict"><Icon name={ICONS[cell.verdict]} size={16} />{t(WORDS[cell.verdict])}</span>
										<span class="matrix-words" title={cell.words || undefined}>{cell.words}</span>
										<span class="matrix-count">{t('rules-n-rules', { count: cell.rules })}</span>
									</button>
									{may_edit.value && <button type="button" class="icon-button matrix-add" aria-label={t('matrix-add', { from, to })} title={t('matrix-add', { from, to })}
										onClick={() => onAdd(from, to)}><Icon name="plus" size={16} /></button>}
								</td>
							)
						})}
					</tr>)}
				</tbody>
			</table>
			<ul class="matrix-key" aria-label={t('matrix-key')}>
				<li class="matrix-open"><Icon name="accept" size={15} /><b>{t('matrix-open')}</b> {t('matrix-open-means')}</li>
				<li class="matrix-some"><Icon name="filter" size={15} /><b>{t('matrix-some')}</b> {t('matrix-some-means')}</li>
				<li class="matrix-closed"><Icon name="drop" size={15} /><b>{t('matrix-closed')}</b> {t('matrix-closed-means')}</li>
				<li class="matrix-refused"><Icon name="reject" size={15} /><b>{t('matrix-refused')}</b> {t('matrix-refused-means')}</li>
			</ul>
		</div>
	)
}
