// SPDX-License-Identifier: GPL-3.0-or-later
// One way to call the API: problems become exceptions, the session's csrf value goes with every write.
import type { FieldError } from './types'
import { t } from './words'

export class Problem extends Error {
	status: number
	slug: string
	detail: string
	errors: FieldError[]
	body: Record<string, unknown>

	constructor(status: number, body: Record<string, unknown>) {
		super(String(body.title ?? t('shell-request-failed', { status })))
		this.status = status
		this.slug = String(body.type ?? '').split(':').pop() ?? ''
		this.detail = String(body.detail ?? '')
		this.errors = Array.isArray(body.errors) ? body.errors as FieldError[] : []
		this.body = body
	}

	/** One sentence for a person. */
	get words() {
		if (this.errors.length === 1)
			return this.errors[0].text
		return this.detail || this.message
	}
}

export interface Answer<T> {
	status: number
	body: T
	etag: string | null
	location: string | null
	link: string | null		// of the next page
	count: number | null		// of all pages
}

export interface Options {
	body?: unknown
	workspace?: string | null
	ifMatch?: string | null
	ifNoneMatch?: string
	accept?: string
	type?: string
	keepalive?: boolean		// also when the page goes away meanwhile
}

let csrf = ''
let reads = new AbortController()
let whenSignedOut = () => {}
let whenStale: () => Promise<boolean> = () => Promise.resolve(false)

/** For calls that a page makes itself. */
export const csrf_value = () => csrf

export function set_csrf(value: string) {
	csrf = value
}

export function on_signed_out(then: () => void) {
	whenSignedOut = then
}

/** Reads that are under way, and those that begin until they are allowed again, end without an answer: nobody is there any more who waits for it. */
export function forget_reads() {
	reads.abort()
}

export function allow_reads() {
	reads = new AbortController()
}

/** Asks the person for a fresh code of the second factor; true when the call may be made again. */
export function on_step_up(then: () => Promise<boolean>) {
	whenStale = then
}

function headers_of(method: string, options: Options) {
	const headers: Record<string, string> = { Accept: options.accept ?? 'application/json' }
	if (options.body !== undefined)
		headers['Content-Type'] = options.type ?? 'application/json'
	if (method !== 'GET' && csrf)
		headers['Patronus-CSRF'] = csrf
	if (options.workspace)
		headers['Patronus-Workspace'] = options.workspace
	if (options.ifMatch)
		headers['If-Match'] = options.ifMatch
	if (options.ifNoneMatch)
		headers['If-None-Match'] = options.ifNoneMatch
	return headers
}

async function read_problem(response: Response) {
	let body: Record<string, unknown> = {}
	try {
		body = await response.json()
	} catch {
		body = { title: `${response.status} ${response.statusText}`.trim() }
	}
	return new Problem(response.status, body)
}

async function ask<T>(method: string, path: string, options: Options, signal?: AbortSignal): Promise<Answer<T>> {
	let response: Response
	try {
		response = await fetch('/api/v1' + path, {
			method,
			headers: headers_of(method, options),
			body: options.body === undefined ? undefined
				: (typeof options.body === 'string' || options.body instanceof Blob) && options.type ? options.body : JSON.stringify(options.body),
			credentials: 'same-origin',
			cache: 'no-store',
			keepalive: options.keepalive,
			signal,
		})
	} catch {
		throw new Problem(0, { type: 'urn:patronus:problem:unreachable', title: t('shell-the-appliance-does-not-answer'),
			detail: t('shell-unreachable-more') })
	}
	if (!response.ok) {
		const problem = await read_problem(response)
		if (response.status === 401 && !path.startsWith('/session') && !path.startsWith('/claim'))
			whenSignedOut()
		if (problem.slug === 'step-up-required' && await whenStale())
			return call<T>(method, path, options)
		throw problem
	}
	const text = response.status === 204 ? '' : await response.text()
	const json = (response.headers.get('Content-Type') ?? '').includes('json')
	return {
		status: response.status,
		body: (json && text ? JSON.parse(text) : text) as T,
		etag: response.headers.get('ETag'),
		location: response.headers.get('Location'),
		link: response.headers.get('Link'),
		count: response.headers.has('Patronus-Count') ? Number(response.headers.get('Patronus-Count')) : null,
	}
}

export async function call<T>(method: string, path: string, options: Options = {}): Promise<Answer<T>> {
	const signal = method === 'GET' ? reads.signal : undefined
	try {
		return await ask<T>(method, path, options, signal)
	} catch (error) {
		if (signal?.aborted)
			return new Promise(() => {})
		throw error
	}
}

export const get = <T>(path: string, options?: Options) => call<T>('GET', path, options).then(answer => answer.body)
export const post = <T>(path: string, body: unknown = {}, options?: Options) =>
	call<T>('POST', path, { ...options, body }).then(answer => answer.body)

/** A workspace that is just being validated refuses edits and commits for a moment; that is no answer to show to a person. Nothing is asked again that nobody wants any more. */
export async function patiently<T>(then: () => Promise<T>, is_wanted = () => true): Promise<T> {
	let tries = 6
	for (;;) {
		try {
			return await then()
		} catch (error) {
			const busy = error instanceof Problem && error.status === 423
			if (!busy || --tries === 0)
				throw error
			await new Promise(wake => setTimeout(wake, 250))
			if (!is_wanted())
				throw error
		}
	}
}

/** A list comes as itself or as the one member of an object that has its name. */
export function list_of<T>(body: unknown, name: string): T[] {
	if (Array.isArray(body))
		return body
	const inner = (body as Record<string, unknown> | null)?.[name]
	return Array.isArray(inner) ? inner : []
}

/** A container comes as itself or below its own name. */
export function node_of<T>(body: unknown, name: string): T {
	const inner = (body as Record<string, unknown> | null)?.[name]
	return (inner && typeof inner === 'object' && !Array.isArray(inner) ? inner : body ?? {}) as T
}

export function words_of(error: unknown) {
	if (error instanceof Problem)
		return error.words
	return error instanceof Error ? error.message : String(error)
}
