// SPDX-License-Identifier: GPL-3.0-or-later
// What may pass: a policy to begin with, or what another firewall had, with an account of what became of it.
import { useRef, useState } from 'preact/hooks'
import { KINDS, link_of, policy_of, policy_operations, take_import, write, type Account, type Kind } from '../core/setup'
import { msg, t } from '../core/words'
import { Badge, Button, Notice, Segments, SelectField, Switch } from '../ui/parts'
import { Table } from '../ui/table'
import { Failure, useWrite } from './setup-parts'
import type { StepProps } from './setup'

const KIND_NAMES: Record<Kind, string> = { patronus: msg('setup-kind-patronus'), iptables: msg('setup-kind-iptables'), nft: msg('setup-kind-nft'), pf: msg('setup-kind-pf'), uci: msg('setup-kind-uci') }
const KIND_HINTS: Record<Kind, string> = { patronus: msg('setup-kind-patronus-hint'), iptables: msg('setup-kind-iptables-hint'), nft: msg('setup-kind-nft-hint'), pf: msg('setup-kind-pf-hint'), uci: msg('setup-kind-uci-hint') }
const OUTCOMES = { refused: ['bad', 'x', msg('setup-refused')], changed: ['warn', 'edit', msg('setup-changed')], done: ['good', 'check', msg('setup-done')] } as const
const COUNTS = [['done', msg('setup-n-done')], ['changed', msg('setup-n-changed')], ['refused', msg('setup-n-refused')]] as const
const ROWS = 200

/** What needs a look comes first. */
function Told({ account }: { account: Account }) {
	const order = Object.keys(OUTCOMES)
	const rows = [...account.account].sort((a, b) => order.indexOf(a.outcome) - order.indexOf(b.outcome))
	return (
		<div class="setup-account">
			<h3>{t('setup-account')}</h3>
			<p class="setup-badges">{COUNTS.map(([one, text]) => <Badge key={one} tone={OUTCOMES[one][0]} icon={OUTCOMES[one][1]}>{t(text, { count: account[one] })}</Badge>)}</p>
			<Table label={t('setup-account')} rows={rows.slice(0, ROWS)} keyOf={(row, at) => `${row.line} ${at}`} columns={[
				{ key: 'outcome', text: t('setup-outcome'), cell: row => <Badge tone={OUTCOMES[row.outcome][0]} icon={OUTCOMES[row.outcome][1]}>{t(OUTCOMES[row.outcome][2])}</Badge> },
				{ key: 'line', text: t('setup-line'), end: true, cell: row => String(row.line) },
				{ key: 'text', text: t('setup-was'), head: true, cell: row => <code class="setup-was">{row.text || row.place}</code> },
				{ key: 'became', text: t('setup-became'), cell: row => <>{row.objects.map(one => <code key={one}>{one} </code>)}{row.notes.map(one => <p key={one}>{one}</p>)}</> },
			]} />
			{rows.length > ROWS && <p class="field-hint">{t('setup-more-rows', { count: rows.length - ROWS })}</p>}
		</div>
	)
}

function Import({ onward }: { onward: () => void }) {
	const [kind, set_kind] = useState<Kind>('iptables')
	const [account, set_account] = useState<Account | null>(null)
	const [taken, set_taken] = useState(false)
	const [files, set_files] = useState<File[]>([])
	const input = useRef<HTMLInputElement>(null)
	const { busy, error, save } = useWrite(async () => {
		set_account(await take_import(kind, files))
		set_taken(true)
	}, () => {})
	return (
		<>
			<div class="setup-part">
				<Failure error={error} />
				<Notice tone="note" icon="info" title={t('setup-import-never-more')}><p>{t('setup-import-replaces')}</p></Notice>
				<div class="field-pair">
					<SelectField label={t('setup-kind')} name="kind" value={kind} onValue={value => { set_kind(value as Kind); set_taken(false) }} options={KINDS.map(one => [one, t(KIND_NAMES[one])])} hint={t(KIND_HINTS[kind])} />
					<div class="field"><label for="field-file">{t('setup-file')}</label>
						<input ref={input} id="field-file" name="file" type="file" class="input setup-file" multiple={kind !== 'patronus'} onChange={event => { set_files([...event.currentTarget.files ?? []]); set_taken(false) }} /></div>
				</div>
				<div><Button icon="down" busy={busy} disabled={!files.length} onClick={() => void save()}>{t('setup-take')}</Button></div>
				<div role="status">{taken && !account && <Notice tone="good" icon="check" title={t('setup-document-taken')} />}</div>
				{account && <Told account={account} />}
			</div>
			<footer class="setup-foot"><Button kind="primary" icon="arrow" disabled={!taken} onClick={onward}>{t('shell-continue')}</Button></footer>
		</>
	)
}

function Policy({ draft, onward }: StepProps) {
	const [policy, set_policy] = useState(policy_of(draft))
	const { busy, error, save } = useWrite(() => write(policy_operations(draft, policy)), onward)
	const both = link_of(draft, 'wan') !== undefined && link_of(draft, 'lan') !== undefined
	const part = (name: keyof typeof policy, label: string, hint: string) => <Switch label={label} hint={hint} on={policy[name]} onChange={on => set_policy({ ...policy, [name]: on })} />
	return (
		<form noValidate onSubmit={event => { event.preventDefault(); void save() }}>
			<div class="setup-part">
				<Failure error={error} />
				<div class="setup-switches">
					{both && part('out', t('setup-policy-out'), t('setup-policy-out-hint'))}
					{both && part('masquerade', t('setup-policy-masquerade'), t('setup-policy-masquerade-hint'))}
					{part('ping', t('setup-policy-ping'), t('setup-policy-ping-hint'))}
				</div>
				<Notice tone="good" icon="shield" title={t('setup-policy-else')}><p>{link_of(draft, 'lan') ? t('setup-policy-manage-lan') : t('setup-policy-manage-wan')}</p></Notice>
			</div>
			<footer class="setup-foot"><Button kind="primary" type="submit" icon="arrow" busy={busy}>{t('shell-continue')}</Button></footer>
		</form>
	)
}

/** Rules that came from elsewhere are not written over unasked. */
const is_foreign = (rules: string[], more: number) => more > 0 || rules.some(id => id !== 'lan-out' && id !== 'ping')

export function Rules({ draft, onward }: StepProps) {
	const [foreign] = useState(is_foreign(draft.rules, draft.more_rules))		// they were there before this step
	const [way, set_way] = useState(foreign ? 'import' : 'begin')
	return (
		<>
			<div class="setup-part">
				<Segments label={t('setup-rules-from')} name="way" value={way} onValue={set_way} options={[{ key: 'begin', text: t('setup-way-begin'), icon: 'shield' }, { key: 'import', text: t('setup-way-import'), icon: 'down' }]} />
				{foreign && <Notice tone="note" icon="rules" title={t('setup-has-rules', { count: draft.rules.length + draft.more_rules })}
					actions={<Button icon="arrow" onClick={onward}>{t('setup-keep-them')}</Button>} />}
			</div>
			{way === 'begin' ? <Policy draft={draft} onward={onward} /> : <Import onward={onward} />}
		</>
	)
}
