// SPDX-License-Identifier: GPL-3.0-or-later
// Fluent catalogues (.ftl) become modules: the parser runs here, so that only the resolver is in the page.
// A catalogue that cannot be read ends the build: the parser of @fluent/bundle skips what it does not understand, which would lose words.
import { FluentResource } from '@fluent/bundle'

/** {id: pattern} of one catalogue. */
export function parse(source, name) {
	const messages = {}
	for (const { id, value, attributes } of new FluentResource(source).body) {
		if (value === null || Object.keys(attributes).length || id.startsWith('-'))
			throw new Error(`${name}: ${id}: catalogues have messages with a value, and nothing else`)
		if (messages[id])
			throw new Error(`${name}: ${id} is there twice`)
		messages[id] = value
	}
	const written = source.split('\n').filter(line => /^[^\s#}\]]/.test(line))
	for (const line of written) {
		const [, id] = line.match(/^([a-z][a-z0-9-]*) =/) ?? []
		if (!id || !messages[id])
			throw new Error(`${name}: cannot be read: ${line}`)
	}
	return messages
}

/** For vite. */
export const fluent = () => ({
	name: 'fluent',
	transform(source, id) {
		if (id.endsWith('.ftl'))
			return { code: `export default ${JSON.stringify(parse(source, id))}`, map: null }
	},
})
