// SPDX-License-Identifier: GPL-3.0-or-later
// What the stand-in says about running the box: backups, secrets, drift, receivers, processes, people, the audit log. See fixture.mjs.
import { readFileSync } from 'node:fs'

const openapi = () => JSON.parse(readFileSync(new URL('../../tools/yanggen/openapi-fixed.json', import.meta.url), 'utf8'))
const stamp = back => new Date(Date.now() - back * 1000).toISOString()

const NAMES = { privd: 'root', confd: '_patronus-conf', authd: '_patronus-auth', logd: '_patronus-log', fwd: '_patronus-fw', netd: '_patronus-net', fetchd: '_patronus-fetch', httpd: '_patronus-http' }
const processes = () => Object.entries(NAMES).map(([name, user], at) => ({ name, pid: 700 + at, uid: at ? 880 + at : 0, user, capabilities: at ? 'none' : 'net_admin net_bind_service net_raw',
	'bounding-set': at ? 'none' : 'net_admin net_bind_service net_raw', 'no-new-privs': true, seccomp: at ? 'filter' : 'filter', 'seccomp-filters': at ? 1 : 1,
	namespaces: at ? name === 'fetchd' ? 'ipc mount pid uts' : 'ipc mount net pid uts' : 'none', 'memory-rss-kb': 3000 + at * 800, 'memory-pss-kb': 2000 + at * 700, restarts: name === 'fetchd' ? 1 : 0, 'uptime-seconds': 86400, state: 'running' }))

export function make_operations() {
	return {
		preferences: new Map(),
		backups: [{ name: 'nightly-2026-11-28.age', content: 'full', scheduled: true, 'created-at': stamp(30000), size: 48211 }, { name: 'before-the-move.age', content: 'configuration', scheduled: false, 'created-at': stamp(400000), size: 12044 }],
		targets: [{ name: 'nas', file: 'nightly-2026-11-28.age', state: 'sent', time: stamp(29000), text: 'sent to nas' }],
		vault: { protection: 'key-file', protected: false, locked: false, epoch: 1, secrets: 3, 'to-reseal': 0, lost: 0 },
		differences: [{ id: 'd1', owner: 'netd', path: '/interfaces/wan', object: 'address 203.0.113.77/24 on wan', detail: 'is there, and not in the configuration', class: 'warning', action: 'reported', stands: true, since: stamp(700) },
			{ id: 'd2', owner: 'netd', path: '/interfaces/lan', object: 'mtu of lan', detail: 'is 1400, not 1500', class: 'info', action: 'accepted', stands: true, since: stamp(9000), acceptance: { by: 'bob', comment: 'until the switch is replaced', at: stamp(8000), until: stamp(-80000) } }],
		found: [{ time: stamp(700), owner: 'netd', object: 'address 203.0.113.77/24 on wan', class: 'warning', detail: 'is there, and not in the configuration', action: 'reported' },
			{ time: stamp(5000), owner: 'fwd', object: 'rule web-in', class: 'critical', detail: 'was gone from the kernel', action: 'repaired' }],
		receivers: [{ name: 'siem', transport: 'tls', state: 'connected', 'connected-since': stamp(80000), sent: 120441, dropped: 0, lag: 0, 'audit-record': 911 },
			{ name: 'old-box', transport: 'udp', state: 'failing', sent: 40, dropped: 12, lag: 30, 'audit-record': 40, 'last-error': 'connection refused', 'last-error-time': stamp(60) }],
	}
}

const AUDIT = [['alice', '192.0.2.10', 'commit', 'revision 4', 'kept'], ['bob', '192.0.2.11', 'sign-in', 'session', 'refused'], ['', '', 'start', 'suite', 'ok']]

/** What each user prefers, by its version. */
function preferences(kept, call, user, Refusal) {
	const { version, body } = kept.get(user) ?? { version: 0, body: {} }
	const answer = (at, is) => ({ body: is, etag: `"p${at}"` })
	if (call.method === 'GET')
		return answer(version, body)
	if (call.headers['if-match'] !== `"p${version}"`)
		throw new Refusal(412, 'stale', 'It has changed', { current: body })
	const next = Object.fromEntries(Object.entries({ ...body, ...call.body }).filter(([, value]) => value !== null))
	kept.set(user, { version: version + 1, body: next })
	return answer(version + 1, next)
}

/** {body, status} for paths that are about running the box, or undefined. */
export function operations(box, call, session, Refusal) {
	const [head, id, verb] = call.parts
	const ops = box.operations
	const path = `${call.method} ${call.parts.join('/')}`
	const fixed = {
		'GET sessions': () => ({ sessions: [{ id: 's1', current: true, user: session.user, source: '192.0.2.10', 'created-at': stamp(4000), 'used-at': stamp(3), 'expires-at': stamp(-30000) }] }),
		'GET tokens': () => ({ tokens: [{ id: 't1', name: 'ansible', user: 'alice', role: 'operator', scopes: ['firewall:write', 'commit'], networks: ['192.0.2.0/24'], 'created-at': stamp(90000), 'expires-at': stamp(-900000) }] }),
		'GET users/me/second-factor': () => ({ enrolled: true, 'recovery-codes': 8, required: false }),
		'GET openapi.json': openapi,
		'GET audit': () => ({ records: AUDIT.map(([actor, origin, action, object, result], at) => ({ seq: 911 - at, time: stamp(60 * at), actor, origin, action, object, result })), size: 912 }),
		'GET audit/head': () => ({ size: 912, oldest: 0, head: { 'audit-head': 12, size: 900, time: stamp(300), root: 'a5'.repeat(32) }, checked: { head: 12, size: 900, time: stamp(200) } }),
		'GET state/processes': () => ({ processes: processes() }),
		'GET state/drift': () => ({ drift: ops.found }),
		'GET state/syslog': () => ({ receivers: ops.receivers }),
		'GET drift': () => ({ differences: ops.differences, total: ops.differences.length }),
		'GET vault': () => ops.vault,
		'GET backups': () => ({ backups: ops.backups, fault: '', targets: ops.targets }),
		'GET commits/4': () => ({ id: '4', revision: 4, state: 'kept', checks: [{ name: 'resolver', state: 'passed', tries: 1, 'took-us': 2100, text: 'answered' }] }),
		'GET secrets': () => ({ secrets: [{ path: '/management/backup/targets/nas/password', fingerprint: '9f86d081884c7d65', stored: true }, { path: '/management/syslog/siem/key', fingerprint: 'b1946ac92492d234', stored: false }] }),
	}
	if (path === 'GET session/rights') {		// olga may edit everything but the name of the box
		const at = call.query.get('path') ?? ''
		const closed = !session.rights.includes('configuration:edit') || (session.user === 'olga' && at.startsWith('/system/hostname'))
		const below = closed ? 'nothing' : session.user === 'olga' && at === '/system' ? 'something' : 'everything'
		return { body: { user: session.user, role: session.role, path: at, rights: [{ right: 'configuration:edit', verb: 'edit', allowed: below !== 'nothing', below }] } }
	}
	if (fixed[path])
		return { body: fixed[path]() }
	if (path.endsWith('users/me/preferences'))
		return preferences(ops.preferences, call, session.user, Refusal)
	if (head === 'users' && verb === 'second-factor' && call.method === 'GET')
		return { body: { enrolled: id === 'alice', 'recovery-codes': 0 } }
	return undefined
}
