// SPDX-License-Identifier: GPL-3.0-or-later
// The first start of a box. All that is entered goes into one workspace, and where one is follows from what is in it: a reload, another tab or another
// browser goes on there. Nothing is kept anywhere else.
import { get, list_of } from './api'
import { edit_batch, read_candidate, workspace_found } from './store'
import { parse_prefix, type Prefix } from './prefixes'
import type { InterfaceState, Route } from './types'

export const STEPS = ['factor', 'names', 'ports', 'addresses', 'rules', 'review'] as const
export type Step = typeof STEPS[number]

/** The two sides of the box, by the names that their interface and their zone get. */
export const SIDES = ['wan', 'lan'] as const
export type Side = typeof SIDES[number]

interface Link {
	name: string
	match?: { name?: string; mac?: string; path?: string }
	addresses?: string | string[]
}

export interface Draft {
	factor: boolean			// this person has a second factor
	system: { hostname?: string; 'time-zone'?: string; 'name-servers'?: string | string[] }
	links: Link[]
	zones: string[]
	routes: { name: string; destination: string; via?: string }[]
	rules: string[]
	more_rules: number		// before and after those
	masquerades: string[]
}

export interface Operation {
	op: 'put' | 'patch' | 'delete'
	path: string
	value?: unknown
}

const names_of = (rows: unknown, key: string) => list_of<Record<string, string>>(rows, '').map(row => row[key])

export async function read_draft(): Promise<Draft> {
	await workspace_found
	const [factor, system, links, zones, routes, rules, before, after, masquerades] = await Promise.all([get<{ enrolled: boolean }>('/users/me/second-factor'), read_candidate('/system', {}),
		read_candidate<Link[]>('/interfaces', []), read_candidate('/firewall/zones', []), read_candidate<Draft['routes']>('/routing/static', []), read_candidate('/firewall/rules', []),
		read_candidate<unknown[]>('/firewall/pre-rules', []), read_candidate<unknown[]>('/firewall/post-rules', []), read_candidate('/nat/masquerade', [])])
	return { factor: factor.enrolled, system, links, zones: names_of(zones, 'name'), routes, rules: names_of(rules, 'id'),
		more_rules: before.length + after.length, masquerades: names_of(masquerades, 'name') }
}

const has_address = (link: Link) => [link.addresses ?? []].flat().length > 0

/** What is done already; later steps may be before earlier ones. */
export function done_of(draft: Draft): Record<Step, boolean> {
	const names = draft.system.hostname !== undefined || draft.system['time-zone'] !== undefined
	const ports = draft.links.length > 0
	return { factor: draft.factor || names || ports, names: names || ports, ports, addresses: draft.links.some(has_address), rules: draft.rules.length + draft.more_rules > 0, review: false }
}

export const next_of = (draft: Draft): Step => STEPS.find(step => !done_of(draft)[step]) ?? 'review'

export const link_of = (draft: Draft, side: Side) => draft.links.find(link => link.name === side)
export const addresses_of = (draft: Draft, side: Side) => [link_of(draft, side)?.addresses ?? []].flat()

/* ---- ports ---- */

export interface Port {
	kernel: string
	mac: string
	is_up: boolean		// switched on
	is_linked: boolean
	addresses: string[]
}

export async function read_ports(): Promise<Port[]> {
	const rows = list_of<InterfaceState>(await get('/state/interfaces'), 'interfaces')
	return rows.filter(row => row['kernel-name'] && row['kernel-name'] !== 'lo').map(row => ({ kernel: row['kernel-name'] ?? '', mac: row.mac ?? '',
		is_up: row['admin-up'] ?? false, is_linked: row['link-up'] ?? false, addresses: (row.addresses ?? []).map(String) }))
}

/** Which port each side is on by now: by the name of the kernel, or by its MAC address. */
export function chosen_ports(draft: Draft, ports: Port[]): Record<Side, string> {
	const of = (side: Side) => {
		const match = link_of(draft, side)?.match
		return match?.name ?? ports.find(port => port.mac && port.mac === match?.mac)?.kernel ?? ''
	}
	return { wan: of('wan'), lan: of('lan') }
}

/** The page stays reachable from the side that is one's own; a box with one side alone is managed from there. */
export function port_operations(draft: Draft, chosen: Record<Side, string>): Operation[] {
	const operations: Operation[] = []
	for (const side of SIDES.filter(one => chosen[one])) {
		operations.push(link_of(draft, side) ? { op: 'put', path: `/interfaces/${side}/match`, value: { name: chosen[side] } }
			: { op: 'put', path: `/interfaces/${side}`, value: { match: { name: chosen[side] } } })
		operations.push({ op: 'put', path: `/firewall/zones/${side}`, value: { interfaces: [side], ...side === 'lan' && { 'default-action': 'reject' } } })
	}
	operations.push({ op: 'patch', path: '/management', value: { web: { zones: [chosen.lan ? 'lan' : 'wan'] } } })
	for (const side of SIDES.filter(one => !chosen[one])) {
		if (link_of(draft, side))
			operations.push({ op: 'delete', path: `/interfaces/${side}` })
		if (draft.zones.includes(side))
			operations.push({ op: 'delete', path: `/firewall/zones/${side}` })
	}
	if (!chosen.wan)		// they led through it
		operations.push(...ROUTES.filter(([, name]) => draft.routes.some(route => route.name === name)).map(([, name]): Operation => ({ op: 'delete', path: `/routing/static/${name}` })))
	if (!chosen.wan || !chosen.lan)
		operations.push(...policy_operations({ ...draft, links: [] }, { out: false, masquerade: false, ping: false }))
	return operations
}

