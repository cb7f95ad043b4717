// SPDX-License-Identifier: GPL-3.0-or-later
// What the appliance says about its own forms (GET /schema, generated from YANG). Read once. Pages are drawn from it, so that a new module
// has pages without a line here.
import { get } from './api'

export interface Choice {
	value: string
	description?: string
	matches?: string	// of a service: "tcp/443 udp/443"
}

export interface FormNode {
	name: string
	path: string			// of the schema: no keys in it
	kind: 'container' | 'list' | 'leaf' | 'leaf-list'
	description?: string
	impact?: string
	ui?: string			// "switch", "advanced", "addresses", "multiline"
	choice?: { name: string; mandatory: boolean; description?: string }	// one of these nodes only
	mandatory?: boolean
	presence?: boolean
	type?: string
	choices?: Choice[]
	references?: string		// the list whose keys are values
	default?: unknown
	units?: string
	example?: string
	secret?: string
	key?: boolean
	ordered?: boolean
	'min-elements'?: number
	'max-elements'?: number
	'one-or-many'?: boolean
	'key-name'?: string
	item?: string
	'key-is-made'?: boolean
	children?: FormNode[]
}

let wanted: Promise<FormNode[]> | null = null

/** The sections; an empty list when this box does not tell. */
export function sections() {
	wanted ??= get<{ sections?: FormNode[] }>('/schema').then(body => body.sections ?? [], () => {
		wanted = null
		return []
	})
	return wanted
}

export async function form_node(path: string): Promise<FormNode | null> {
	let among: FormNode[] | undefined = await sections()
	let node: FormNode | undefined
	for (const part of path.split('/').filter(Boolean)) {
		node = among?.find(one => one.name === part)
		among = node?.children
	}
	return node ?? null
}

/** Services that are always there, beside those of the configuration. */
export const builtin_choices = async () => (await form_node('firewall/rules/service'))?.choices ?? []
export const builtin_services = async () => (await builtin_choices()).map(choice => choice.value)

const CAPITALS = new Set(['api', 'arp', 'dhcp', 'dns', 'dscp', 'icmp', 'id', 'ip', 'ipv4', 'ipv6', 'mac', 'mtu', 'nat', 'ntp', 'qos', 'ssh', 'tcp', 'tls', 'ttl', 'udp', 'uid', 'url', 'vlan', 'vpn'])
const AS_WRITTEN: Record<string, string> = { ipv4: 'IPv4', ipv6: 'IPv6' }

/** "default-action" as a person writes it: "Default action"; "mtu" is "MTU". */
export function title_of(name: string) {
	const words = name.split('-').map(word => AS_WRITTEN[word] ?? (CAPITALS.has(word) ? word.toUpperCase() : word)).join(' ')
	return words.charAt(0).toUpperCase() + words.slice(1)
}

export const noun_of = (node: FormNode) => (node.item ?? node.name).replace(/-/g, ' ')

/** What a page about this node is called: "Backup targets", "Static routes", "Zones", "MAC groups", "Pre rules". */
export function page_title(node: FormNode) {
	const noun = noun_of(node)
	if (node.kind !== 'list' || noun === node.name)
		return title_of(node.name)
	const name = node.name.replace(/-/g, ' ')
	if (noun.toLowerCase().includes(name.replace(/s$/, '')))
		return title_of(noun.endsWith('s') ? noun : noun + 's')
	if (name.endsWith(`${noun}s`))
		return title_of(node.name)
	return `${title_of(node.name)} ${noun}s`
}

export const is_list = (node: FormNode) => node.kind === 'list'
const is_value = (node: FormNode) => node.kind === 'leaf' || node.kind === 'leaf-list'

/** Leaves of a list's entries that tell them apart at a glance. */
export function columns_of(node: FormNode) {
	const unfit = (one: FormNode) => one.key || one.secret || one.ui === 'advanced' || one.ui === 'multiline' || ['description', 'enabled'].includes(one.name)
	const direct = (node.children ?? []).filter(one => is_value(one) && !unfit(one))
	const inner = (node.children ?? []).filter(one => one.kind === 'container')
	return [...direct, ...inner].slice(0, 5)
}

/** The lists in or below a node that are not inside an entry of another one. */
export function lists_below(node: FormNode): FormNode[] {
	if (is_list(node))
		return [node]
	return (node.children ?? []).flatMap(child => child.kind === 'container' || is_list(child) ? lists_below(child) : [])
}
