// SPDX-License-Identifier: GPL-3.0-or-later
// What may pass: a policy to begin with, or what another firewall had, with an account of what became of it.
import { useState } from 'preact/hooks'
import type { Account } from '../core/import'
import { link_of, policy_of, policy_operations, write } from '../core/setup'
import { t } from '../core/words'
import { AccountTable, ImportForm } from '../ui/import'
import { Button, Notice, Segments, Switch } from '../ui/parts'
import { Failure, useWrite } from './setup-parts'
import type { StepProps } from './setup'

function Import({ onward }: { onward: () => void }) {
	const [taken, set_taken] = useState<{ account: Account | null } | null>(null)
	return (
		<>
			<div class="setup-part">
				<ImportForm onTaken={set_taken} />
				<div role="status">{taken && !taken.account && <Notice tone="good" icon="check" title={t('import-document-taken')} />}</div>
				{taken?.account && <><h3>{t('import-account')}</h3><AccountTable account={taken.account} /></>}
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
