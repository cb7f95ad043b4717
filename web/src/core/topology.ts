// SPDX-License-Identifier: GPL-3.0-or-later
// What is plugged in where: zones with their interfaces, the networks on those, the routers behind them, and whom each zone reaches. Pure functions of answers
// of the API; what is in force, never what is pending.
import { list_of, node_of } from './api'
import { plain } from './format'
import { network_text, overlap, parse_prefix, type Prefix } from './prefixes'
import { policy_of, type Policy } from './rules'
import type { InterfaceState, Route } from './types'
import { pairs_of, type Cell } from './verdicts'

/** A router in a network of ours (RFC 1122 1.3.3), with what is sent to it; without `via` what a route says is on the link itself. */
export interface Gate {
	via: string
	to: string[]		// destinations
	is_default: boolean	// of everything else
	name: string		// of the first of our own routes; "" when others made them all
}

export interface Net {
	text: string		// "192.0.2.0/25"
	own: string[]		// our addresses in it
	gates: Gate[]
}

export interface Port {
	link: InterfaceState
	nets: Net[]
	gates: Gate[]		// that are in none of the networks
}

export interface Reach extends Cell {
	to: string
}

/** A zone, the box itself, or what is in no zone. */
export interface Area {
	key: string		// the zone's name; "local"; "" for what is in none
	number: number		// among the zones of the policy; -1 for the others
	ports: Port[]
	reach: Reach[]		// whom something of it passes to
}

const LINK_LOCAL = parse_prefix('fe80::/10') as Prefix
const is_default = (destination: string) => /^(0\.0\.0\.0|::)\/0$/.test(destination)
export const shown_name = (link: InterfaceState) => link.name || link['kernel-name'] || ''

function nets_of(link: InterfaceState) {
	const nets = new Map<string, Net & { prefix: Prefix }>()
	for (const text of (link.addresses ?? []).map(plain)) {
		const prefix = parse_prefix(text)
		if (!prefix || overlap(prefix, LINK_LOCAL))
			continue
		const name = network_text(prefix)
		const net = nets.get(name) ?? { text: name, own: [], gates: [], prefix }
		net.own.push(text.split('/')[0])
		nets.set(name, net)
	}
	return [...nets.values()]
}

/** Routes to the same next router are one gate. What the kernel made for our own networks says nothing new. */
function gates_of(routes: Route[]) {
	const gates = new Map<string, Gate>()
	for (const route of routes.filter(one => one.via || one.owned)) {
		const gate = gates.get(route.via ?? route.destination) ?? { via: route.via ?? '', to: [], is_default: false, name: '' }
		gate.to.push(route.destination)
		gate.is_default ||= is_default(route.destination)
		gate.name ||= route.owned ? route.name ?? '' : ''
		gates.set(route.via ?? route.destination, gate)
	}
	return [...gates.values()]
}

function port_of(link: InterfaceState, routes: Route[]): Port {
	const nets = nets_of(link)
	const loose: Gate[] = []
	for (const gate of gates_of(routes)) {
		const at = parse_prefix(gate.via)
		const home = at && nets.find(net => overlap(net.prefix, at))
		;(home ? home.gates : loose).push(gate)
	}
	return { link, nets: nets.map(({ text, own, gates }) => ({ text, own, gates })), gates: loose }
}

/** A route that names no interface leaves by the one whose network has its next router. */
function by_interface(links: InterfaceState[], routes: Route[]) {
	const out = new Map<string, Route[]>()
	const nets = links.flatMap(link => nets_of(link).map(net => ({ prefix: net.prefix, name: shown_name(link) })))
	for (const route of routes) {
		const via = route.interface ? null : parse_prefix(route.via ?? '')
		const name = route.interface ?? (via ? nets.find(net => overlap(net.prefix, via))?.name : undefined)
		if (name)
			out.set(name, [...out.get(name) ?? [], route])
	}
	return out
}

/** Whom something passes to from here; to itself only where two links of it could talk. */
function reach_of(from: string, ports: number, policy: Policy, pair: ReturnType<typeof pairs_of>): Reach[] {
	return [...policy.zones, 'local'].filter(to => to !== from || (from !== 'local' && ports > 1)).map(to => ({ to, ...pair(from, to) }))
		.filter(cell => cell.verdict === 'open' || cell.verdict === 'some')
}

/** Answers of /state/interfaces, /state/routes and /configuration/firewall. */
export function topology_of(interfaces: unknown, routes: unknown, firewall: unknown): Area[] {
	const links = list_of<InterfaceState>(interfaces, 'interfaces').filter(link => link['kernel-name'] !== 'lo')		// nothing is plugged into it
	const ways = by_interface(links, list_of<Route>(routes, 'routes'))
	const policy = policy_of(firewall)
	const pair = pairs_of(policy)
	const members = new Map(list_of<{ name: string; interfaces?: string[] }>(node_of<Record<string, unknown>>(firewall, 'firewall'), 'zones').map(zone => [zone.name, new Set(zone.interfaces)]))
	const ports = links.map(link => port_of(link, ways.get(shown_name(link)) ?? []))
	const areas = policy.zones.map((key, number) => {
		const own = ports.filter(port => port.link.name && members.get(key)?.has(port.link.name))
		return { key, number, ports: own, reach: reach_of(key, own.length, policy, pair) }
	})
	const placed = new Set(areas.flatMap(area => area.ports))
	const rest = ports.filter(port => !placed.has(port))
	return [...areas, { key: 'local', number: -1, ports: [], reach: reach_of('local', 0, policy, pair) }, ...rest.length ? [{ key: '', number: -1, ports: rest, reach: [] }] : []]
}