/* ---- addresses ---- */

export interface Addresses {
	wan4: string
	via4: string
	wan6: string
	via6: string
	lan4: string
	lan6: string
	servers: string
}

const ROUTES: ['via4' | 'via6', string, string][] = [['via4', 'default-v4', '0.0.0.0/0'], ['via6', 'default-v6', '::/0']]
export const words_in = (text: string) => text.split(/[\s,;]+/).filter(Boolean)

/** What the draft says, and for what it does not say what the port has already: the box may have been installed over this line. */
export async function read_addresses(draft: Draft, ports: Port[]): Promise<Addresses> {
	const chosen = chosen_ports(draft, ports)
	const now = ports.find(port => port.kernel && port.kernel === chosen.wan)?.addresses.filter(text => !/^fe80:/i.test(text)) ?? []
	const pick = (side: Side, v6: boolean) => {
		const given = addresses_of(draft, side)
		return (given.length || side === 'lan' ? given : now).find(text => text.includes(':') === v6) ?? ''
	}
	const kernel = draft.routes.length ? [] : list_of<Route>(await get('/state/routes'), 'routes').filter(route => route.interface === chosen.wan)
	const via = (name: string, destination: string) => draft.routes.find(route => route.name === name)?.via ?? kernel.find(route => route.destination === destination)?.via ?? ''
	return { wan4: pick('wan', false), wan6: pick('wan', true), lan4: pick('lan', false), lan6: pick('lan', true), servers: [draft.system['name-servers'] ?? []].flat().join(' '),
		via4: via('default-v4', '0.0.0.0/0'), via6: via('default-v6', '::/0') }
}

export function address_operations(draft: Draft, given: Addresses): Operation[] {
	const operations: Operation[] = []
	for (const side of SIDES.filter(one => link_of(draft, one))) {
		const both = side === 'wan' ? [given.wan4, given.wan6] : [given.lan4, given.lan6]
		operations.push({ op: 'patch', path: `/interfaces/${side}`, value: { addresses: both.map(text => text.trim()).filter(Boolean) } })
	}
	for (const [field, name, destination] of ROUTES) {
		if (link_of(draft, 'wan') && given[field].trim())
			operations.push({ op: 'put', path: `/routing/static/${name}`, value: { destination, via: given[field].trim() } })
		else if (draft.routes.some(route => route.name === name))
			operations.push({ op: 'delete', path: `/routing/static/${name}` })
	}
	operations.push({ op: 'patch', path: '/system', value: { 'name-servers': words_in(given.servers) } })
	return operations
}

export interface Taken {
	prefix: Prefix
	text: string
	port: string
}

/** Networks that are connected already: what the ports have, but for the one that this side is on. */
export function taken_networks(ports: Port[], except: string[]): Taken[] {
	return ports.filter(port => !except.includes(port.kernel)).flatMap(port => port.addresses.filter(text => !/^fe80:/i.test(text)).flatMap(text => {
		const prefix = parse_prefix(text)
		return prefix ? [{ prefix, text, port: port.kernel }] : []
	}))
}

/* ---- rules ---- */

export interface Policy {
	out: boolean		// the LAN reaches the internet
	masquerade: boolean	// with the address of the WAN
	ping: boolean		// the box answers ping
}

export const policy_of = (draft: Draft): Policy => draft.rules.length === 0 ? { out: true, masquerade: true, ping: true }
	: { out: draft.rules.includes('lan-out'), masquerade: draft.masquerades.includes('out'), ping: draft.rules.includes('ping') }

export function policy_operations(draft: Draft, policy: Policy): Operation[] {
	const both = SIDES.every(side => link_of(draft, side))
	const operations: Operation[] = []
	const wish = (there: boolean, wanted: boolean, path: string, value: unknown) => {
		if (wanted)
			operations.push({ op: 'put', path, value })
		else if (there)
			operations.push({ op: 'delete', path })
	}
	wish(draft.rules.includes('lan-out'), both && policy.out, '/firewall/rules/lan-out', { from: ['lan'], to: ['wan'], action: 'accept' })
	wish(draft.rules.includes('ping'), policy.ping, '/firewall/rules/ping', { from: [link_of(draft, 'lan') ? 'lan' : 'wan'], to: ['local'], service: ['ping'], action: 'accept' })
	wish(draft.masquerades.includes('out'), both && policy.masquerade, '/nat/masquerade/out', { zone: 'wan', source: { zones: ['lan'] } })
	return operations
}

export const write = (operations: Operation[]) => edit_batch(operations)
