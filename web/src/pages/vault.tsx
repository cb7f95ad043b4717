// SPDX-License-Identifier: GPL-3.0-or-later
// How the secrets are kept: what protects them, whether they are open, and which are set.
import '../css/access.css'
import '../css/facts.css'
import '../css/box.css'
import { useEffect, useState } from 'preact/hooks'
import { call, get, list_of, post, words_of } from '../core/api'
import { complain, may, running_edits, toast } from '../core/store'
import { msg, t } from '../core/words'
import { Dialog } from '../ui/dialog'
import { Badge, Button, Card, Empty, Notice, PageHead, Segments, SelectField, Skeleton, TextField } from '../ui/parts'
import { Table } from '../ui/table'

interface VaultState {
	protection: 'key-file' | 'passphrase' | 'tpm'
	pcrs?: string
	refusal?: string
	protected: boolean
	locked: boolean
	epoch: number
	secrets: number
	'to-reseal': number
	lost: number
}

interface SecretRow {
	path: string
	fingerprint: string
	stored: boolean
}

const KINDS: Record<string, [string, string]> = { 'key-file': [msg('vault-key-file'), msg('vault-key-file-more')], passphrase: [msg('vault-passphrase'), msg('vault-passphrase-more')], tpm: [msg('vault-tpm'), msg('vault-tpm-more')] }
const REGISTERS: [string, string][] = [['7', msg('vault-pcr-7')], ['0+2+4+7', msg('vault-pcr-0247')], ['none', msg('vault-pcr-none')]]

function Unlock({ vault, onDone }: { vault: VaultState; onDone: (next: VaultState) => void }) {
	const [text, set_text] = useState('')
	const [error, set_error] = useState('')
	const [busy, set_busy] = useState(false)
	const open = async (body: object) => {
		set_busy(true)
		set_error('')
		try {
			onDone(await post<VaultState>('/vault/unlock', body))
			toast('good', t('vault-open-now'))
		} catch (problem) {
			set_error(words_of(problem))
		}
		set_busy(false)
	}
	return (
		<Card title={t('vault-is-locked')} icon="lock">
			<p>{t('vault-locked-more')}</p>
			{vault.refusal && <Notice tone="warn" icon="alert" title={t('vault-tpm-refused')}><p>{vault.refusal}</p></Notice>}
			<form class="small-form" noValidate onSubmit={event => { event.preventDefault(); void open({ passphrase: text }) }}>
				<TextField label={t(vault.protection === 'tpm' ? 'vault-recovery-passphrase' : 'vault-passphrase')} name="unlock" type="password" autoComplete="off" value={text} onValue={set_text} error={error} />
				<div class="form-row"><Button kind="primary" type="submit" icon="key" busy={busy} disabled={!text}>{t('vault-unlock')}</Button>
					{vault.protection === 'tpm' && <Button icon="history" onClick={() => void open({})}>{t('vault-ask-tpm')}</Button>}</div>
			</form>
		</Card>
	)
}

function Protect({ now_is, onClose }: { now_is: VaultState; onClose: (next: VaultState | null) => void }) {
	const [draft, set_draft] = useState({ protection: now_is.protection as string, passphrase: '', again: '', pcrs: '7' })
	const [error, set_error] = useState('')
	const [busy, set_busy] = useState(false)
	const needs = draft.protection !== 'key-file'
	const ready = !needs || (draft.passphrase.length >= 12 && draft.passphrase === draft.again)
	const save = async () => {
		set_busy(true)
		set_error('')
		try {
			const body = { protection: draft.protection, ...needs && { passphrase: draft.passphrase }, ...draft.protection === 'tpm' && { pcrs: draft.pcrs } }
			const next = await call<VaultState>('PUT', '/vault/protection', { body })
			toast('good', t('vault-protected-now'))
			onClose(next.body)
		} catch (problem) {
			set_busy(false)
			set_error(words_of(problem))
		}
	}
	return (
		<Dialog sheet title={t('vault-protect')} lead={t('vault-protect-lead')} onClose={() => onClose(null)} onSubmit={() => void save()}
			actions={<><Button onClick={() => onClose(null)}>{t('word-cancel')}</Button><Button kind="primary" type="submit" icon="lock" busy={busy} disabled={!ready}>{t('vault-protect-so')}</Button></>}>
			{error && <Notice alert tone="bad" icon="alert" title={error} />}
			<Segments label={t('vault-by')} name="protection" value={draft.protection} onValue={protection => set_draft({ ...draft, protection })}
				options={Object.entries(KINDS).map(([key, [text]]) => ({ key, text: t(text) }))} />
			<p class="field-hint">{t(KINDS[draft.protection][1])}</p>
			{draft.protection === 'tpm' && <SelectField label={t('vault-registers')} name="pcrs" value={draft.pcrs} options={REGISTERS.map(([key, text]) => [key, t(text)])} onValue={pcrs => set_draft({ ...draft, pcrs })} hint={t('vault-registers-hint')} />}
			{needs && <>
				<TextField label={t(draft.protection === 'tpm' ? 'vault-recovery-passphrase' : 'vault-passphrase')} name="vault-passphrase" type="password" autoComplete="new-password" value={draft.passphrase}
					hint={t('vault-passphrase-hint')} onValue={passphrase => set_draft({ ...draft, passphrase })} />
				<TextField label={t('box-passphrase-again')} name="vault-again" type="password" autoComplete="new-password" value={draft.again} error={draft.again && draft.again !== draft.passphrase ? t('box-not-the-same') : undefined}
					onValue={again => set_draft({ ...draft, again })} />
			</>}
		</Dialog>
	)
}

