// SPDX-License-Identifier: GPL-3.0-or-later
// Addresses are "#/page/more?name=value": the part after # never reaches a server, so any address can be reloaded.
import { signal } from '@preact/signals'

export interface Place {
	page: string
	path: string		// what follows the page: "firewall/groups"
	query: URLSearchParams
}

function decoded(part: string) {
	try {
		return decodeURIComponent(part)
	} catch {
		return part		// a % that is none
	}
}

function read(): Place {
	const [whole, query] = location.hash.replace(/^#\/?/, '').split('?')
	const [page, ...path] = whole.split('/').filter(Boolean)
	return { page: page || 'dashboard', path: path.map(decoded).join('/'), query: new URLSearchParams(query ?? '') }
}

export const place = signal<Place>(read())
addEventListener('hashchange', () => {
	place.value = read()
})

export function address(page: string, query: Record<string, string> = {}) {
	const text = new URLSearchParams(query).toString()
	return `#/${page}${text ? '?' + text : ''}`
}

export function go(page: string, query: Record<string, string> = {}) {
	location.hash = address(page, query)
}

/** Change the query without a new entry in the history of the browser. */
export function settle(query: Record<string, string>) {
	const { page, path } = place.value
	history.replaceState(null, '', address(path ? `${page}/${path}` : page, query))
	place.value = read()
}
