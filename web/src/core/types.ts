// SPDX-License-Identifier: GPL-3.0-or-later
// The shapes that docs/api.md names. Members that a box may not have are optional.
export interface Session {
	user: string
	role: string
	rights: string[]
	'full-name'?: string
	'expires-at'?: string
	'idle-seconds'?: number
	csrf: string
}

export interface FieldError {
	pointer?: string
	path?: string
	code?: string
	text: string
	remedy?: string
	line?: number
}

export interface Impact {
	owner: string
	object?: string
	impact: 'hot' | 'reload' | 'restart' | 'disconnect'
	text: string
}

export interface Workspace {
	id: string
	base: number
	owner: string
	'created-at'?: string
	changes: number
}

export interface Change {
	op: 'create' | 'delete' | 'replace' | 'move'
	path: string
	old?: unknown
	new?: unknown
}

export interface Diff {
	base?: number
	changes: Change[]
	text?: string
}

/** What becomes of one management connection. */
export interface Judgement {
	verdict: 'kept' | 'cut' | 'unknown'
	user?: string
	origin?: string
	text?: string
	remedy?: string
	yours: boolean
}

/** What a commit would do, as the daemons have prepared it. */
export interface Plan {
	impact?: Impact[]
	sessions?: Judgement[]
	plan?: string
}

export interface Commit {
	id: string
	revision: number
	state: 'kept' | 'awaiting-confirm' | 'rolled-back' | 'failed'
	'confirm-deadline'?: string
	'confirm-seconds-left'?: number
	comment?: string
	author?: string
	phases?: Record<string, number>
	impact?: Impact[]
	'forced-confirm'?: string
	cut?: Judgement
}

export interface Revision {
	number: number
	parent?: number
	digest?: string
	author: string
	origin?: string
	comment?: string
	'created-at': string
	state: 'kept' | 'pending' | 'rolled-back'
}

export interface InterfaceState {
	name: string
	'kernel-name'?: string
	index?: number
	present?: boolean
	'admin-up'?: boolean
	'link-up'?: boolean
	mtu?: number
	mac?: string
	addresses?: unknown[]
	'rx-bytes': Count
	'tx-bytes': Count
	'rx-packets'?: Count
	'tx-packets'?: Count
	'rx-errors'?: Count
	'tx-errors'?: Count
	'rx-dropped'?: Count
	'tx-dropped'?: Count
	description?: string
}

/** A 64-bit counter: RFC 7951 writes those as strings. */
export type Count = number | string

export interface ProcessState {
	name: string
	pid?: number
	uid?: number
	user?: string
	capabilities?: string | string[]
	'bounding-set'?: string | string[]
	'no-new-privs'?: boolean
	seccomp?: string | number
	'seccomp-filters'?: number
	namespaces?: string | string[]
	'memory-rss-kb'?: Count
	'memory-pss-kb'?: Count
	restarts?: number
	'uptime-seconds'?: Count
	state?: string
}

export interface RuleState {
	id: string
	generated?: boolean
	from?: string | string[]
	to?: string | string[]
	action?: string
	packets: Count		// of the kernel's counter, which begins anew with a change of the rule and a boot
	bytes: Count
	'total-packets'?: Count		// since counted-since, over all of that
	'total-bytes'?: Count
	'counted-since'?: string
	'first-hit'?: string
	'last-hit'?: string
}

export interface Alarm {
	severity?: string
	class?: string
	text?: string
	detail?: string
	object?: string
	source?: string
	time?: string
}

/** What the machine uses; what is not told is left out. */
export interface Machine {
	cpu?: number		// thousandths of all processors
	processors?: number
	'memory-used'?: Count
	'memory-total'?: Count
	'disk-used'?: Count
	'disk-total'?: Count
}

export interface Status {
	hostname: string
	version: string
	revision: number
	pending?: Commit | null
	'uptime-seconds': Count
	machine?: Machine
	processes?: ProcessState[]
	interfaces?: InterfaceState[]
	connections?: { current: Count; maximum: Count }
	alarms?: Alarm[]
	'top-rules'?: RuleState[]
}

export interface Route {
	destination: string
	via?: string
	interface?: string
	table?: string | number
	protocol?: string
	metric?: number
	owned?: boolean
	name?: string
}

export interface LogEvent {
	sequence: Count
	time: string
	rule?: string
	action?: string
	'in-interface'?: string
	'out-interface'?: string
	family?: string
	protocol?: string
	source?: string
	'source-port'?: number
	'source-country'?: string
	'source-autonomous-system'?: number
	destination?: string
	'destination-port'?: number
	'destination-country'?: string
	'destination-autonomous-system'?: number
	length?: number
}

export interface Endpoint {
	group?: string | string[]
	groups?: string[]
	addresses?: string[]
	[other: string]: unknown
}

export interface Rule {
	id: string
	description?: string
	enabled?: boolean
	from?: string | string[]
	to?: string | string[]
	source?: Endpoint
	destination?: Endpoint
	service?: string | string[]
	limit?: { rate?: string; burst?: number; per?: string }
	log?: boolean
	tags?: string[]
	action?: string
	[other: string]: unknown
}
