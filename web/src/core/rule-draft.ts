// SPDX-License-Identifier: GPL-3.0-or-later
// A rule that is begun elsewhere: from a line of the log, a connection, an explanation. The page of the rules takes it and opens its form.
import { signal } from '@preact/signals'
import { call, list_of, node_of } from './api'
import { list } from './format'
import { go } from './router'
import { builtin_choices } from './schema'
import { workspace } from './store'
import type { Rule } from './types'
import type { RuleList } from './rules'

export interface Draft {
	rule: Rule
	list: RuleList
	fresh: boolean
	before?: string
	after?: string
	field?: string
	needs?: Service		// a service that is made with it when the rule keeps it
}

export interface Service {
	name: string
	protocol: string[]
	ports: string[]
}

/** What is known of a packet or a connection. */
export interface Packet {
	protocol?: string
	source?: string
	destination?: string
	port?: number
	from?: string		// zones, or interfaces whose zone is looked for
	to?: string
	action?: string		// what became of it
	rule?: string		// who decided
}

export const begun = signal<Draft | null>(null)

interface Firewall {
	zones: { name: string; interfaces?: string[] }[]
	services: { name: string; protocol?: string | string[]; ports?: string[] }[]
	ids: Set<string>
}

async function read_firewall(): Promise<Firewall> {
	const answer = await call<unknown>('GET', '/configuration/firewall', { workspace: workspace.value?.id })
	const node = node_of<Record<string, unknown>>(answer.body, 'firewall')
	return { zones: list_of(node, 'zones'), services: list_of(node, 'services'), ids: new Set(list_of<Rule>(node, 'rules').map(rule => rule.id)) }
}

const zone_of = (firewall: Firewall, name: string | undefined) =>
	!name ? 'local' : firewall.zones.find(zone => zone.name === name || list(zone.interfaces).includes(name))?.name ?? (name === 'local' ? 'local' : 'any')

/** The service of this protocol and port: one of the configuration, one that is always there, or one to be made. */
async function service_of(firewall: Firewall, packet: Packet): Promise<{ service: string[]; needs?: Service }> {
	const { protocol, port } = packet
	if (!protocol || !port || !['tcp', 'udp', 'sctp'].includes(protocol))
		return { service: [] }
	const mine = firewall.services.find(one => list(one.protocol).includes(protocol) && list(one.ports).map(String).includes(String(port)))
	const always = (await builtin_choices()).find(one => one.matches?.split(' ').includes(`${protocol}/${port}`))
	if (mine || always)
		return { service: [(mine ? mine.name : always?.value) ?? ''] }
	const needs = { name: `${protocol}-${port}`, protocol: [protocol], ports: [String(port)] }
	return { service: [needs.name], needs }
}

/** Begin a rule that would decide the same packet the other way. It stands before the rule that decided. */
export async function begin_rule(packet: Packet) {
	const firewall = await read_firewall()
	const { service, needs } = await service_of(firewall, packet)
	const ends = (one: string | undefined) => one ? { addresses: [one] } : undefined
	begun.value = { list: 'rules', fresh: true, needs, ...packet.rule && firewall.ids.has(packet.rule) && { before: packet.rule },
		rule: { id: '', action: packet.action === 'accept' ? 'drop' : 'accept', from: [zone_of(firewall, packet.from)], to: [zone_of(firewall, packet.to)],
			source: ends(packet.source), destination: ends(packet.destination), service } }
	go('rules')
}

/** What the page of explanations asks about. */
export const explain_query = (packet: Packet): Record<string, string> => Object.fromEntries(Object.entries({ protocol: packet.protocol, source: packet.source, destination: packet.destination,
	port: packet.port ? String(packet.port) : undefined, from: packet.from }).filter(([, value]) => value)) as Record<string, string>
