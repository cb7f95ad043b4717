// SPDX-License-Identifier: GPL-3.0-or-later
// Addresses of both sides. Networks that meet are found before they hurt: the box could not tell where an address is.
import { useEffect, useState } from 'preact/hooks'
import { Problem, words_of } from '../core/api'
import { free_network, is_no_host, overlap, parse_prefix, type Prefix } from '../core/prefixes'
import { address_operations, chosen_ports, link_of, read_addresses, read_ports, taken_networks, words_in, write, type Addresses as Given, type Port, type Taken } from '../core/setup'
import type { FieldError } from '../core/types'
import { t } from '../core/words'
import { Button, Notice, Skeleton, TextField } from '../ui/parts'
import { Failure, useWrite } from './setup-parts'
import type { StepProps } from './setup'

type Field = keyof Given
type Faults = Partial<Record<Field, string>>
type Sides = { wan: boolean; lan: boolean }

function fault_of_own(text: string, bits: number, needed: boolean) {
	if (!text.trim())
		return needed ? t('setup-address-missing') : undefined
	const prefix = parse_prefix(text)
	if (!prefix || prefix.bits !== bits || !text.includes('/'))
		return bits === 32 ? t('setup-not-v4') : t('setup-not-v6')
	return is_no_host(prefix) ? t('setup-no-host') : undefined
}

function fault_of_via(via: string, own: string, bits: number) {
	if (!via.trim())
		return undefined
	const [gateway, mine] = [parse_prefix(via), parse_prefix(own)]
	if (!gateway || gateway.bits !== bits || via.includes('/'))
		return t('setup-no-address')
	if (mine && gateway.address === mine.address)
		return t('setup-gateway-is-own')
	const near = bits === 128 && gateway.address >> 118n === 0x3fan		// link-local, fe80::/10
	return mine && !near && !overlap(gateway, mine) ? t('setup-gateway-far', { network: own }) : undefined
}

/** What is wrong before the appliance is asked. */
function faults_of(given: Given, sides: Sides): Faults {
	const faults: Faults = {}
	const wan = sides.wan ? { wan4: fault_of_own(given.wan4, 32, !given.wan6.trim()), via4: fault_of_via(given.via4, given.wan4, 32), wan6: fault_of_own(given.wan6, 128, false), via6: fault_of_via(given.via6, given.wan6, 128) } : {}
	const lan = sides.lan ? { lan4: fault_of_own(given.lan4, 32, !given.lan6.trim()), lan6: fault_of_own(given.lan6, 128, false) } : {}
	Object.assign(faults, wan, lan)
	if (words_in(given.servers).some(text => text.includes('/') || !parse_prefix(text)))
		faults.servers = t('setup-no-address')
	return faults
}

const networks = (...texts: string[]) => texts.map(text => parse_prefix(text)).filter(prefix => prefix !== null)

/** The first network that the LAN would share an address with. */
function clash_of(given: Given, sides: Sides, taken: Taken[]): { text: string; lan: string; field: Field } | null {
	const wan: Taken[] = sides.wan ? [given.wan4, given.wan6].flatMap(text => networks(text).map(prefix => ({ prefix, text: text.trim(), port: t('setup-wan') }))) : []
	for (const field of ['lan4', 'lan6'] as const) {
		const [mine] = networks(given[field])
		const met = mine && [...wan, ...taken].find(one => overlap(one.prefix, mine))
		if (met)
			return { text: t('setup-clash', { lan: given[field].trim(), other: met.text, port: met.port }), lan: given[field], field }
	}
	return null
}

