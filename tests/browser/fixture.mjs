// SPDX-License-Identifier: GPL-3.0-or-later
// A stand-in for httpd and confd after docs/api.md, for page tests of states that are hard to provoke on a real box (ten thousand rules, a
// lost stream, a refused commit). It proves nothing about the product: run.mjs against the lab does.
// node fixture.mjs [--dist DIR] [--port N] [--rules N] [--claim CODE] [--forms FILE]
import { createServer } from 'node:http'
import { existsSync, readFileSync } from 'node:fs'
import { extname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { make_operations, operations } from './operations.mjs'

const here = fileURLToPath(new URL('.', import.meta.url))
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8', '.svg': 'image/svg+xml', '.txt': 'text/plain' }
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; font-src 'self'; form-action 'self'; " +
	"base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
const copy = value => JSON.parse(JSON.stringify(value))
const stamp = back => new Date(Date.now() - back * 1000).toISOString()

function first_configuration(count) {
	const rules = [
		{ id: 'lan-out', from: ['lan'], to: ['wan', 'dmz'], action: 'accept' },
		{ id: 'web-in', description: 'The shop and its API', from: ['wan'], to: ['dmz'], destination: { group: ['web-servers'] }, service: ['web'],
			limit: { rate: '100/second', burst: 200, per: 'source' }, action: 'accept' },
		{ id: 'dmz-updates', description: 'Servers fetch updates and names, and nothing from the LAN', from: ['dmz'], to: ['wan'], service: ['http', 'https', 'dns', 'ntp'], action: 'accept' },
		{ id: 'admins-manage', from: ['lan'], to: ['local'], source: { group: ['admins'] }, service: ['ssh', 'https'], log: true, action: 'accept' },
		{ id: 'guests-quiet', description: 'Guests see the internet only', from: ['guest'], to: ['lan', 'dmz'], log: true, action: 'reject' },
		{ id: 'old-vpn', description: 'Until the new tunnel stands', enabled: false, from: ['wan'], to: ['local'], service: ['wireguard'], source: { addresses: ['203.0.113.7', '2001:db8:77::/48'] }, action: 'accept' },
		{ id: 'scanners', from: ['wan'], to: ['any'], source: { addresses: ['203.0.113.128/25'] }, log: true, action: 'drop' },
		{ id: 'ping', from: ['any'], to: ['any'], service: ['ping'], action: 'accept' },
	]
	for (let at = rules.length; at < count; at++) {
		rules.push({ id: `host-${at}`, from: ['lan'], to: ['dmz'], destination: { addresses: [`198.18.${at >> 8 & 255}.${at & 255}`] },
			service: [['https', 'ssh', 'dns', 'smtp'][at % 4]], action: ['accept', 'drop', 'reject'][at % 3] })
	}
	return {
		system: { hostname: 'edge1', 'time-zone': 'Europe/Berlin' },
		interfaces: [],
		management: { web: { port: 8443, zones: ['lan'] } },
		firewall: {
			zones: ['wan', 'lan', 'dmz', 'guest'].map(name => ({ name, interfaces: [name] })),
			groups: [{ name: 'admins', addresses: ['192.0.2.10'] }, { name: 'web-servers', addresses: ['192.0.2.130', '2001:db8:3::130'] }],
			services: [{ name: 'web', protocol: ['tcp'], ports: ['80', '443'] }],
			rules,
		},
	}
}

export function make_box({ rules = 0, claim = '', otp = '', alarms = [], refuse = null, users = null, overtaken = null, stale = false, schema = null } = {}) {
	const box = {
		claim, otp, alarms, refuse, overtaken, stale, schema, operations: make_operations(), secrets: {}, sessions: new Map(), users: users ?? (claim ? {} : { alice: 'correct horse' }), workspaces: new Map(), commits: new Map(), streams: new Set(),
		revisions: [], next: 1, born: Date.now(), log: [], sequence: 0, counters: new Map(), links: new Map(), timer: null,
	}
	const start = first_configuration(rules)
	const older = copy(start)
	older.firewall.rules = older.firewall.rules.filter(rule => rule.id !== 'guests-quiet' && rule.id !== 'scanners')
	older.firewall.rules[1].limit.rate = '50/second'
	older.system['time-zone'] = 'UTC'
	const history = [['boot', 'load', 'First start', 900000, 'kept', older], ['alice', 'ctl', 'Guests get their own network', 400000, 'kept', older],
		['bob', 'web', 'Try the stricter web limit', 86400 * 2, 'rolled-back', start], ['alice', 'web', 'Guests stay outside; block the scanners of last night', 5400, 'kept', start]]
	history.forEach(([author, origin, comment, back, state, document], at) => box.revisions.push({ number: at + 1, parent: at, digest: `d${at + 1}`, author, origin, comment,
		'created-at': stamp(back), state, document: copy(document) }))
	box.running = 4
	for (const [name, kernel, description, rx, tx] of [['wan', 'eth0', 'Uplink', 21e6, 3.1e6], ['lan', 'eth1', 'Office', 3.2e6, 19e6], ['dmz', 'eth2', 'Servers', 640e3, 2.2e6], ['guest', 'eth3', 'Visitors', 0, 0]])
		box.links.set(name, { name, kernel, description, rate: [rx, tx], rx: 4.2e11 * Math.random(), tx: 9e10 * Math.random(), up: name !== 'guest' })
	start.firewall.rules.forEach((rule, at) => rule.enabled !== false && box.counters.set(rule.id, RESTS.has(rule.id) ? { packets: 0, bytes: 0 } : { packets: Math.floor(4e6 / (at + 1)), bytes: Math.floor(3.3e9 / (at * at + 1)) }))
	for (const [id, packets] of GENERATED)
		box.counters.set(id, { packets, bytes: packets * 180 })
	for (let at = 0; at < 60; at++)
		make_event(box, 240 - at * 4)
	return box
}

const GENERATED = [['established', 91e6, 'accept'], ['invalid', 4012, 'drop'], ['neighbour-discovery', 8123, 'accept'], ['anti-lockout', 612, 'accept'], ['default:none', 51234, 'drop']]
const WHERE = { '203.0.113.9': ['DE', 64496], '2001:db8:9::41': ['NO', 64511] }
const document_of = box => box.revisions.find(one => one.number === box.running).document

function make_event(box, back = 0) {
	const kinds = [['scanners', 'drop', 'wan', '', 'tcp', '203.0.113.' + (130 + Math.floor(Math.random() * 90)), '198.51.100.2', [22, 23, 445, 3389, 5900][Math.floor(Math.random() * 5)]],
		['guests-quiet', 'reject', 'guest', 'lan', 'tcp', '198.18.4.' + Math.floor(Math.random() * 40), '192.0.2.20', 445],
		['admins-manage', 'accept', 'lan', '', 'tcp', '192.0.2.10', '192.0.2.1', 22],
		['unmatched', 'drop', 'wan', '', 'udp', '203.0.113.9', '198.51.100.2', 1900],
		['unmatched', 'drop', 'wan', 'dmz', 'tcp', '2001:db8:9::41', '2001:db8:3::130', 8080]]
	const [rule, action, inside, outside, protocol, source, destination, port] = kinds[Math.floor(Math.random() * kinds.length)]
	const event = { sequence: ++box.sequence, time: stamp(back), rule, action, 'in-interface': inside, 'out-interface': outside, family: source.includes(':') ? 'ipv6' : 'ipv4',
		...WHERE[source] && { 'source-country': WHERE[source][0], 'source-autonomous-system': WHERE[source][1] },
		protocol, source, 'source-port': 32768 + Math.floor(Math.random() * 28000), destination, 'destination-port': port, length: 40 + Math.floor(Math.random() * 40) }
	box.log.unshift(event)
	box.log.length = Math.min(box.log.length, 500)
	return event
}

export const say = (box, topic, data) => {
	for (const stream of box.streams)
		stream.write(`event: ${topic}\ndata: ${JSON.stringify(data)}\n\n`)
}

function link_state(one) {
	return { name: one.name, 'kernel-name': one.kernel, index: 2, present: true, 'admin-up': true, 'link-up': one.up, mtu: 1500, mac: '02:00:5e:10:00:01',
		addresses: one.name === 'wan' ? ['198.51.100.2/24', '2001:db8:51::2/64'] : one.name === 'lan' ? ['192.0.2.1/25', '2001:db8:2::1/64'] : one.name === 'dmz' ? ['192.0.2.129/26', '2001:db8:3::1/64'] : [],
		'rx-bytes': Math.floor(one.rx), 'tx-bytes': Math.floor(one.tx), 'rx-packets': Math.floor(one.rx / 900), 'tx-packets': Math.floor(one.tx / 900),
		'rx-errors': 0, 'tx-errors': 0, 'rx-dropped': one.name === 'wan' ? 17 : 0, 'tx-dropped': 0, description: one.description }
}

/** One second of life. */
function tick(box) {
	const wave = Math.sin(Date.now() / 9000) + 1.6 + Math.random() * 0.7
	for (const one of box.links.values()) {
		one.rx += one.rate[0] / 8 * wave * (0.8 + Math.random() * 0.4)
		one.tx += one.rate[1] / 8 * wave * (0.8 + Math.random() * 0.4)
	}
	const changed = []
	for (const [id, counter] of [...box.counters].slice(0, 24)) {
		if (RESTS.has(id) || Math.random() < 0.5)
			continue
		const packets = Math.ceil(Math.random() * 400)
		counter.packets += packets
		counter.bytes += packets * 700
		changed.push({ id, ...counter })
	}
	say(box, 'interfaces', { interfaces: [...box.links.values()].map(link_state) })
	say(box, 'counters', { rules: changed })
	say(box, 'log', make_event(box))
	const trial = [...box.commits.values()].find(one => one.state === 'awaiting-confirm')
	if (trial && Date.parse(trial['confirm-deadline']) < Date.now())
		end_trial(box, trial, false)
}

function end_trial(box, commit, keep) {
	commit.state = keep ? 'kept' : 'rolled-back'
	const revision = box.revisions.find(one => one.number === commit.revision)
	revision.state = keep ? 'kept' : 'rolled-back'
	if (!keep)
		box.running = revision.parent
	say(box, 'commits', show_commit(commit))
	return commit
}

const show_commit = commit => ({ ...commit, 'confirm-seconds-left': commit.state === 'awaiting-confirm' ? Math.max(0, Math.round((Date.parse(commit['confirm-deadline']) - Date.now()) / 1000)) : undefined })

const key_of = item => item?.id ?? item?.name

function diff(old, next, path = '', out = []) {
	if (JSON.stringify(old) === JSON.stringify(next))
		return out
	if (Array.isArray(old) && Array.isArray(next) && (key_of(old[0] ?? next[0]) !== undefined)) {
		const had = new Map(old.map(item => [key_of(item), item]))
		const has = new Map(next.map(item => [key_of(item), item]))
		for (const [key, item] of had)
			if (!has.has(key))
				out.push({ op: 'delete', path: `${path}/${key}`, old: item })
		for (const [key, item] of has)
			had.has(key) ? diff(had.get(key), item, `${path}/${key}`, out) : out.push({ op: 'create', path: `${path}/${key}`, new: item })
		const before = old.map(key_of).filter(key => has.has(key))
		const after = next.map(key_of).filter(key => had.has(key))
		const moved = after.findIndex((key, at) => key !== before[at])
		if (moved >= 0)
			out.push({ op: 'move', path: `${path}/${after[moved]}`, old: { after: before[before.indexOf(after[moved]) - 1] }, new: moved ? { after: after[moved - 1] } : { to: 'first' } })
	} else if (old && next && typeof old === 'object' && typeof next === 'object' && !Array.isArray(old)) {
		for (const key of new Set([...Object.keys(old), ...Object.keys(next)]))
			diff(old[key], next[key], `${path}/${key}`, out)
	} else {
		out.push(old === undefined ? { op: 'create', path, new: next } : next === undefined ? { op: 'delete', path, old } : { op: 'replace', path, old, new: next })
	}
	return out
}

function diff_answer(old, next, base) {
	const changes = diff(old, next)
	const line = (sign, path, value) => `${sign} set ${path.slice(1).split('/').join(' ')} ${JSON.stringify(value)}`
	return { base, changes, text: changes.flatMap(({ path, old: a, new: b }) => [a !== undefined ? line('-', path, a) : null, b !== undefined ? line('+', path, b) : null]).filter(Boolean).join('\n') + '\n' }
}

/** The same changes as commands, or as the rules of the kernel that they come to. */
function view_of(answer, query) {
	const kernel = { create: '+', delete: '-', replace: '>', move: '>' }
	const name = ({ path }) => path.split('/')[3] ?? path.split('/')[2]
	const text = { set: () => answer.changes.map(one => `${one.op === 'delete' ? 'delete' : 'set'} ${one.path.slice(1).replaceAll('/', ' ')}\n`).join(''),
		nft: () => answer.changes.map(one => `${kernel[one.op]} pair.lan.wan [${name(one)}] l4proto 6 | dport 443 | counter | accept\n`).join('') }[query.get('view')]
	return text ? { ...answer, text: text() } : answer
}

class Refusal extends Error {
	constructor(status, slug, title, more = {}) {
		super(title)
		this.status = status
		this.body = { type: `urn:patronus:problem:${slug}`, title, status, ...more }
	}
}

function judge(document) {
	const errors = []
	const zones = new Set(['any', 'local', ...document.firewall.zones.map(zone => zone.name)])
	for (const rule of document.firewall.rules) {
		for (const side of ['from', 'to']) {
			for (const zone of rule[side] ?? []) {
				if (!zones.has(zone))
					errors.push({ pointer: `/firewall/rules/${rule.id}/${side}`, path: `firewall.rules[${rule.id}].${side}`, code: 'unknown-reference', text: `there is no zone "${zone}"`, remedy: 'did you mean "dmz"?' })
			}
		}
	}
	if (errors.length)
		throw new Refusal(422, 'validation', 'The configuration is not valid', { detail: `${errors.length} errors; nothing was changed`, errors })
}

function check_rule(rule) {
	const errors = []
	const wrong = (field, text) => errors.push({ pointer: `/firewall/rules/${rule.id ?? ''}/${field}`, path: `firewall.rules[${rule.id}].${field}`, code: 'syntax', text })
	if (rule.id && !/^[a-z0-9][a-z0-9-]*$/.test(rule.id))
		wrong('id', 'a name has lower-case letters, digits and hyphens, and starts with a letter or digit')
	if (rule.limit && !/^[1-9]\d*\/(second|minute|hour|day)$/.test(rule.limit.rate ?? ''))
		wrong('limit/rate', `"${rule.limit.rate}" needs a unit, such as 100/second`)
	for (const side of ['source', 'destination'])
		for (const one of rule[side]?.addresses ?? [])
			if (!/^[0-9a-f:.]+(\/\d{1,3})?$/i.test(one))
				wrong(`${side}/addresses`, `${one} is neither an address nor a network`)
	if (errors.length)
		throw new Refusal(422, 'validation', 'The rule is not valid', { detail: `${errors.length} errors; nothing was changed`, errors })
}

function walk(document, path) {
	let parent = null, key = null, node = document
	for (const part of path) {
		parent = node
		key = Array.isArray(node) ? node.findIndex(item => key_of(item) === part) : part
		node = node?.[key]
	}
	return { parent, key, node }
}

/** What is missing of the way to a node is made. */
function make(document, path, value) {
	let node = document
	for (const part of path.slice(0, -1))
		node = Array.isArray(node) ? node.find(item => key_of(item) === part) : node[part] ??= {}
	return node[path.at(-1)] = value
}

function page_of(rows, query) {
	const q = query.get('q')?.toLowerCase()
	const found = rows.filter(row => !q || JSON.stringify(row).toLowerCase().includes(q))
	const from = Number(query.get('cursor') ?? 0)
	const limit = Number(query.get('limit') ?? 100)
	const fields = query.get('fields')?.split(',')
	const body = found.slice(from, from + limit).map(row => fields ? Object.fromEntries(Object.entries(row).filter(([key]) => fields.includes(key))) : row)
	return { body, etag: tag(rows), count: found.length, link: from + limit < found.length ? `</api/v1/x?cursor=${from + limit}>; rel="next"` : undefined }
}

function absent(schema, path, query) {
	let among = schema.sections
	let node
	for (const part of path) {
		const next = among?.find(one => one.name === part)
		if (!next && node?.kind === 'list' && part !== path.at(-1))
			continue		// a key
		if (!next)
			throw new Refusal(404, 'not-found', `There is no ${path.join('/')}`)
		node = next
		among = next.children
	}
	const body = node.kind === 'list' || node.kind === 'leaf-list' ? [] : node.kind === 'container' && !node.presence ? {} : node.default ?? null
	return node.kind === 'list' && [...query.keys()].length ? page_of(body, query) : { body, etag: tag(body) }
}

function move(at, { before, after, to }) {
	const [item] = at.parent.splice(at.key, 1)
	const beside = at.parent.findIndex(one => key_of(one) === (before ?? after))
	at.parent.splice(to === 'first' ? 0 : to === 'last' ? at.parent.length : beside + (after ? 1 : 0), 0, item)
}

/** Several edits, all or none. */
function batch(box, call) {
	const home = box.workspaces.get(call.workspace)
	const next = copy(home.document)
	for (const { op, path, value, ...spot } of call.body.operations) {
		const parts = path.split('/').slice(1).map(decodeURIComponent)
		const at = walk(next, parts)
		if (at.node === undefined && (op === 'delete' || op === 'move'))
			throw new Refusal(422, 'validation', 'Nothing was changed', { errors: [{ pointer: path, text: 'there is no such path or object' }] })
		if (op === 'delete')
			Array.isArray(at.parent) ? at.parent.splice(at.key, 1) : delete at.parent[at.key]
		else if (op === 'patch')
			merge(at.node ?? make(next, parts, {}), value)
		else if (op === 'move')
			move(at, spot)
		else if (op === 'append')
			(at.node ?? make(next, parts, [])).push(value)
		else
			make(next, parts, value)
	}
	home.document = next
	home.changes = diff(box.revisions.find(one => one.number === home.base).document, next).length
	say(box, 'commits', { workspace: home.id, changes: home.changes })
	return { body: { results: call.body.operations.map(({ path }) => ({ path, status: 200 })) } }
}

const tag = node => `"${Buffer.from(JSON.stringify(node)).toString('base64').slice(-16)}${JSON.stringify(node).length}"`

function merge(node, patch) {
	for (const [key, value] of Object.entries(patch))
		value === null ? delete node[key] : node[key] = value && typeof value === 'object' && !Array.isArray(value) ? merge(node[key] ?? {}, value) : value
	return node
}

function configuration(box, call) {
	const home = call.workspace ? box.workspaces.get(call.workspace) : null
	if (call.workspace && !home)
		throw new Refusal(404, 'not-found', 'There is no such workspace')
	const path = call.parts.slice(1)
	const document = home ? home.document : document_of(box)
	const action = call.method === 'POST' && path.at(-1) === 'move' ? path.pop() : ''
	const at = walk(document, path)
	if (at.node === undefined && call.method === 'POST' && !action)		// the first entry of a list
		at.node = make(document, path, [])
	if (at.node === undefined && call.method === 'GET' && box.schema)		// what is not there reads as its kind says it
		return absent(box.schema, path, call.query)
	if (at.node === undefined)
		throw new Refusal(404, 'not-found', `There is no ${path.join('/')}`)
	if (call.method === 'GET')
		return Array.isArray(at.node) && [...call.query.keys()].length ? page_of(at.node, call.query) : { body: at.node, etag: tag(at.node) }
	if (!home)
		throw new Refusal(409, 'conflict', 'Edits need a workspace')
	if (call.method !== 'POST' && call.headers['if-match'] !== tag(at.node))
		throw call.headers['if-match'] ? new Refusal(412, 'stale', 'Somebody changed it meanwhile', { current: at.node }) : new Refusal(428, 'precondition', 'If-Match is missing')
	let answer = { status: 200 }
	if (action) {
		move(at, call.body)
		answer = { status: 204 }
	} else if (call.method === 'POST') {
		const kind = path.join('/') === 'firewall/rules' ? 'id' : 'name'
		if (kind === 'id')
			check_rule(call.body)
		if (at.node.some(item => item[kind] === call.body[kind] && call.body[kind]))
			throw new Refusal(409, 'conflict', `There is a rule ${call.body.id} already`, { errors: [{ pointer: `/firewall/rules/${call.body.id}/id`, text: `there is a rule "${call.body.id}" already` }] })
		const rule = { ...call.body, [kind]: call.body[kind] ?? `rule-${box.next++}` }
		at.node.push(rule)
		answer = { status: 201, body: rule, location: `/api/v1/configuration/${path.join('/')}/${rule[kind]}` }
	} else if (call.method === 'PUT') {
		if (path[1] === 'rules')
			check_rule(call.body)
		at.parent[at.key] = call.body
		answer.body = call.body
	} else if (call.method === 'PATCH') {
		answer.body = merge(at.node, call.body)
	} else {
		Array.isArray(at.parent) ? at.parent.splice(at.key, 1) : delete at.parent[at.key]
		answer = { status: 204 }
	}
	home.changes = diff(box.revisions.find(one => one.number === home.base).document, home.document).length
	say(box, 'commits', { workspace: home.id, changes: home.changes })
	return { ...answer, etag: answer.body ? tag(answer.body) : undefined }
}

const show_home = ({ document, ...home }) => home

function open_workspace(box, owner, document = document_of(box)) {
	const home = { id: `w${box.next++}`, base: box.running, owner, 'created-at': stamp(0), changes: 0, document: copy(document) }
	home.changes = diff(document_of(box), home.document).length
	box.workspaces.set(home.id, home)
	return home
}

function make_commit(box, call, who) {
	const home = box.workspaces.get(call.body.workspace)
	if (!home)
		throw new Refusal(404, 'not-found', 'There is no such workspace')
	judge(home.document)
	if (box.overtaken)
		throw new Refusal(409, 'conflict', 'The running configuration moved', { detail: 'the running configuration changed the same objects since the workspace was made', conflicts: box.overtaken.map(path => ({ path, base: null, ours: null, theirs: null })) })
	if (box.refuse)
		throw new Refusal(502, 'apply-failed', 'The kernel refused the ruleset', { detail: 'The box is back at the previous revision', errors: box.refuse })
	const number = box.revisions.at(-1).number + 1
	const seconds = call.body['confirm-timeout']
	box.revisions.push({ number, parent: box.running, digest: `d${number}`, author: who, origin: 'web', comment: call.body.comment ?? '', 'created-at': stamp(0), state: seconds ? 'pending' : 'kept', document: home.document })
	const commit = { id: `c${box.next++}`, revision: number, state: seconds ? 'awaiting-confirm' : 'kept', comment: call.body.comment ?? '', author: who,
		'confirm-deadline': seconds ? stamp(-seconds) : undefined, phases: { 'total-us': 8200 }, impact: [] }
	box.running = number
	box.commits.set(commit.id, commit)
	box.workspaces.delete(home.id)
	for (const rule of home.document.firewall.rules)
		if (!box.counters.has(rule.id))
			box.counters.set(rule.id, { packets: 0, bytes: 0 })
	say(box, 'commits', show_commit(commit))
	return { status: 201, body: show_commit(commit), location: `/api/v1/commits/${commit.id}` }
}

function processes(box) {
	const up = Math.floor((Date.now() - box.born) / 1000) + 93000
	const held = { 'bounding-set': [], 'no-new-privs': true, seccomp: 'filter', 'seccomp-filters': 1, restarts: 0, 'uptime-seconds': up, state: 'running' }
	return [{ ...held, name: 'privd', pid: 11, uid: 0, user: 'root', capabilities: ['net-admin', 'net-raw', 'net-bind-service', 'dac-override'], 'memory-pss-kb': 1310 },
		...['confd', 'authd', 'logd', 'fwd', 'netd', 'httpd'].map((name, at) => ({ ...held, name, pid: 20 + at, uid: 60801 + at, user: `_patronus-${name.slice(0, 4)}`, capabilities: [],
			namespaces: ['net', 'ipc', 'uts', 'pid', 'mnt'], 'memory-pss-kb': [9120, 2210, 1480, 4030, 1890, 5210][at], restarts: name === 'netd' ? 1 : 0 }))]
}

/** What the kernel had counted before its counters began anew, and how many seconds ago the first and the last of it was found. */
const EVIDENCE = { 'lan-out': [7e6, 8e6, 1], ping: [2000, 8.6e6, 86400 * 95] }
const RESTS = new Set(['ping', 'dmz-updates'])		// counted nothing since the kernel began anew; the second never did
const THEN = Date.now()

/** A rule as the box tells of it: with the sums that no restart takes away. */
function rule_state(box, rule) {
	const { packets, bytes } = box.counters.get(rule.id) ?? { packets: 0, bytes: 0 }
	const [older, first, last] = EVIDENCE[rule.id] ?? [0, 6e5, 1]
	const at = back => new Date(THEN - back * 1000).toISOString()
	return { id: rule.id, generated: false, from: rule.from, to: rule.to, action: rule.action, packets, bytes, 'total-packets': packets + older, 'total-bytes': bytes + older * 700,
		'counted-since': at(9e6), ...packets + older > 0 && { 'first-hit': at(first), 'last-hit': at(last) } }
}

/** Ten minutes by second, or a day by minute, as of a box that runs for longer. */
function history(box, step) {
	const size = step === 60 ? 1440 : 600
	const wave = (base, at, speed) => Math.max(0, Math.round(base * (1.2 + Math.sin(at / speed) + 0.3 * Math.sin(at / speed * 5.3))))
	const line = (base, speed) => Array.from({ length: size }, (_, at) => wave(base, at, speed))
	return { step, newest: stamp(1), series: [
		...[...box.links.values()].flatMap(one => [{ name: 'rx', interface: one.name, values: line(one.rate[0] / 8, 60) }, { name: 'tx', interface: one.name, values: line(one.rate[1] / 8, 45) }]),
		{ name: 'cpu', values: line(90, 80) }, { name: 'memory', values: line(1.1e9, 300) }, { name: 'disk', values: Array.from({ length: size }, () => 6.1e9) }] }
}

const HOSTS = ['192.0.2.10', '192.0.2.23', '192.0.2.77', '2001:db8:2::10', '198.18.4.9', '203.0.113.66']
function all_connections(box) {
	box.connections ??= Array.from({ length: 240 }, (_, at) => ({ id: 1000 + at, protocol: ['tcp', 'udp', 'tcp', 'icmp'][at % 4], state: at % 4 === 1 ? 'replied' : at % 4 === 3 ? 'unreplied' : 'established', source: HOSTS[at * at % 6], 'source-port': 32768 + at * 7,
		destination: ['198.51.100.1', '192.0.2.130', '203.0.113.200', '2001:db8:9::1'][at % 4], 'destination-port': [443, 53, 22, 8080][at % 4], from: ['lan', 'wan', 'lan', 'guest'][at % 4], to: ['wan', 'dmz', 'wan', 'local'][at % 4],
		...(at % 5 === 0 && { 'translated-source': '198.51.100.2' }), mark: 0, assured: at % 4 === 0, timeout: 30 + at, packets: 10 + at, bytes: 9000 * (240 - at), 'reply-packets': 8 + at, 'reply-bytes': 90000 * (240 - at) }))
	return box.connections
}

function explanation(query) {
	if (query.get('in-port'))
		return { steps: [{ hook: 'bridge-forward', chain: 'bridged', rule: 'no-arp', path: '/firewall/bridge-rules/no-arp', text: 'drops' }], verdict: 'drop', rule: 'no-arp', path: '/firewall/bridge-rules/no-arp',
			text: `rule "no-arp" drops it: ${[...query].map(pair => pair.join('=')).join(' ')}`, limited: false, bridge: 'br0', 'in-interface': query.get('in-port'), 'out-interface': 'eth3' }
	if (!/^[0-9a-f.:]+$/.test(query.get('source') ?? ''))
		throw new Refusal(400, 'syntax', 'The request cannot be read', { detail: 'source is no address' })
	const passes = query.get('port') !== '23'
	return { steps: [{ hook: 'prerouting', chain: 'raw', text: 'nothing is translated' }, { hook: 'forward', chain: 'pair.lan.wan', rule: passes ? 'lan-out' : 'scanners', path: `/firewall/rules/${passes ? 'lan-out' : 'scanners'}`, text: passes ? 'accepts it' : 'drops it' },
		...(passes ? [{ hook: 'postrouting', chain: 'snat', rule: 'masquerade:out', text: 'gives it the address of wan' }] : [])], verdict: passes ? 'accept' : 'drop', rule: passes ? 'lan-out' : 'scanners', path: `/firewall/rules/${passes ? 'lan-out' : 'scanners'}`,
		text: passes ? 'It passes from lan to wan: rule lan-out accepts it.' : 'Rule scanners drops it.', limited: false, from: 'lan', 'in-interface': 'eth1', to: 'wan', 'out-interface': 'eth0', ...passes && { 'source-translation': 'masquerade:out' } }
}

function connections(box, query, end = false) {
	const all = all_connections(box)
	const tests = [...query].flatMap(([name, value]) => {
		const member = name.match(/^filter\[(.+)\]$/)?.[1]
		const values = value.split(',')
		const of = row => member === 'address' ? [row.source, row.destination, row['translated-source']] : member === 'port' ? [row['source-port'], row['destination-port']] : [row[member]]
		return member ? [row => of(row).some(one => values.includes(String(one)))] : []
	})
	const found = all.filter(row => tests.every(test => test(row)))
	if (end)
		box.connections = all.filter(row => !found.includes(row))
	const sort = query.get('sort')?.replace('-', '')
	if (sort)
		found.sort((a, b) => (query.get('sort').startsWith('-') ? -1 : 1) * (a[sort] > b[sort] ? 1 : a[sort] < b[sort] ? -1 : 0))
	const from = Number(query.get('cursor') ?? 0)
	const limit = Number(query.get('limit') ?? 100)
	return { connections: end ? [] : found.slice(from, from + limit), total: all.length, matched: found.length, ...(end && { ended: found.length }), ...(from + limit < found.length && { next: String(from + limit) }) }
}

function state(box, what, query) {
	const rules = document_of(box).firewall.rules
	if (what === 'interfaces')
		return { interfaces: [...box.links.values()].map(link_state) }
	if (what === 'routes')
		return { routes: [{ destination: '0.0.0.0/0', via: '198.51.100.1', interface: 'wan', table: 254, protocol: 'patronus', metric: 0, owned: true, name: 'default-v4' },
			{ destination: '::/0', via: '2001:db8:51::1', interface: 'wan', table: 254, protocol: 'patronus', metric: 1024, owned: true, name: 'default-v6' },
			{ destination: '192.0.2.0/25', interface: 'lan', table: 254, protocol: 'kernel', metric: 0, owned: false }, { destination: '192.0.2.128/26', interface: 'dmz', table: 254, protocol: 'kernel', metric: 0, owned: false }] }
	if (what === 'firewall-log')
		return { events: box.log }
	if (what === 'history')
		return history(box, Number(query.get('step') ?? 1))
	if (what === 'firewall-analysis')
		return { findings: [{ rule: 'ping', path: '/firewall/rules/ping', finding: 'partly', witnesses: ['scanners'], text: 'rule scanners drops a part of what ping accepts' },
			{ rule: 'old-vpn', path: '/firewall/rules/old-vpn', finding: 'never-hit', since: stamp(864000), text: 'no packet has come to it for 10 days' }], rules: rules.length, undecided: 0 }
	if (what === 'firewall-tests')
		return { tests: (document_of(box).firewall.assertions ?? box.tests ?? []).map(one => ({ name: one.name, expect: one.expect, holds: one.name !== 'broken', severity: one.severity ?? 'error', rule: 'lan-out', path: '/firewall/rules/lan-out', text: 'accepted by rule lan-out' })), failed: 0 }
	if (what === 'firewall-impact')
		return { connections: 41, denied: 7, 'cut-total': 2, 'admitted-total': 1, since: stamp(80000), admitted: [{ protocol: 'tcp', source: '198.51.100.9', destination: '192.0.2.130', 'destination-port': 25, last: stamp(300), rule: 'mail', text: 'rule "mail" accepts it' }],
			cut: [8080, 9090].map(port => ({ protocol: 'tcp', source: '192.0.2.10', destination: '203.0.113.10', 'destination-port': port, last: stamp(port / 10), rule: 'no-other', text: 'rule "no-other" drops it' })) }
	if (what === 'firewall-explanation')
		return explanation(query)
	if (what === 'connections')
		return connections(box, query)
	if (what === 'processes')
		return { processes: processes(box) }
	if (what === 'drift')
		return { drift: [] }
	const made = GENERATED.map(([id, , action]) => ({ id, generated: true, from: [], to: [], action, ...box.counters.get(id) }))
	return { rules: [...made.slice(0, 4), ...rules.filter(rule => rule.enabled !== false).map(rule => rule_state(box, rule)), ...made.slice(4)], connections: { current: 1834, maximum: 262144 }, generation: 7 }
}

function status(box) {
	const pending = [...box.commits.values()].find(one => one.state === 'awaiting-confirm')
	return { hostname: 'edge1', version: '0.1.0', revision: box.running, ...pending && { pending: show_commit(pending) }, 'uptime-seconds': Math.floor((Date.now() - box.born) / 1000) + 93000, processes: processes(box),
		machine: { cpu: 80 + Math.floor(Math.random() * 90), processors: 4, 'memory-used': 1.4e9 + Math.random() * 2e7, 'memory-total': 4.1e9, 'disk-used': 6.1e9, 'disk-total': 28e9 },
		interfaces: [...box.links.values()].map(link_state), connections: { current: 1834 + Math.floor(Math.random() * 60), maximum: 262144 }, alarms: box.alarms,
		'top-rules': [...box.counters].slice(0, 30).map(([id, counter]) => ({ id, ...counter })).sort((a, b) => b.packets - a.packets).slice(0, 6) }
}

function sign_in(box, user) {
	const session = { user, role: user === 'eve' ? 'read-only' : 'admin', rights: user === 'eve' ? ['configuration:read', 'state:read'] : ['configuration:read', 'configuration:edit', 'commit', 'users:admin', 'sessions:admin', 'backups', 'secrets:write', 'state:read'], 'full-name': user === 'alice' ? 'Alice Example' : '', 'expires-at': stamp(-28800), 'idle-seconds': 900, csrf: 'c' + Math.random().toString(36).slice(2) }
	const token = Math.random().toString(36).slice(2)
	box.sessions.set(token, session)
	return { status: 201, body: session, cookie: `__Host-patronus=${token}; Path=/; Secure; HttpOnly; SameSite=Strict` }
}

/** Everything below /api/v1: {status, body, etag, location, cookie} or a Refusal. */
function answer(box, call) {
	const [head, id, verb, other] = call.parts
	const session = box.sessions.get(call.token)
	const is = (method, ...parts) => call.method === method && parts.length === call.parts.length && parts.every((part, at) => part === '*' || part === call.parts[at])
	if (is('GET', 'claim'))
		return { body: { claimable: Object.keys(box.users).length === 0 } }
	if (is('POST', 'claim')) {
		if (call.body.code !== box.claim)
			throw new Refusal(401, 'authentication', 'The code is not right', { errors: [{ pointer: '/code', text: 'This is not the code on the console' }] })
		box.users[call.body.user] = call.body.password
		return sign_in(box, call.body.user)
	}
	if (is('POST', 'session')) {
		if (box.users[call.body.user] !== call.body.password)
			throw new Refusal(401, 'authentication', 'Sign in failed', { detail: 'The name or the password is wrong.' })
		if (box.otp && call.body.otp !== box.otp)
			throw new Refusal(401, call.body.otp ? 'authentication' : 'second-factor', call.body.otp ? 'Sign in failed' : 'A code is needed', { detail: 'The code is wrong.' })
		return sign_in(box, call.body.user)
	}
	if (!session)
		throw new Refusal(401, 'authentication', 'Sign in first')
	if (call.method !== 'GET' && call.headers['patronus-csrf'] !== session.csrf)
		throw new Refusal(403, 'permission', 'The Patronus-CSRF value is missing')
	if (is('GET', 'session'))
		return { body: session }
	if (is('DELETE', 'session')) {
		box.sessions.delete(call.token)
		return { status: 204 }
	}
	if (is('GET', 'status'))
		return { body: status(box) }
	const about = operations(box, call, session, Refusal)
	if (about)
		return about
	if (head === 'state')
		return call.method === 'DELETE' ? { body: connections(box, call.query, true) } : { body: state(box, id, call.query) }
	if (is('GET', 'schema'))
		return { body: box.schema ?? { sections: [{ name: 'firewall', kind: 'container', children: [{ name: 'rules', kind: 'list', children: [{ name: 'service', kind: 'leaf-list',
			choices: ['ping', 'ssh', 'http', 'https', 'dns', 'ntp', 'dhcp', 'smtp', 'wireguard'].map(value => ({ value, ...value === 'ssh' && { matches: 'tcp/22' } })) }] }] }] } }
	if (is('POST', 'batch'))
		return batch(box, call)
	if (is('PATCH', 'secrets')) {
		Object.assign(box.secrets, call.body)
		return { body: { secrets: Object.keys(box.secrets).map(path => ({ path, fingerprint: 'f00d', stored: true })) } }
	}
	if (is('GET', 'usage') && call.query.get('counts') === 'true') {
		const counts = Object.entries(box.referring ?? {}).filter(([path]) => path.startsWith(`${call.query.get('path')}/`)).map(([path, all]) => ({ name: path.split('/').pop(), count: all.length }))
		return { body: { path: call.query.get('path'), counts } }
	}
	if (is('GET', 'usage')) {
		const users = (box.referring?.[call.query.get('path')] ?? []).map(path => ({ path, object: path.split('/').slice(0, 4).join('/') }))
		return { body: { path: call.query.get('path'), users: users.slice(0, Number(call.query.get('limit') ?? 100)) }, count: users.length }
	}
	if (head === 'configuration')
		return configuration(box, call)
	if (is('GET', 'workspaces'))
		return { body: { workspaces: [...box.workspaces.values()].map(show_home) } }
	if (is('POST', 'workspaces'))
		return { status: 201, body: show_home(open_workspace(box, session.user)) }
	if (head === 'workspaces') {
		const home = box.workspaces.get(id)
		if (!home)
			throw new Refusal(404, 'not-found', 'There is no such workspace')
		if (verb === 'diff')
			return { body: view_of(diff_answer(box.revisions.find(one => one.number === home.base).document, home.document, home.base), call.query) }
		if (verb === 'validate') {
			judge(home.document)
			return { body: { valid: true, plan: 'configuration\n  + set firewall rules new action drop\nrules in the kernel\n  + pair.lan.wan [new] counter | drop\n',
				sessions: [{ verdict: 'kept', user: 'alice', origin: '192.0.2.10:50000', yours: true }, { verdict: 'cut', user: 'bob', origin: '198.51.100.9:50001',
					text: 'no rule accepts it, and the default of zone "wan" drops it when it is opened anew', yours: false }],
				impact: [{ owner: 'fwd', impact: 'hot', object: 'rule ping', text: 'rule ping is removed' }, { owner: 'fwd', impact: 'hot', object: 'rule web-in', text: 'rule web-in is moved' },
					{ owner: 'httpd', impact: 'reload', object: 'management web', text: 'the page listens at another address of zone lan; whoever uses it loads it again' },
					{ owner: 'netd', impact: 'disconnect', object: 'interface guest', text: 'address 198.18.4.1/24 goes from guest, and what is connected through it' }] } }
		}
		if (call.method === 'DELETE') {
			box.workspaces.delete(id)
			return { status: 204 }
		}
		return { body: show_home(home) }
	}
	if (is('POST', 'session', 'step-up')) {
		if (call.body.otp !== '123456')
			throw new Refusal(401, 'second-factor', 'The code is not right', { detail: 'the code is not right' })
		box.stale = false
		return { body: { 'fresh-seconds': 300 } }
	}
	if (is('POST', 'commits') && box.stale)
		throw new Refusal(403, 'step-up-required', 'The second factor is asked for again', { detail: 'a code that is not older than five minutes is needed' })
	if (is('POST', 'commits'))
		return make_commit(box, call, session.user)
	if (head === 'commits') {
		const commit = id === 'pending' ? [...box.commits.values()].find(one => one.state === 'awaiting-confirm') : box.commits.get(id)
		if (!commit)
			throw new Refusal(404, 'not-found', 'Nothing waits for confirmation')
		if (verb)
			end_trial(box, commit, verb === 'confirm')
		return { body: show_commit(commit) }
	}
	if (is('GET', 'revisions'))
		return { body: { revisions: box.revisions.map(({ document, ...row }) => row).reverse() } }
	if (head === 'revisions') {
		const revision = number => {
			const found = box.revisions.find(one => one.number === Number(number))
			if (!found)
				throw new Refusal(404, 'not-found', `There is no revision ${number}`)
			return found
		}
		if (verb === 'diff')
			return { body: view_of(diff_answer(revision(id).document, revision(other).document), call.query) }
		if (verb === 'restore') {
			const { sections } = call.body
			const whole = revision(id).document
			return { status: 201, body: show_home(open_workspace(box, session.user, sections ? { ...document_of(box), ...Object.fromEntries(sections.map(name => [name, whole[name]])) } : whole)) }
		}
		return { body: verb === 'configuration' ? revision(id).document : revision(id) }
	}
	throw new Refusal(404, 'not-found', 'There is no such path')
}

function send_file(dist, request, response) {
	const path = new URL(request.url, 'http://x').pathname
	const file = resolve(join(dist, path === '/' ? 'index.html' : path))
	const found = file.startsWith(resolve(dist)) && existsSync(file)
	response.writeHead(found ? 200 : 404, { 'Content-Type': TYPES[extname(file)] ?? 'text/plain', 'Content-Security-Policy': POLICY, 'X-Content-Type-Options': 'nosniff',
		'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Resource-Policy': 'same-origin', 'Cache-Control': path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-store' })
	response.end(found ? readFileSync(file) : 'not found')
}

async function send_api(box, request, response) {
	const url = new URL(request.url, 'http://x')
	let text = ''
	for await (const piece of request)
		text += piece
	const token = /__Host-patronus=(\w+)/.exec(request.headers.cookie ?? '')?.[1]
	if (url.pathname === '/api/v1/events') {
		if (!box.sessions.has(token))
			return response.writeHead(401).end()
		response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
		response.write(': hello\n\n')
		box.streams.add(response)
		return response.on('close', () => box.streams.delete(response))
	}
	try {
		const result = answer(box, { method: request.method, parts: url.pathname.slice('/api/v1/'.length).split('/').map(decodeURIComponent), query: url.searchParams,
			headers: request.headers, body: text ? JSON.parse(text) : {}, token, workspace: request.headers['patronus-workspace'] })
		response.writeHead(result.status ?? 200, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store', ...result.etag && { ETag: result.etag },
			...result.link && { Link: result.link }, ...result.count !== undefined && { 'Patronus-Count': String(result.count) }, ...result.location && { Location: result.location }, ...result.cookie && { 'Set-Cookie': result.cookie } })
		response.end(result.body === undefined ? '' : JSON.stringify(result.body))
	} catch (problem) {
		const known = problem instanceof Refusal
		response.writeHead(known ? problem.status : 500, { 'Content-Type': 'application/problem+json' })
		response.end(JSON.stringify(known ? problem.body : { type: 'urn:patronus:problem:internal', title: String(problem.stack), status: 500 }))
	}
}

/** Serve a box; the answer has the address and close(). */
export function serve(box, { dist = join(here, '../../web/dist'), port = 0 } = {}) {
	const server = createServer((request, response) => request.url.startsWith('/api/') ? void send_api(box, request, response) : send_file(dist, request, response))
	box.timer = setInterval(() => tick(box), 1000)
	return new Promise(done => server.listen(port, '127.0.0.1', () => done({ url: `http://localhost:${server.address().port}`,
		close: () => { clearInterval(box.timer); server.closeAllConnections?.(); server.close() } })))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	const option = (name, otherwise) => process.argv.includes(name) ? process.argv[process.argv.indexOf(name) + 1] : otherwise
	const forms = option('--forms', '')
	const box = make_box({ rules: Number(option('--rules', 0)), claim: option('--claim', ''), schema: forms ? JSON.parse(readFileSync(forms, 'utf8')) : null })
	const { url } = await serve(box, { dist: option('--dist', undefined), port: Number(option('--port', 8970)) })
	console.log(url)
}
