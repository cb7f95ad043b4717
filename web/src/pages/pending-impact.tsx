// SPDX-License-Identifier: GPL-3.0-or-later
// Whom the pending changes would cut off and let in, of what happened in the last day. Asked for, not read by itself: the appliance judges everything anew for it.
import { useEffect, useState } from 'preact/hooks'
import { get, list_of, words_of } from '../core/api'
import { ago } from '../core/format'
import { now, workspace_edits } from '../core/store'
import { t } from '../core/words'
import { Icon } from '../ui/icon'
import { Button, Card, Empty, Notice, Segments, Skeleton } from '../ui/parts'
import { Table } from '../ui/table'

interface Touched {
	protocol: string
	source: string
	destination: string
	'destination-port'?: number
	last: string
	rule: string
	text: string
}

interface Told {
	connections: number
	denied: number
	'cut-total': number
	'admitted-total': number
	since: string
	cut: Touched[]
	admitted: Touched[]
}

const SHOWN = 100
const end_of = (row: Touched) => row.destination + (row['destination-port'] ? `:${row['destination-port']}` : '')

/** Rows in which every word occurs. */
export function found(rows: Touched[], text: string) {
	const words = text.toLowerCase().split(/\s+/).filter(Boolean)
	return rows.filter(row => {
		const all = `${row.protocol} ${row.source} ${end_of(row)} ${row.rule} ${row.text}`.toLowerCase()
		return words.every(word => all.includes(word))
	})
}

export function ImpactCard({ id }: { id: string }) {
	const [told, set_told] = useState<Told | null>(null)
	const [busy, set_busy] = useState(false)
	const [trouble, set_trouble] = useState('')
	const [which, set_which] = useState<'cut' | 'admitted'>('cut')
	const [text, set_text] = useState('')
	const edits = workspace_edits.value
	useEffect(() => set_told(null), [id, edits])

	const read = async () => {
		set_busy(true)
		set_trouble('')
		try {
			const body = await get<Told>('/state/firewall-impact', { workspace: id })
			set_told({ ...body, cut: list_of<Touched>(body, 'cut'), admitted: list_of<Touched>(body, 'admitted') })
			set_which(body['cut-total'] || !body['admitted-total'] ? 'cut' : 'admitted')
		} catch (problem) {
			set_trouble(words_of(problem))
		}
		set_busy(false)
	}
	const rows = told ? found(told[which], text) : []
	return (
		<Card title={t('changes-impact')} icon="unlink" actions={told
			? <Segments label={t('word-view')} name="impact" value={which} onValue={next => set_which(next as 'cut' | 'admitted')} options={[
				{ key: 'cut', text: t('changes-impact-cut', { count: told['cut-total'] }), icon: 'unlink' }, { key: 'admitted', text: t('changes-impact-admitted', { count: told['admitted-total'] }), icon: 'link' }]} />
			: <Button icon="search" busy={busy} onClick={() => void read()}>{t('changes-impact-look')}</Button>}>
			{trouble && <Notice alert tone="bad" icon="unlink" title={t('changes-impact-unreadable')}><p>{trouble}</p></Notice>}
			{busy && <Skeleton lines={3} />}
			{!told && !busy && !trouble && <p class="soft">{t('changes-impact-lead')}</p>}
			{told && <div class="impact">
				<p class="soft" role="status">{t('changes-impact-looked', { connections: told.connections, denied: told.denied, ago: ago(told.since, now.value) })}</p>
				{told[which].length > 0 && <label class="search"><Icon name="search" /><span class="unseen">{t('changes-impact-search')}</span>
					<input type="search" placeholder={t('changes-impact-search')} value={text} spellcheck={false} autoComplete="off" onInput={event => set_text(event.currentTarget.value)} /></label>}
				{rows.length === 0 ? <Empty icon="check" title={t(text ? 'changes-impact-none-like-that' : which === 'cut' ? 'changes-impact-none-cut' : 'changes-impact-none-admitted')} />
					: <Table label={t('changes-impact')} rows={rows.slice(0, SHOWN)} keyOf={(_, at) => String(at)} columns={[
						{ key: 'who', text: t('changes-impact-who'), head: true, cell: row => <span class="mono">{row.source} → {end_of(row)} <small class="soft">{row.protocol}</small></span> },
						{ key: 'why', text: t('changes-impact-why'), cell: row => <>{row.text}<br /><small class="soft mono">{row.rule}</small></> },
						{ key: 'last', text: t('changes-impact-last'), end: true, cell: row => <span class="nowrap">{ago(row.last, now.value)}</span> },
					]} />}
				{rows.length > SHOWN && <p class="soft">{t('changes-impact-more', { count: rows.length - SHOWN })}</p>}
			</div>}
		</Card>
	)
}
