// SPDX-License-Identifier: GPL-3.0-or-later
// Addresses with a prefix length as numbers: whether two networks meet, and what a host may not be called. Pure functions; the appliance judges again.
export interface Prefix {
	bits: 32 | 128
	address: bigint
	length: number
}

function parse_v4(text: string): bigint | null {
	const parts = text.split('.')
	if (parts.length !== 4 || !parts.every(part => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256))
		return null
	return parts.reduce((sum, part) => sum * 256n + BigInt(part), 0n)
}

/** RFC 4291 2.2: groups of hexadecimal digits, one run of zero groups as "::". */
function parse_v6(text: string): bigint | null {
	const halves = text.split('::')
	const [head, tail] = [halves[0], halves[1] ?? ''].map(half => half ? half.split(':') : [])
	const given = head.length + tail.length
	if (halves.length > 2 || (halves.length === 2 ? given > 7 : given !== 8) || ![...head, ...tail].every(group => /^[0-9a-f]{1,4}$/i.test(group)))
		return null
	return [...head, ...Array<string>(8 - given).fill('0'), ...tail].reduce((sum, group) => sum * 65536n + BigInt('0x' + group), 0n)
}

/** "192.0.2.1/24"; without a length it is one address. */
export function parse_prefix(text: string): Prefix | null {
	const [host, length, ...more] = text.trim().split('/')
	const bits = host.includes(':') ? 128 : 32
	const address = bits === 128 ? parse_v6(host) : parse_v4(host)
	if (address === null || more.length || (length !== undefined && (!/^\d{1,3}$/.test(length) || Number(length) > bits)))
		return null
	return { bits, address, length: length === undefined ? bits : Number(length) }
}

const host_bits = (prefix: Prefix) => BigInt(prefix.bits - prefix.length)

/** Whether some address is in both. */
export function overlap(a: Prefix, b: Prefix) {
	const shift = host_bits(a) > host_bits(b) ? host_bits(a) : host_bits(b)
	return a.bits === b.bits && a.address >> shift === b.address >> shift
}

/** The address of the network itself, or its broadcast address: no host has these (RFC 1812 4.2.3.1; RFC 3021 for /31). */
export function is_no_host(prefix: Prefix) {
	const mask = (1n << host_bits(prefix)) - 1n
	const host = prefix.address & mask
	return prefix.bits === 32 && prefix.length < 31 && (host === 0n || host === mask)
}

/* What a home or an office is likely to have already comes last. */
const OFFERS = ['192.168.1.1/24', '192.168.10.1/24', '192.168.77.1/24', '10.20.30.1/24', '172.16.30.1/24', '10.99.0.1/24']

/** The first private network (RFC 1918) that meets none of these. */
export function free_network(taken: Prefix[]) {
	return OFFERS.find(text => !taken.some(one => overlap(one, parse_prefix(text) as Prefix))) ?? ''
}

const v4_text = (address: bigint) => [24n, 16n, 8n, 0n].map(shift => address >> shift & 255n).join('.')

/** RFC 5952 4: no leading zeros, the first of the longest runs of two zero groups or more as "::". */
function v6_text(address: bigint) {
	const groups = Array.from({ length: 8 }, (_, at) => (address >> BigInt(112 - 16 * at) & 0xffffn).toString(16))
	let best = { at: 0, length: 1 }
	for (let at = 0, length = 0; at < 8; at++) {
		length = groups[at] === '0' ? length + 1 : 0
		if (length > best.length)
			best = { at: at - length + 1, length }
	}
	return best.length < 2 ? groups.join(':') : `${groups.slice(0, best.at).join(':')}::${groups.slice(best.at + best.length).join(':')}`
}

/** The network that an address with a prefix length is in: "192.0.2.1/25" is in "192.0.2.0/25". */
export function network_text(prefix: Prefix) {
	const address = prefix.address >> host_bits(prefix) << host_bits(prefix)
	return `${prefix.bits === 32 ? v4_text(address) : v6_text(address)}/${prefix.length}`
}
