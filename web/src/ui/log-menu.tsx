// SPDX-License-Identifier: GPL-3.0-or-later
// What can be done about a packet or a connection that was seen: a rule, a group, an explanation.
import { useEffect, useState } from 'preact/hooks'
import { call, list_of, words_of } from '../core/api'
import { list } from '../core/format'
import { has_single_keys } from '../core/keys'
import { go } from '../core/router'
import { begin_rule, explain_query, type Packet } from '../core/rule-draft'
import { complain, edit, may, may_edit, toast, workspace } from '../core/store'
import { t } from '../core/words'
import { Dialog, type MenuItem } from './dialog'
import { Button, ErrorSummary, SelectField, TextField } from './parts'

interface Group {
	name: string
	addresses?: string[]
}

const NEW = ' '		// no group has this name

/** Put an address into a group, one that is there or a new one. */
export function GroupDialog({ address, onClose }: { address: string; onClose: () => void }) {
	const [groups, set_groups] = useState<Group[] | null>(null)
	const [name, set_name] = useState(NEW)
	const [fresh, set_fresh] = useState('')
	const [trouble, set_trouble] = useState('')
	const [busy, set_busy] = useState(false)
	useEffect(() => {
		call<unknown>('GET', '/configuration/firewall/groups', { workspace: workspace.value?.id }).then(answer => {
			const rows = list_of<Group>(answer.body, 'groups')
			set_groups(rows)
			set_name(rows[0]?.name ?? NEW)
		}, problem => set_trouble(words_of(problem)))
	}, [])
	const save = async () => {
		set_busy(true)
		try {
			if (name === NEW) {
				await edit('POST', '/firewall/groups', { name: fresh, addresses: [address] })
			} else {
				const path = `/firewall/groups/${encodeURIComponent(name)}`
				const answer = await call<Group>('GET', '/configuration' + path, { workspace: workspace.value?.id })
				await edit('PATCH', path, { addresses: [...new Set([...list(answer.body.addresses), address])] }, { etag: workspace.value ? answer.etag : null })
			}
			toast('good', t('packets-added', { address, group: name === NEW ? fresh : name }))
			onClose()
		} catch (problem) {
			set_trouble(words_of(problem))
			set_busy(false)
		}
	}
	return (
		<Dialog title={t('packets-add-to-group', { address })} lead={t('packets-goes-to-pending')} onClose={onClose} onSubmit={() => void save()}
			actions={<><Button onClick={onClose}>{t('word-cancel')}</Button><Button kind="primary" type="submit" icon="plus" busy={busy} disabled={!groups || (name === NEW && !fresh)}>{t('packets-add')}</Button></>}>
			{trouble && <ErrorSummary title={trouble} errors={[]} />}
			<SelectField label={t('packets-group')} name="group" value={name} onValue={set_name} options={[...(groups ?? []).map((one): [string, string] => [one.name, one.name]), [NEW, t('packets-new-group')]]} />
			{name === NEW && <TextField label={t('packets-name-of-group')} name="group-name" mono value={fresh} onValue={set_fresh} spellcheck={false} autoCapitalize="none" hint={t('packets-small-letters')} />}
		</Dialog>
	)
}

/** The entries of a menu; onGroup opens the dialog above. */
export function packet_items(packet: Packet, onGroup: (address: string) => void): MenuItem[] {
	const items: MenuItem[] = [{ text: t('packets-explain'), icon: 'help', keys: has_single_keys() ? 'w' : undefined, then: () => go('explain', explain_query(packet)) }]
	if (may_edit.value) {
		items.push({ text: t(packet.action === 'accept' ? 'packets-rule-against' : 'packets-rule-for'), icon: 'plus', keys: has_single_keys() ? 'n' : undefined, then: () => void begin_rule(packet).catch(complain) })
		for (const [one, text] of [[packet.source, t('packets-sender-to-group')], [packet.destination, t('packets-receiver-to-group')]])
			if (one && text)
				items.push({ text, icon: 'user', then: () => onGroup(one) })
	}
	return items
}

export const may_end_connections = () => may('commit')
