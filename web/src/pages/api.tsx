// SPDX-License-Identifier: GPL-3.0-or-later
// The API as the appliance describes it: find a call, fill it in, see it as curl, and make it with the rights of this session.
import '../css/changes.css'
import '../css/api.css'
import { useEffect, useMemo, useState } from 'preact/hooks'
import { csrf_value, get, words_of } from '../core/api'
import { place, settle } from '../core/router'
import { complain, toast } from '../core/store'
import { t } from '../core/words'
import { Icon } from '../ui/icon'
import { Badge, Button, Card, Empty, Notice, PageHead, Skeleton, TextField } from '../ui/parts'

interface Schema {
	$ref?: string
	type?: string | string[]
	enum?: unknown[]
	properties?: Record<string, Schema>
	required?: string[]
	items?: Schema
	oneOf?: Schema[]
	allOf?: Schema[]
	default?: unknown
	example?: unknown
	examples?: unknown[]
	description?: string
}

interface Parameter {
	$ref?: string
	name: string
	in: 'path' | 'query' | 'header'
	required?: boolean
	description?: string
	schema?: Schema
}

interface Operation {
	key: string		// "GET /status"
	method: string
	path: string
	tag: string
	summary?: string
	description?: string
	parameters: Parameter[]
	body?: Schema
}

