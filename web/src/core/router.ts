// SPDX-License-Identifier: GPL-3.0-or-later
// Addresses are "#/page?name=value": the part after # never reaches a server, so any address can be reloaded.
import { signal } from '@preact/signals'

export interface Place {
	page: string
	query: URLSearchParams
}

function read(): Place {
	const [path, query] = location.hash.replace(/^#\/?/, '').split('?')
	return { page: path || 'dashboard', query: new URLSearchParams(query ?? '') }
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
	history.replaceState(null, '', address(place.value.page, query))
	place.value = read()
}