function Kept({ vault, onProtect, onRotate }: { vault: VaultState; onProtect: () => void; onRotate: () => void }) {
	return (
		<Card title={t('vault-how')} icon="shield" actions={vault.protected ? <Badge tone="good" icon="shield">{t('vault-protected')}</Badge> : <Badge tone="warn" icon="alert">{t('vault-unprotected')}</Badge>}>
			<dl class="facts">
				<div><dt>{t('vault-by')}</dt><dd><b>{t(KINDS[vault.protection][0])}</b>{vault.pcrs && <code>{t('vault-pcrs', { registers: vault.pcrs })}</code>}</dd></div>
				<div><dt>{t('word-state')}</dt><dd>{vault.locked ? <Badge tone="bad" icon="lock">{t('vault-locked')}</Badge> : <Badge tone="good" icon="check">{t('vault-open')}</Badge>}</dd></div>
				<div><dt>{t('vault-data-key')}</dt><dd><span>{t('vault-epoch', { number: String(vault.epoch) })}</span>{vault['to-reseal'] > 0 && <span>{t('vault-to-reseal', { count: vault['to-reseal'] })}</span>}</dd></div>
				<div><dt>{t('vault-secrets')}</dt><dd><span>{t('box-n-secrets', { count: vault.secrets })}</span>{vault.lost > 0 && <Badge tone="bad" icon="alert">{t('vault-lost', { count: vault.lost })}</Badge>}</dd></div>
			</dl>
			<p class="soft">{t(KINDS[vault.protection][1])}</p>
			{may('secrets:write') && <div class="form-row"><Button kind={vault.protected ? 'plain' : 'primary'} icon="lock" disabled={vault.locked} onClick={onProtect}>{t('vault-protect')}</Button>
				<Button icon="history" disabled={vault.locked} onClick={onRotate}>{t('vault-rotate')}</Button></div>}
		</Card>
	)
}

export default function Vault() {
	const [vault, set_vault] = useState<VaultState | null>(null)
	const [rows, set_rows] = useState<SecretRow[] | null>(null)
	const [error, set_error] = useState('')
	const [changing, set_changing] = useState(false)
	const edits = running_edits.value
	useEffect(() => {
		get<VaultState>('/vault').then(body => { set_vault(body); set_error('') }, problem => set_error(words_of(problem)))
		get('/secrets').then(body => set_rows(list_of<SecretRow>(body, 'secrets')), () => set_rows([]))
	}, [edits])
	const rotate = () => void post<VaultState>('/vault/rotate').then(next => { set_vault(next); toast('good', t('vault-rotated')) }, complain)
	return (
		<div class="page">
			<PageHead title={t('vault-title')} lead={t('vault-lead')} />
			{error && <Notice alert tone="bad" icon="lock" title={t('vault-unreadable')}><p>{error}</p></Notice>}
			{!vault && !error && <Skeleton lines={6} />}
			{vault?.locked && <Unlock vault={vault} onDone={set_vault} />}
			{vault && <Kept vault={vault} onProtect={() => set_changing(true)} onRotate={rotate} />}
			{rows && <Card title={t('vault-which')} icon="key" flush>
				{rows.length === 0 ? <Empty icon="key" title={t('vault-none')} />
					: <Table label={t('vault-which')} rows={rows} keyOf={row => row.path} columns={[
						{ key: 'path', text: t('vault-place'), head: true, cell: row => <code class="any-text">{row.path}</code> },
						{ key: 'print', text: t('vault-fingerprint'), cell: row => <code>{row.fingerprint.slice(0, 12)}</code> },
						{ key: 'state', text: t('word-state'), cell: row => row.stored ? <Badge tone="good" icon="check">{t('vault-stored')}</Badge> : <Badge tone="bad" icon="alert">{t('vault-missing')}</Badge> },
					]} />}
			</Card>}
			{changing && vault && <Protect now_is={vault} onClose={next => { set_changing(false); if (next) set_vault(next) }} />}
		</div>
	)
}