interface Document {
	paths: Record<string, Record<string, unknown>>
	components?: Record<string, Record<string, unknown>>
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete']
const SHOWN = 150
const DEPTH = 4

/** What "#/components/schemas/X" names. */
function resolve<T>(document: Document, one: T & { $ref?: string }): T {
	if (!one.$ref)
		return one
	const [, , kind, name] = one.$ref.split('/')
	return (document.components?.[kind]?.[name] ?? {}) as T
}

function operations_of(document: Document): Operation[] {
	return Object.entries(document.paths).flatMap(([path, node]) => METHODS.filter(method => node[method]).map(method => {
		const one = node[method] as Record<string, unknown>
		const parameters = [...(node.parameters ?? []) as Parameter[], ...(one.parameters ?? []) as Parameter[]].map(parameter => resolve(document, parameter))
		const content = (one.requestBody as { content?: Record<string, { schema?: Schema }> } | undefined)?.content
		return { key: `${method.toUpperCase()} ${path}`, method: method.toUpperCase(), path, tag: ((one.tags as string[] | undefined) ?? [''])[0], summary: one.summary as string | undefined,
			description: one.description as string | undefined, parameters: parameters.filter(parameter => parameter.name !== 'Patronus-CSRF'), body: content?.['application/json']?.schema }
	}))
}

/** Something of this shape, to begin with. */
function sample(document: Document, given: Schema | undefined, depth = 0): unknown {
	const schema = given ? resolve<Schema>(document, given) : {}
	if (schema.example !== undefined || schema.examples?.length)
		return schema.example ?? schema.examples?.[0]
	if (schema.default !== undefined)
		return schema.default
	if (schema.enum)
		return schema.enum[0]
	if (schema.oneOf || schema.allOf)
		return sample(document, (schema.oneOf ?? schema.allOf)?.[0], depth + 1)
	const type = [schema.type].flat()[0]
	if (schema.properties && depth < DEPTH) {
		const wanted = schema.required?.length ? schema.required : Object.keys(schema.properties).slice(0, 6)
		return Object.fromEntries(wanted.map(name => [name, sample(document, schema.properties?.[name], depth + 1)]))
	}
	return type === 'array' ? [] : type === 'integer' || type === 'number' ? 0 : type === 'boolean' ? false : type === 'object' ? {} : ''
}

const quoted = (text: string) => `'${text.replace(/'/g, `'\\''`)}'`

interface Request {
	url: string
	headers: Record<string, string>
	body: string | null
}

function request_of(operation: Operation, values: Record<string, string>, body: string): Request {
	const path = operation.path.replace(/\{([^}]+)\}/g, (_, name: string) => name === 'path' ? values[name] ?? '' : encodeURIComponent(values[name] ?? ''))
	const query = new URLSearchParams(operation.parameters.filter(one => one.in === 'query' && values[one.name]).map(one => [one.name, values[one.name]]))
	const headers = Object.fromEntries(operation.parameters.filter(one => one.in === 'header' && values[one.name]).map(one => [one.name, values[one.name]]))
	const sends = operation.body !== undefined && body.trim() !== ''
	return { url: `/api/v1${path}${query.size ? '?' + query : ''}`, headers: sends ? { ...headers, 'Content-Type': operation.method === 'PATCH' ? 'application/merge-patch+json' : 'application/json' } : headers, body: sends ? body : null }
}

function curl_of(operation: Operation, request: Request) {
	return ['curl', ...operation.method === 'GET' ? [] : ['-X ' + operation.method], '-H "Authorization: Bearer $TOKEN"', ...Object.entries(request.headers).map(([name, value]) => '-H ' + quoted(`${name}: ${value}`)),
		...request.body === null ? [] : ['--data ' + quoted(request.body)], quoted(location.origin + request.url)].join(' \\\n  ')
}

interface Answer {
	status: string
	good: boolean
	took: number
	headers: [string, string][]
	text: string
}

async function make(operation: Operation, request: Request): Promise<Answer> {
	const begin = performance.now()
	const response = await fetch(request.url, { method: operation.method, body: request.body, credentials: 'same-origin', cache: 'no-store',
		headers: { Accept: 'application/json', ...request.headers, ...operation.method === 'GET' ? {} : { 'Patronus-CSRF': csrf_value() } } })
	const text = await response.text()
	let shown = text
	try {
		shown = JSON.stringify(JSON.parse(text), null, '  ')
	} catch {
		// it is shown as it came
	}
	return { status: `${response.status} ${response.statusText}`.trim(), good: response.ok, took: performance.now() - begin, headers: [...response.headers], text: shown.slice(0, 200_000) }
}

function Call({ document, operation }: { document: Document; operation: Operation }) {
	const [values, set_values] = useState<Record<string, string>>({})
	const [body, set_body] = useState(operation.body ? JSON.stringify(sample(document, operation.body), null, '  ') : '')
	const [answer, set_answer] = useState<Answer | null>(null)
	const [busy, set_busy] = useState(false)
	const request = request_of(operation, values, body)
	const curl = curl_of(operation, request)
	const lacks = operation.parameters.some(one => one.required && one.in === 'path' && !values[one.name])
	const run = async () => {
		set_busy(true)
		await make(operation, request).then(set_answer, complain)
		set_busy(false)
	}
	return (
		<div class="call">
			<header class="call-head"><h2><Method name={operation.method} /> <code class="any-text">{operation.path}</code></h2>{operation.summary && <p>{operation.summary}</p>}{operation.description && <p class="soft">{operation.description}</p>}</header>
			<form class="call-form" noValidate onSubmit={event => { event.preventDefault(); void run() }}>
				{operation.parameters.map(one => <TextField key={one.in + one.name} label={`${one.name} (${one.in})`} name={`api-${one.name}`} mono spellcheck={false} autoCapitalize="none" required={one.required}
					value={values[one.name] ?? ''} hint={one.description} onValue={text => set_values({ ...values, [one.name]: text })} />)}
				{operation.body && <div class="field"><label for="field-api-body">{t('api-body')}</label>
					<textarea id="field-api-body" class="input mono" rows={Math.min(18, body.split('\n').length + 1)} value={body} spellcheck={false} onInput={event => set_body(event.currentTarget.value)} /></div>}
				{operation.method !== 'GET' && <Notice tone="warn" icon="alert" title={t('api-real')}><p>{t('api-real-more')}</p></Notice>}
				<div class="form-row"><Button kind="primary" type="submit" icon="play" busy={busy} disabled={lacks}>{t('api-try')}</Button>
					<Button icon="copy" onClick={() => void navigator.clipboard?.writeText(curl).then(() => toast('good', t('word-copied')), complain)}>{t('api-copy-curl')}</Button></div>
			</form>
			<h3 id="curl">{t('api-as-curl')}</h3>
			<pre class="document" tabIndex={0} aria-labelledby="curl">{curl}</pre>
			{answer && <section aria-label={t('api-answer')}>
				<h3 role="status"><Badge tone={answer.good ? 'good' : 'bad'} icon={answer.good ? 'check' : 'alert'}>{answer.status}</Badge> <small class="soft">{t('api-took', { ms: Math.round(answer.took) })}</small></h3>
				<details class="plan"><summary><Icon name="right" size={16} />{t('api-headers')}</summary><pre class="document" tabIndex={0} aria-label={t('api-headers')}>{answer.headers.map(([name, value]) => `${name}: ${value}\n`)}</pre></details>
				<pre class="document" tabIndex={0} aria-label={t('api-answer')}>{answer.text || t('api-empty')}</pre>
			</section>}
		</div>
	)
}

const Method = ({ name }: { name: string }) => <span class={`method method-${name.toLowerCase()}`}>{name}</span>

export default function Api() {
	const [document, set_document] = useState<Document | null>(null)
	const [error, set_error] = useState('')
	const [text, set_text] = useState(place.value.query.get('q') ?? '')
	const key = place.value.query.get('call') ?? ''
	useEffect(() => void get<Document>('/openapi.json').then(set_document, problem => set_error(words_of(problem))), [])
	const all = useMemo(() => document ? operations_of(document) : [], [document])
	const words = text.toLowerCase().split(/\s+/).filter(Boolean)
	const found = all.filter(one => words.every(word => `${one.key} ${one.tag} ${one.summary ?? ''}`.toLowerCase().includes(word)))
	const chosen = all.find(one => one.key === key)
	const note = (query: Record<string, string>) => settle({ ...text && { q: text }, ...key && { call: key }, ...query })
	return (
		<div class="page page-api">
			<PageHead title={t('api-title')} lead={t('api-lead')}>
				<a class="button button-plain" href="/api/v1/openapi.json" download="openapi.json"><Icon name="down" />{t('api-document')}</a>
			</PageHead>
			{error && <Notice alert tone="bad" icon="unlink" title={error} />}
			{!document && !error && <Skeleton lines={8} />}
			{document && <div class="api">
				<Card class="api-list" flush>
					<label class="search"><Icon name="search" size={17} /><span class="unseen">{t('api-search')}</span>
						<input type="search" value={text} placeholder={t('api-search')} onInput={event => { set_text(event.currentTarget.value); note({ q: event.currentTarget.value }) }} /></label>
					<p class="card-note" role="status">{t('api-n-calls', { count: found.length })}</p>
					<ul aria-label={t('api-calls')}>
						{found.slice(0, SHOWN).map(one => (
							<li key={one.key}><button type="button" class="api-call" aria-current={one.key === key ? 'true' : undefined} onClick={() => note({ call: one.key })}>
								<Method name={one.method} /><span><code>{one.path}</code><small>{one.summary}</small></span></button></li>
						))}
					</ul>
					{found.length > SHOWN && <p class="card-note">{t('api-more', { count: found.length - SHOWN })}</p>}
				</Card>
				<Card class="api-one">{chosen ? <Call key={chosen.key} document={document} operation={chosen} /> : <Empty icon="link" title={t('api-choose')}><p>{t('api-choose-more')}</p></Empty>}</Card>
			</div>}
		</div>
	)
}