function Form({ draft, onward, ports, first }: StepProps & { ports: Port[]; first: Given }) {
	const [given, set_given] = useState(first)
	const [tried, set_tried] = useState(false)
	const sides = { wan: link_of(draft, 'wan') !== undefined, lan: link_of(draft, 'lan') !== undefined }
	const chosen = chosen_ports(draft, ports)
	const taken = taken_networks(ports, [chosen.wan, chosen.lan])
	const { busy, error, save, forget } = useWrite(() => write(address_operations(draft, given)), onward)
	const faults = faults_of(given, sides)
	const clash = clash_of(given, sides, taken)
	const used: Prefix[] = [...networks(given.wan4), ...taken.map(one => one.prefix)]
	const offer = free_network(used)
	const told = (name: string) => error instanceof Problem ? error.errors.find((one: FieldError) => (one.pointer ?? one.path ?? '').includes(name))?.text : undefined
	const field = (name: Field, label: string, placeholder: string, hint?: string) => (
		<TextField label={label} name={name} value={given[name]} onValue={text => { set_given({ ...given, [name]: text }); forget() }} placeholder={placeholder} hint={hint}
			error={tried || (given[name] && parse_prefix(given[name])) ? faults[name] ?? (name === 'servers' ? told('name-servers') : undefined) : undefined} mono autoComplete="off" autoCapitalize="none" spellcheck={false} />
	)
	const submit = () => {
		set_tried(true)
		const wrong = Object.entries(faults).find(([, text]) => text)?.[0] ?? (clash?.field)
		if (wrong)
			document.getElementById('field-' + wrong)?.focus()
		else
			void save()
	}
	return (
		<form noValidate onSubmit={event => { event.preventDefault(); submit() }}>
			<div class="setup-part">
				<Failure error={error} />
				{sides.wan && <fieldset class="setup-side setup-side-wan"><legend>{t('setup-wan')} <code>{chosen.wan}</code></legend>
					<p class="field-hint">{t('setup-static-only')}</p>
					<div class="field-pair">{field('wan4', t('setup-address-v4'), '198.51.100.2/24')}{field('via4', t('setup-gateway'), '198.51.100.1')}</div>
					<div class="field-pair">{field('wan6', t('setup-address-v6'), '2001:db8:51::2/64')}{field('via6', t('setup-gateway-v6'), '2001:db8:51::1')}</div>
					{field('servers', t('setup-servers'), '198.51.100.53', t('setup-servers-hint'))}
				</fieldset>}
				{sides.lan && <fieldset class="setup-side setup-side-lan"><legend>{t('setup-lan')} <code>{chosen.lan}</code></legend>
					<div class="field-pair">{field('lan4', t('setup-address-v4'), '192.0.2.1/24', t('setup-lan-hint'))}{field('lan6', t('setup-address-v6'), '2001:db8:2::1/64')}</div>
					<div role="alert">{clash && <Notice tone="warn" icon="alert" title={t('setup-clash-title')}
						actions={clash.field === 'lan4' && offer && <Button icon="swap" onClick={() => set_given({ ...given, lan4: offer })}>{t('setup-clash-use', { network: offer })}</Button>}>
						<p>{clash.text}</p></Notice>}</div>
					<p class="field-hint">{t('setup-no-dhcp')}</p>
				</fieldset>}
				{!sides.wan && !sides.lan && <Notice tone="note" icon="info" title={t('setup-addresses-elsewhere')} />}
			</div>
			<footer class="setup-foot"><Button kind="primary" type="submit" icon="arrow" busy={busy}>{t('shell-continue')}</Button></footer>
		</form>
	)
}

export function Addresses(props: StepProps) {
	const [known, set_known] = useState<{ ports: Port[]; first: Given } | null>(null)
	const [error, set_error] = useState('')
	useEffect(() => {
		const read = async () => {
			const ports = await read_ports()
			const first = await read_addresses(props.draft, ports)
			const chosen = chosen_ports(props.draft, ports)
			const used = [...networks(first.wan4), ...taken_networks(ports, [chosen.wan, chosen.lan]).map(one => one.prefix)]
			set_known({ ports, first: { ...first, lan4: first.lan4 || first.lan6 ? first.lan4 : free_network(used) } })
		}
		read().catch(problem => set_error(words_of(problem)))
	}, [])
	if (error)
		return <div class="setup-part"><Notice alert tone="bad" icon="unlink" title={t('setup-cannot-be-read')}><p>{error}</p></Notice></div>
	return known ? <Form {...props} {...known} /> : <div class="setup-part"><Skeleton lines={6} /></div>
}
