// SPDX-License-Identifier: GPL-3.0-or-later
// A configuration from elsewhere, and the account of what became of it: in the first start, and on a page of its own.
import '../css/import.css'
import { useState } from 'preact/hooks'
import { added_before, KINDS, take_import, type Account, type Kind } from '../core/import'
import { workspace } from '../core/store'
import { msg, t } from '../core/words'
import { Badge, Button, Notice, Segments, SelectField } from './parts'
import { Table } from './table'
import { Failure, useWrite } from './write'

const KIND_NAMES: Record<Kind, string> = { patronus: msg('import-kind-patronus'), iptables: msg('import-kind-iptables'), nft: msg('import-kind-nft'), pf: msg('import-kind-pf'), uci: msg('import-kind-uci') }
const KIND_HINTS: Record<Kind, string> = { patronus: msg('import-kind-patronus-hint'), iptables: msg('import-kind-iptables-hint'), nft: msg('import-kind-nft-hint'), pf: msg('import-kind-pf-hint'), uci: msg('import-kind-uci-hint') }
const OUTCOMES = { refused: ['bad', 'x', msg('import-refused'), msg('import-n-refused')], changed: ['warn', 'edit', msg('import-changed'), msg('import-n-changed')], done: ['good', 'check', msg('import-done'), msg('import-n-done')] } as const
type Outcome = keyof typeof OUTCOMES
const ORDER = Object.keys(OUTCOMES) as Outcome[]		// what needs a look comes first
const ROWS = 200

export function AccountTable({ account }: { account: Account }) {
	const [only, set_only] = useState<Outcome | 'all'>('all')
	const [shown, set_shown] = useState(ROWS)
	const rows = account.account.filter(one => only === 'all' || one.outcome === only).sort((a, b) => ORDER.indexOf(a.outcome) - ORDER.indexOf(b.outcome))
	return (
		<div class="import-account">
			<Segments label={t('import-show')} name="outcome" value={only} onValue={value => { set_only(value as Outcome | 'all'); set_shown(ROWS) }}
				options={[{ key: 'all', text: t('import-all') }, ...ORDER.map(one => ({ key: one, text: t(OUTCOMES[one][3], { count: account[one] }), icon: OUTCOMES[one][1], tone: OUTCOMES[one][0] }))]} />
			<Table label={t('import-account')} rows={rows.slice(0, shown)} keyOf={(row, at) => `${row.line} ${at}`} columns={[
				{ key: 'outcome', text: t('import-outcome'), cell: row => <Badge tone={OUTCOMES[row.outcome][0]} icon={OUTCOMES[row.outcome][1]}>{t(OUTCOMES[row.outcome][2])}</Badge> },
				{ key: 'line', text: t('import-line'), end: true, cell: row => String(row.line) },
				{ key: 'text', text: t('import-was'), head: true, cell: row => <code class="import-was">{row.text || row.place}</code> },
				{ key: 'became', text: t('import-became'), cell: row => <>{row.objects.map(one => <code key={one}>{one} </code>)}{row.notes.map(one => <p key={one}>{one}</p>)}</> },
			]} />
			{rows.length > shown && <Button class="import-more" icon="down" onClick={() => set_shown(shown + ROWS)}>{t('import-show-more', { count: Math.min(ROWS, rows.length - shown) })}</Button>}
		</div>
	)
}

interface Taken {
	account: Account | null		// null: of a document
}

/** asks: whether what is pending stays. onTaken: null while what is chosen is not in the draft. */
export function ImportForm({ asks, onTaken }: { asks?: boolean; onTaken: (taken: Taken | null) => void }) {
	const [kind, set_kind] = useState<Kind>('iptables')
	const [way, set_way] = useState('keep')
	const [files, set_files] = useState<File[]>([])
	const pending = workspace.value?.changes ?? 0
	const earlier = kind === 'patronus' ? [] : added_before()
	const { busy, error, save } = useWrite(async () => {
		const account = await take_import(kind, files, asks && pending > 0 && way === 'discard')
		set_way('keep')
		onTaken({ account })
	}, () => {})
	const choose = (then: () => void) => { then(); onTaken(null) }
	const ways = [['keep', 'edit', msg('import-pending-keep'), msg('import-pending-keep-hint')], ['discard', 'trash', msg('import-pending-discard'), msg('import-pending-discard-hint')]] as const
	return (
		<div class="import-form">
			<Failure title={t('import-not-taken')} error={error} />
			{kind === 'patronus' ? <Notice tone="warn" icon="alert" title={t('import-replaces-document')} />
				: <Notice tone="note" icon="info" title={t('import-never-more')}><p>{t('import-replaces')} {t('import-interfaces')}</p></Notice>}
			<div class="field-pair">
				<SelectField label={t('import-kind')} name="kind" value={kind} onValue={value => choose(() => set_kind(value as Kind))} options={KINDS.map(one => [one, t(KIND_NAMES[one])])} hint={t(KIND_HINTS[kind])} />
				<div class="field"><label for="field-file">{t('import-file')}</label>
					<input id="field-file" name="file" type="file" class="input import-file" multiple={kind !== 'patronus'} onChange={event => { const chosen = [...event.currentTarget.files ?? []]; choose(() => set_files(chosen)) }} /></div>
			</div>
			{asks && pending > 0 && <div class="field">
				<Segments label={t('import-pending')} name="pending" value={way} onValue={set_way} options={ways.map(([key, icon, text]) => ({ key, icon, text: t(text) }))} />
				<p class="field-hint">{ways.map(([key, , , hint]) => key === way && t(hint, { count: pending }))}</p>
			</div>}
			{earlier.length > 0 && way === 'keep' && <Notice tone="note" icon="swap" title={t('import-again')}><p>{t('import-again-more', { names: earlier.join(', ') })}</p></Notice>}
			<div><Button kind={asks ? 'primary' : 'plain'} icon="down" busy={busy} disabled={!files.length} onClick={() => void save()}>{t('import-take')}</Button></div>
		</div>
	)
}
