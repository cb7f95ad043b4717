// SPDX-License-Identifier: GPL-3.0-or-later
// Who may talk to whom, as a table of zones: each cell says what becomes of a new connection from the zone of its row to that of its column.
import '../css/matrix.css'
import { may_edit } from '../core/store'
import type { Policy } from '../core/rules'
import { pairs_of, VERDICT_ICONS as ICONS, VERDICTS as WORDS } from '../core/verdicts'
import { t } from '../core/words'
import { Icon } from '../ui/icon'
import { ZoneChips } from '../ui/rule-row'

export interface MatrixProps {
	policy: Policy
	onPair: (from: string, to: string) => void
	onAdd: (from: string, to: string) => void
}

export function Matrix({ policy, onPair, onAdd }: MatrixProps) {
	const ends = [...policy.zones, 'local']
	const of = pairs_of(policy)
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
							const cell = of(from, to)
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
